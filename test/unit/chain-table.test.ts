import { expect, test } from '@jest/globals';
import { ChainTable } from '../../src/membership/chain-table.js';
import type { Tables } from '../../src/seams/table.js';

test('what comes on the disk after it was stopped nobody goes by, and nothing more is written', () => {
  const written: ((error?: Error) => void)[] = [];
  const tables = {
    open: () => undefined,
    commit: (_write: unknown, done: (error?: Error) => void) => written.push(done),
  } as unknown as Tables;
  const table = new ChainTable(tables);
  const told: string[] = [];
  table.onWrite(() => told.push('listener'));
  table.keep({ emptied: 1 }, () => told.push('who waits'));
  table.keep({ emptied: 2 });
  expect(written).toHaveLength(1);
  table.stop();
  written[0]!();
  table.write();
  expect(told).toEqual([]);
  expect(written).toHaveLength(1);
});
