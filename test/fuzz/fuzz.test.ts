import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.js';

/** Of clients, of operators, and of nodes among themselves. */
const sorts = [
  ...['put', 'get', 'del', 'frame', 'keys', 'ring', 'status'].map((word) => `kv ${word}`),
  ...['PING', 'INFO', 'STATS'].map((word) => `$SRV ${word}`),
  ...['change', 'gossip', 'merge', 'read', 'list', 'tree', 'chain', 'transfer'].map(
    (word) => `_kv ${word}`,
  ),
];

test('no message ends a node, and none takes what others have stored', async () => {
  const report = await fuzz({ seed: '1', cases: 6_000, say: () => undefined });
  expect(report.sorts).toEqual(expect.arrayContaining(sorts));
  expect(report).toMatchObject({ deaths: [], damage: [] });
}, 300_000);
