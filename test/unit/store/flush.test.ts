import 'reflect-metadata';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StoreProcess } from '../../support/store-process.js';
import {
  keyNamed,
  merge,
  put,
  stateAfter,
  StoreHome,
  valueOf,
} from '../../support/store-process.js';
import { reading, readingsOf } from '../../support/readings.js';
import { until } from '../../support/until.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

const small = { storeBounds: { memtableBytesMax: 16 * 1024, memtablesFrozenMax: 2 } };
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps 32 puts in flight; values are unique. */
async function load(
  process: StoreProcess,
  puts: number,
  keys: number,
): Promise<Map<string, string>> {
  const last = new Map<string, string>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < puts) {
      const number = next++;
      if (process.store.refusal() !== undefined) {
        next -= 1;
        await delay(1);
        continue;
      }
      const key = keyNamed(`key ${(number * 7919) % keys}`);
      const value = `value ${number} ${'x'.repeat(60)}`;
      last.set(key, value);
      await put(process.store, key, value);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return last;
}

test('memtables are frozen and flushed under load, covered segments go, every read is right all along', async () => {
  const process = await home.start(small);
  const last = await load(process, 3000, 500);
  expect(reading(process, 'store.flushes')).toBeGreaterThan(5);
  await until(() => reading(process, 'store.memtableBytes') < small.storeBounds.memtableBytesMax);
  expect(home.disk.files.size).toBeLessThanOrEqual(2);
  for (const [key, value] of last) expect(valueOf(process.store, key)).toBe(value);
  expect(process.store.keys).toBe(500);
  await process.store.close();
  expect(home.disk.files.size).toBe(0);
  const next = await home.start(small);
  for (const [key, value] of last) expect(valueOf(next.store, key)).toBe(value);
  await next.store.close();
});

test('small records fill a memtable by their number, not only by their bytes in the log', async () => {
  const process = await home.start({ storeBounds: { memtableBytesMax: 256 * 1024 } });
  await load(process, 1000, 10);
  expect(readingsOf(process, 'store')).toMatchObject({ flushes: 0 });
  expect(reading(process, 'store.logBytes')).toBeGreaterThan(128 * 1024);
  await load(process, 400, 400);
  expect(reading(process, 'store.logBytes')).toBeLessThan(256 * 1024);
  await until(() => reading(process, 'store.flushes') === 1);
  await process.store.close();
});

const stranger = { node: '8899aabbccddeeff' };
const comers = Array.from({ length: 40 }, (_, i) => keyNamed(`comer ${i}`));

/**
 * Comes from a peer, is removed, and comes again as a write that does not cover the first: done
 * twice, it would show both.
 */
async function comeAndGo({ store }: StoreProcess, key: string): Promise<void> {
  const [first, second] = ['first', 'second'].map((value, i) =>
    stateAfter(undefined, { value, ...stranger, epoch: i + 1 }),
  );
  const held = store.read(key);
  if (held !== undefined)
    await new Promise<void>((done) => store.remove([{ key, digest: held.digest }], done));
  await merge(store, [{ key, state: first! }]);
  const { digest } = store.read(key)!;
  await new Promise<void>((done) => store.remove([{ key, digest }], done));
  await merge(store, [{ key, state: second! }]);
}

test('killed in the middle of a flush, between two slices: replay skips what is there, nothing is lost', async () => {
  for (const commits of [1, 2, 3, 5]) {
    const process = await home.start();
    const wanted = new Map<string, string>();
    for (let i = 0; i < 1200; i++) {
      const key = keyNamed(`key ${i % 900}`);
      wanted.set(key, `round ${commits} value ${i}`);
      void put(process.store, key, wanted.get(key)!);
    }
    const removed = keyNamed('key 5');
    process.store.remove([{ key: removed, digest: process.store.read(removed)!.digest }], () => 0);
    const again = keyNamed('key 6');
    process.store.remove([{ key: again, digest: process.store.read(again)!.digest }], () => 0);
    await put(process.store, again, 'born again');
    for (const key of comers) await comeAndGo(process, key);
    for (const key of comers) wanted.set(key, 'second');
    wanted.delete(removed);
    wanted.set(again, 'born again');
    const before = process.tables.commits;
    void process.store.close();
    await until(() => process.tables.commits >= before + commits || home.disk.files.size === 0);
    await process.kill();
    const next = await home.start();
    expect(next.store.keys).toBe(wanted.size);
    expect(valueOf(next.store, removed)).toBeUndefined();
    for (const [key, value] of wanted) expect(valueOf(next.store, key)).toBe(value);
    await next.store.close();
  }
});

test('the flush is behind: refused, and taken again once it caught up', async () => {
  const process = await home.start(small);
  process.tables.held = [];
  let puts = 0;
  while (process.store.refusal() === undefined && puts < 2000)
    await put(process.store, keyNamed(`key ${puts++}`), 'x'.repeat(100));
  expect(process.store.refusal()).toMatchObject({ reason: 'overloaded' });
  expect(valueOf(process.store, keyNamed('key 0'))).toBe('x'.repeat(100));
  process.tables.release();
  await until(() => process.store.refusal() === undefined);
  await process.store.close();
});

test('callers that do not ask are stopped well past the bound, and nothing is changed by the refused write', async () => {
  const process = await home.start(small);
  process.tables.held = [];
  let writes = 0;
  await expect(async () => {
    for (; writes < 5000; writes++)
      await put(process.store, keyNamed(`key ${writes}`), 'x'.repeat(100));
  }).rejects.toMatchObject({ code: 429 });
  expect(process.store.read(keyNamed(`key ${writes}`))).toBeUndefined();
  process.tables.release();
  await process.store.close();
});

test('tables full: puts are refused, reads go on, the same slice goes through when there is space', async () => {
  const process = await home.start(small);
  await put(process.store, keyNamed('a'), 'one');
  process.tables.failure = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  for (let i = 0; i < 200; i++) await put(process.store, keyNamed(`key ${i}`), 'x'.repeat(100));
  await until(() => process.store.refusal()?.reason === 'diskFull');
  expect(process.writable).toEqual([false]);
  expect(valueOf(process.store, keyNamed('key 7'))).toBe('x'.repeat(100));
  expect(process.fatal).toEqual([]);
  process.tables.failure = undefined;
  await until(() => process.store.refusal() === undefined);
  expect(process.writable).toEqual([false, true]);
  await process.store.close();
  const next = await home.start(small);
  expect(next.report.clean).toBe(true);
  expect(valueOf(next.store, keyNamed('key 199'))).toBe('x'.repeat(100));
  await next.store.close();
});

test('log full: refused with diskFull, reads and memory go on, acks come when there is space', async () => {
  const process = await home.start();
  await put(process.store, keyNamed('a'), 'one');
  home.disk.spaceLeft = 30;
  let acked = false;
  void put(process.store, keyNamed('a'), 'two', () => (acked = true));
  await until(() => process.store.refusal()?.reason === 'diskFull');
  expect(valueOf(process.store, keyNamed('a'))).toBe('two');
  expect(acked).toBe(false);
  home.disk.spaceLeft = Infinity;
  await until(() => acked);
  expect(process.store.refusal()).toBeUndefined();
  await process.kill();
  const next = await home.start();
  expect(valueOf(next.store, keyNamed('a'))).toBe('two');
  await next.store.close();
});

test('a commit that fails otherwise is fatal, once', async () => {
  const process = await home.start(small);
  process.tables.failure = Object.assign(new Error('rotten'), { code: 'EIO' });
  for (let i = 0; process.store.refusal() === undefined; i++)
    await put(process.store, keyNamed(`key ${i}`), 'x'.repeat(100));
  await until(() => process.fatal.length > 0);
  await delay(20);
  expect(process.fatal).toHaveLength(1);
  expect(process.store.refusal()).toMatchObject({ reason: 'closing' });
  await process.kill();
});

test('a failed sync ends in onFatal, once, and no write is acknowledged after it', async () => {
  const process = await home.start();
  await put(process.store, keyNamed('a'), 'one');
  home.disk.failSyncs = true;
  const acks: string[] = [];
  void put(process.store, keyNamed('a'), 'two', () => acks.push('put'));
  await until(() => process.fatal.length > 0);
  expect(process.store.refusal()).toBeDefined();
  expect(() =>
    process.store.merge(Buffer.from([0, 0, 0, 0]), {}, () => acks.push('merge')),
  ).toThrow();
  await delay(20);
  expect(acks).toEqual([]);
  expect(process.fatal).toHaveLength(1);
  await process.kill();
});

test.each(['sync', 'periodic'] as const)(
  '%s: a flush waits until the log has on disk what it holds',
  async (kind) => {
    const durability = kind === 'sync' ? { kind } : { kind, everyMs: 60_000 };
    const process = await home.start({ ...small, durability });
    const { commits } = process.tables;
    home.disk.held = true;
    for (let i = 0; i < 150; i++) void put(process.store, keyNamed(`key ${i}`), 'x'.repeat(100));
    await delay(30);
    expect(process.tables.commits).toBe(commits);
    expect(reading(process, 'store.flushes')).toBe(0);
    home.disk.release();
    await until(() => reading(process, 'store.flushes') > 0);
    await process.store.close();
  },
);

test('periodic: what a kill leaves is a prefix of what was written', async () => {
  const options = { ...small, durability: { kind: 'periodic', everyMs: 60_000 } as const };
  const process = await home.start(options);
  const { store } = process;
  let written = 0;
  const write = (): Promise<void> => put(store, keyNamed(`key ${written++}`), 'x'.repeat(100));
  while (reading(process, 'store.flushes') === 0) {
    await write();
    await until(() => reading(process, 'store.memtableBytes') < small.storeBounds.memtableBytesMax);
  }
  const flushed = written;
  for (let i = 0; i < 10; i++) await write();
  await process.kill((unsynced) => unsynced >> 1);
  const next = await home.start(options);
  const kept = Array.from({ length: written }, (_, i) => valueOf(next.store, keyNamed(`key ${i}`)));
  const count = kept.filter((value) => value !== undefined).length;
  expect(count).toBeGreaterThan(flushed);
  expect(count).toBeLessThan(written);
  expect(kept.slice(0, count).every((value) => value !== undefined)).toBe(true);
  await next.store.close();
});

test('a batch whose third record is malformed changes nothing', async () => {
  const process = await home.start();
  const state = stateAfter(undefined, { value: 'x', node: '8899aabbccddeeff' });
  const good = [
    { key: keyNamed('a'), state },
    { key: keyNamed('b'), state },
  ];
  for (const key of ['', '\0\0b', '\0\0\0', '\xff\xffb\0k', '\0\0bucket without end'])
    await expect(() => merge(process.store, [...good, { key, state }])).rejects.toMatchObject({
      code: 400,
    });
  await delay(5);
  expect(process.store.read(keyNamed('a'))).toBeUndefined();
  expect(home.disk.totalBytes).toBe(0);
  await process.store.close();
});

test('the room of values that were deleted is there for others, tombstones or not', async () => {
  const value = 'x'.repeat(1000);
  const tables = join(home.dataDir, 'tables', 'data.mdb');
  // What ends in good order has flushed everything.
  const putAll = async (round: number, what: string | null): Promise<number> => {
    const { store } = await home.start();
    const keys = Array.from({ length: 3000 }, (_, i) => keyNamed(`${round} ${i}`));
    await Promise.all(keys.map((key) => put(store, key, what)));
    await store.close();
    return statSync(tables).size;
  };
  const first = await putAll(1, value);
  let last = first;
  for (let round = 2; round <= 4; round++) {
    await putAll(round - 1, null);
    last = await putAll(round, value);
  }
  expect(last).toBeLessThan(2 * first);
});
