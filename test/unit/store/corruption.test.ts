import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { Tables } from '../../../src/seams/table.js';
import type { DurableStore } from '../../../src/store/durable-store.js';
import { LmdbTables } from '../../../src/store/lmdb-tables.js';
import {
  keyNamed,
  merge,
  put,
  stateAfter,
  StoreHome,
  testPartitions,
  valueOf,
} from '../../support/store-process.js';
import { treesFromScratch } from '../../support/trees-from-scratch.js';
import { until } from '../../support/until.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

/** Flips one bit of a value of a table, while no store has it open. */
async function flip(table: string, key: string, bit: number): Promise<void> {
  const tables = new LmdbTables(home.optionsWith({}));
  await flipIn(tables, table, key, bit);
  await tables.close();
}

/** The same with the tables of a store that runs. */
function flipIn(tables: Tables, table: string, key: string, bit: number): Promise<void> {
  const opened = tables.open(table);
  const value = Buffer.from(opened.get(key)!);
  value[bit >> 3]! ^= 1 << (bit & 7);
  return new Promise((resolve) =>
    tables.commit(
      (batch) => batch.put(opened, key, value),
      () => resolve(),
    ),
  );
}

async function filled(): Promise<number> {
  const { store } = await home.start();
  for (let i = 0; i < 20; i++) await put(store, keyNamed(`key ${i}`), `value ${i}`);
  const bits = (store.read(keyNamed('key 3'))!.bytes.length + 10) * 8;
  await store.close();
  return bits;
}

test('any bit of a record flipped in the table: absent, reported once, the tree right again', async () => {
  const bits = await filled();
  const key = keyNamed('key 3');
  for (let bit = 0; bit < bits; bit += 41) {
    await flip('records', key, bit);
    const { store, corrupt } = await home.start();
    expect(store.read(key)).toBeUndefined();
    expect(store.read(key)).toBeUndefined();
    expect(corrupt).toHaveLength(1);
    expect(corrupt[0]!.partitions).toEqual([key.charCodeAt(1)]);
    await until(() => store.keys === 19);
    expect(treesOf(store)).toEqual(treesFromScratch(store, testPartitions));
    await store.close();
    await flip('records', key, bit);
    const { store: again } = await home.start();
    expect(valueOf(again, key)).toBe('value 3');
    await again.close();
    await repair(bit);
  }

  /** The tree row was written without the record; put it back as a peer would. */
  async function repair(bit: number): Promise<void> {
    await flip('records', key, bit);
    const { store } = await home.start();
    const theirs = stateAfter(undefined, { value: 'value 3', node: '8899aabbccddeeff' });
    expect(await merge(store, [{ key, state: theirs }])).toEqual([true]);
    await until(() => valueOf(store, key) === 'value 3');
    expect(treesOf(store)).toEqual(treesFromScratch(store, testPartitions));
    await store.close();
  }
});

test('a record damaged and found by a scan: left out and reported', async () => {
  await filled();
  const key = keyNamed('key 7');
  await flip('records', key, 100);
  const { store, corrupt } = await home.start();
  const partition = key.charCodeAt(1);
  expect(store.scan({ partition, limit: 100 }).map((found) => found.key)).not.toContain(key);
  expect(corrupt).toHaveLength(1);
  await store.close();
});

test('a record damaged in the table while the cache has it: absent for all that ask, the tree right again, also once it is written', async () => {
  await filled();
  const key = keyNamed('key 3');
  const partition = key.charCodeAt(1);
  const { store, corrupt, tables } = await home.start();
  expect(valueOf(store, key)).toBe('value 3');
  await flipIn(tables, 'records', key, 100);
  store.scan({ partition, limit: 100 });
  expect(corrupt).toHaveLength(1);
  await until(() => store.keys === 19);
  expectHeld(store, key, undefined, 19);
  await put(store, key, 'again');
  expectHeld(store, key, 'again', 20);
  await store.close();
});

test('a record damaged, written anew and damaged again: reported again, the tree right again', async () => {
  await filled();
  const key = keyNamed('key 3');
  const partition = key.charCodeAt(1);
  const { store, corrupt, tables } = await home.start({ storeBounds: { memtableBytesMax: 1 } });
  for (const times of [1, 2]) {
    await flipIn(tables, 'records', key, 100);
    store.scan({ partition, limit: 100 });
    expect(corrupt).toHaveLength(times);
    await until(() => store.keys === 19);
    expectHeld(store, key, undefined, 19);
    const damaged = tables.open('records').get(key);
    await put(store, key, 'again');
    while (tables.open('records').get(key)!.equals(damaged!))
      await new Promise((resolve) => setTimeout(resolve, 1));
    expectHeld(store, key, 'again', 20);
  }
  await store.close();
});

test('damage that goes away by itself: the record stays absent until it is written, as the tree has it', async () => {
  await filled();
  const key = keyNamed('key 3');
  const { store, tables } = await home.start();
  await flipIn(tables, 'records', key, 100);
  expect(store.read(key)).toBeUndefined();
  await until(() => store.keys === 19);
  await flipIn(tables, 'records', key, 100);
  expectHeld(store, key, undefined, 19);
  await put(store, key, 'again');
  expectHeld(store, key, 'again', 20);
  await store.close();
});

test('two flips that cancel out in the sum and leave no state: absent, reported', async () => {
  await filled();
  const key = keyNamed('key 3');
  // Of the mark's last byte but one, and of the number of entries in the context.
  await flip('records', key, 4 * 8 + 1);
  await flip('records', key, 11 * 8 + 1);
  const { store, corrupt } = await home.start();
  expect(store.read(key)).toBeUndefined();
  expect(corrupt).toHaveLength(1);
  await store.close();
});

test('a damaged record found and written anew as the store stops: the tree row on disk is right', async () => {
  await filled();
  const key = keyNamed('key 3');
  await flip('records', key, 100);
  const { store } = await home.start();
  const written = put(store, key, 'again');
  await Promise.all([store.close(), written]);
  const { store: again, report } = await home.start();
  expect(report).toMatchObject({ clean: true, replayedRecords: 0 });
  expectHeld(again, key, 'again', 20);
  await again.close();
});

test('a damaged tree row: the tree is computed from the records, the partition is suspect', async () => {
  await filled();
  const partition = keyNamed('key 3').charCodeAt(1);
  await flip('trees', String.fromCharCode(0, partition), 77);
  const { store, report } = await home.start();
  expect(report.suspectPartitions).toEqual([partition]);
  expect(treesOf(store)).toEqual(treesFromScratch(store, testPartitions));
  expect(store.keys).toBe(20);
  await store.close();
});

test('a damaged identity: the node refuses to start', async () => {
  await filled();
  await flip('meta', 'identity', 3);
  await expect(home.start()).rejects.toThrow('damaged');
});

test('a damaged hint is still a hint, and counts as very old', async () => {
  const target = 'a1a2a3a4a5a6a7a8';
  const first = await home.start();
  const state = stateAfter(undefined, { value: 'x', node: '8899aabbccddeeff' });
  await merge(first.store, [{ key: keyNamed('a'), state }], { owedTo: target });
  await first.store.close();
  await flip('hints', Buffer.from(target, 'hex').toString('latin1') + keyNamed('a'), 9);
  const { store } = await home.start();
  expect(store.hints.next(target, { records: 9, bytes: 9999 })).toHaveLength(1);
  expect(store.hints.counters(target).oldestMs).toBeGreaterThan(365 * 24 * 3600 * 1000);
  await store.close();
});

test('a damaged log entry: the rest is kept, the segment set aside, everything suspect, a second start clean', async () => {
  const first = await home.start();
  for (let i = 0; i < 5; i++) await put(first.store, keyNamed(`key ${i}`), `value ${i}`);
  await first.kill();
  const [file] = home.disk.files.values();
  file!.bytes[Math.floor(file!.bytes.length * 0.5)]! ^= 4;
  const { store, report } = await home.start();
  expect(report).toMatchObject({ replayedRecords: 4, suspectPartitions: 'all', clean: false });
  expect(report.quarantined).toEqual(['log-000000000000001']);
  expect(home.disk.quarantined.size).toBe(1);
  const values = Array.from({ length: 5 }, (_, i) => valueOf(store, keyNamed(`key ${i}`)));
  expect(values.filter((value) => value === undefined)).toHaveLength(1);
  await store.close();
  const again = await home.start();
  expect(again.report).toMatchObject({ clean: true, quarantined: [], suspectPartitions: [] });
  expect(again.store.keys).toBe(4);
  await again.store.close();
});

test('the last entries cut or flipped anywhere: every record as of the valid prefix, nothing invented', async () => {
  const first = await home.start();
  const ends: number[] = [];
  for (let i = 0; i < 4; i++) {
    await put(first.store, keyNamed('same'), `value ${i}`);
    await put(first.store, keyNamed(`key ${i}`), `value ${i}`);
    ends.push(home.disk.totalBytes);
  }
  await first.kill();
  const lastTwo = ends.at(-2)!;
  const end = ends.at(-1)!;
  const changes: ((bytes: Buffer) => Buffer)[] = [];
  for (let length = lastTwo; length < end; length += 5)
    changes.push((bytes) => bytes.subarray(0, length));
  for (let bit = (lastTwo + (end - lastTwo) / 2) * 8; bit < end * 8; bit += 61)
    changes.push((bytes) => flippedAt(bytes, bit));
  for (const change of changes) {
    const copy = home.copy();
    const [file] = copy.disk.files.values();
    file!.bytes = change(Buffer.from(file!.bytes));
    const { store, report, corrupt } = await copy.start();
    expect(report.quarantined).toEqual([]);
    expect(corrupt).toEqual([]);
    const newest = report.replayedRecords === 6 ? 'value 2' : 'value 3';
    expect(valueOf(store, keyNamed('same'))).toBe(newest);
    for (let i = 0; i < 3; i++) expect(valueOf(store, keyNamed(`key ${i}`))).toBe(`value ${i}`);
    expect(store.read(keyNamed('key 3'))).toBeUndefined();
    expect(treesOf(store)).toEqual(treesFromScratch(store, testPartitions));
    await store.close();
    copy.remove();
  }
});

function flippedAt(bytes: Buffer, bit: number): Buffer {
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

/** Reads, the count of keys and the trees agree on what is held. */
function expectHeld(
  store: DurableStore,
  key: StorageKey,
  value: string | undefined,
  keys: number,
): void {
  expect([valueOf(store, key), store.keys]).toEqual([value, keys]);
  expect(treesOf(store)).toEqual(treesFromScratch(store, testPartitions));
}

function treesOf(store: Parameters<typeof treesFromScratch>[0]): unknown {
  return Array.from({ length: testPartitions }, (_, partition) => ({
    root: store.trees.root(partition),
    leaves: store.trees.leafDigests(partition),
  }));
}
