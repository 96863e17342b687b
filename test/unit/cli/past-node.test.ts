/** The directory of a node that has left goes only when nothing is in it. */
import 'reflect-metadata';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { storageKeyOf } from '../../../actors/rules/key.js';
import { emptyState, mint } from '../../../actors/rules/versions.js';
import { dropPastNode } from '../../../src/cli/up/past-node.js';
import { lockDataDirectory } from '../../../src/node/data-directory.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { RealClock } from '../../../src/seams/real-clock.js';
import { RealRandom } from '../../../src/seams/real-random.js';
import { Metrics } from '../../../src/seams/metrics.js';
import { DiskLogDirectory } from '../../../src/store/disk-log-directory.js';
import { DurableStore } from '../../../src/store/durable-store.js';
import { LmdbTables } from '../../../src/store/lmdb-tables.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import { encodeStates } from '../../../src/wire/state-batch.js';

const name = 'n5';
const partitions = 16;
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-past-'));
  mkdirSync(join(dataDir, name));
});

afterEach(() => rmSync(dataDir, { recursive: true }));

function open(): DurableStore {
  const options = { ...nodeOptionsDefault, name, partitions, dataDir: join(dataDir, name) };
  const log = new DiskLogDirectory(options);
  const tables = new LmdbTables(options);
  return new DurableStore(new RealClock(), new RealRandom(), log, tables, options, new Metrics());
}

const key = storageKeyOf({ partition: 0, bucket: 'b', key: 'k' });
const state = mint({
  local: emptyState,
  seen: undefined,
  actor: actorOf('1'.repeat(16), 1),
  value: Buffer.from('v'),
  writtenAtMs: 1,
  expiresAtMs: 0,
  operation: '',
});

test('never started, or with nothing in it: gone', async () => {
  expect(await dropPastNode(dataDir, name)).toEqual({ keys: 0, hints: 0 });
  expect(existsSync(join(dataDir, name))).toBe(false);
  mkdirSync(join(dataDir, name));
  const store = open();
  await store.recover();
  await store.close();
  expect(await dropPastNode(dataDir, name)).toEqual({ keys: 0, hints: 0 });
  expect(existsSync(join(dataDir, name))).toBe(false);
});

test('a key, or a hint that it owes: it stays', async () => {
  const store = open();
  await store.recover();
  store.takeWrites();
  const batch = encodeStates([{ key, state: encodable(state) }]);
  await new Promise<void>((done) => {
    store.merge(batch, { owedTo: '2'.repeat(16) }, () => done());
  });
  await store.close();
  expect(await dropPastNode(dataDir, name)).toEqual({ keys: 1, hints: 1 });
  expect(existsSync(join(dataDir, name, 'tables'))).toBe(true);
});

test('while a process has it: nothing is touched', async () => {
  const directory = lockDataDirectory(join(dataDir, name));
  await expect(dropPastNode(dataDir, name)).rejects.toThrow(/in use by process/);
  directory.release();
});
