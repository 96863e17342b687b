import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { storeLimits } from '../../../actors/rules/limits/store.js';
import { digestOf } from '../../../actors/rules/versions.js';
import {
  keyNamed,
  merge,
  put,
  stateAfter,
  StoreHome,
  valueOf,
} from '../../support/store-process.js';
import { reading } from '../../support/readings.js';
import { until } from '../../support/until.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

const key = keyNamed('k');
const other = '8899aabbccddeeff';

test('mint: read at once, before the log is on disk; durable when called back', async () => {
  const { store, kill } = await bound();
  const durable = put(store, key, 'one');
  expect(valueOf(store, key)).toBe('one');
  expect(home.disk.totalBytes).toBe(0);
  await durable;
  await kill();
  const next = await home.start();
  expect(valueOf(next.store, key)).toBe('one');
  expect(next.report).toMatchObject({ clean: false, replayedRecords: 1, suspectPartitions: [] });
  await next.store.close();
});

test('kill before the sync: the write is gone, nothing else is', async () => {
  const { store, kill } = await bound();
  await put(store, key, 'one');
  home.disk.held = true;
  void put(store, key, 'two');
  await turns(3);
  expect(home.disk.totalBytes).toBeGreaterThan(0);
  await kill();
  home.disk.held = false;
  const next = await home.start();
  expect(valueOf(next.store, key)).toBe('one');
  await next.store.close();
});

test('merge: tells what was news, keeps the local mark, gives a stranger none', async () => {
  const { store } = await bound();
  await put(store, key, 'mine');
  const mark = store.read(key)!.mark;
  expect(mark).toBeGreaterThan(0);
  const theirs = stateAfter(undefined, { value: 'theirs', node: other });
  const stranger = keyNamed('stranger');
  const records = [
    { key, state: theirs },
    { key: stranger, state: theirs },
  ];
  expect(await merge(store, records)).toEqual([true, true]);
  expect(await merge(store, records)).toEqual([false, false]);
  expect(valueOf(store, key)!.split('|').sort()).toEqual(['mine', 'theirs']);
  expect(store.read(key)!.mark).toBe(mark);
  expect(store.read(stranger)!.mark).toBe(0);
  await store.close();
});

test('merge: a key twice in a batch, held by a memtable that is frozen: the second builds on the first', async () => {
  const bounds = { memtableBytesMax: 1024 };
  const process = await home.start({ storeBounds: bounds });
  const { store } = process;
  await put(store, key, 'mine');
  for (let i = 0; reading(process, 'store.memtableBytes') < bounds.memtableBytesMax; i++)
    await put(store, keyNamed(`other ${i}`), 'x'.repeat(100));
  const [one, two] = [1, 2].map((epoch) =>
    stateAfter(undefined, { value: `theirs ${epoch}`, node: other, epoch }),
  );
  await merge(store, [
    { key, state: one! },
    { key, state: two! },
  ]);
  expect(valueOf(store, key)!.split('|').sort()).toEqual(['mine', 'theirs 1', 'theirs 2']);
  await store.close();
});

test('large records are flushed long before a memtable of small ones would be; while they can’t be, puts are refused in time', async () => {
  const process = await home.start();
  const { store, tables } = process;
  const value = 'x'.repeat(500_000);
  const { largeRecordsBytesMax, largeRecordsOverrunMax, memtableBytesMax } = storeLimits;
  const flushedAfter = Math.ceil(largeRecordsBytesMax / value.length);
  for (let i = 0; i <= flushedAfter; i++) await put(store, keyNamed(`large ${i}`), value);
  await until(() => reading(process, 'store.flushes') === 1);
  tables.held = [];
  let bytes = 0;
  for (let i = 0; store.refusal() === undefined; i++) {
    await put(store, keyNamed(`held ${i}`), value);
    bytes += value.length;
  }
  // Two frozen ones wait, and the active one has what it may.
  expect(bytes).toBeLessThan((2 + largeRecordsOverrunMax) * largeRecordsBytesMax + 2_000_000);
  expect(bytes).toBeLessThan(memtableBytesMax);
  tables.release();
  await until(() => store.refusal() === undefined);
  await store.close();
});

test('small records alone are not flushed early, however often they are written again', async () => {
  const process = await home.start();
  const { largeRecordsBytesMax, largeRecordBytesMin } = storeLimits;
  const value = 'x'.repeat(largeRecordBytesMin - 200);
  for (let bytes = 0; bytes < 1.1 * largeRecordsBytesMax; bytes += value.length)
    await put(process.store, key, value);
  expect(reading(process, 'store.flushes')).toBe(0);
  await process.store.close();
});

test('remove: only what still has the digest; gone after a clean stop and after a kill', async () => {
  const { store } = await bound();
  await put(store, key, 'one');
  const { digest } = store.read(key)!;
  await put(store, key, 'two');
  await new Promise<void>((done) => store.remove([{ key, digest }], done));
  expect(valueOf(store, key)).toBe('two');
  const now = digestOf(store.read(key)!.state);
  await new Promise<void>((done) => store.remove([{ key, digest: now }], done));
  expect(store.read(key)).toBeUndefined();
  await store.close();
  const second = await home.start();
  expect(second.store.read(key)).toBeUndefined();
  await put(second.store, key, 'three');
  await new Promise<void>((done) =>
    second.store.remove([{ key, digest: second.store.read(key)!.digest }], done),
  );
  await second.kill();
  const third = await home.start();
  expect(third.store.read(key)).toBeUndefined();
  expect(third.store.keys).toBe(0);
  await third.store.close();
});

test('data put back from a copy: no epoch of the lives since is drawn again, and no mark is valid', async () => {
  const first = await home.start();
  await put(first.store, key, 'one');
  const { mark } = first.store.read(key)!;
  await first.store.close();
  const copy = home.copy();
  const since = await home.start();
  const drawn = since.store.drawEpoch();
  await since.kill();
  const again = await copy.start();
  expect(again.report.clean).toBe(true);
  expect(again.store.read(key)).toMatchObject({ mark });
  expect(again.store.validEpoch()).toBeGreaterThan(mark);
  expect(again.store.drawEpoch()).toBeGreaterThan(drawn);
  await again.store.close();
  copy.remove();
});

test('clean stop: nothing to replay, no log left', async () => {
  const { store } = await bound();
  await put(store, key, 'one');
  const { mark } = store.read(key)!;
  await store.close();
  expect(home.disk.files.size).toBe(0);
  const next = await home.start();
  expect(next.report).toMatchObject({ clean: true, replayedRecords: 0, cutBytes: 0 });
  expect(next.store.nodeId).toBe(store.nodeId);
  expect(next.store.read(key)).toMatchObject({ mark });
  expect(next.store.validEpoch()).toBeGreaterThan(mark);
  await next.store.close();
});

async function bound(): Promise<{
  store: Awaited<ReturnType<StoreHome['start']>>['store'];
  kill: () => Promise<void>;
}> {
  const process = await home.start();
  return { store: process.store, kill: () => process.kill() };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

test.each(['kill', 'clean stop'])(
  'a start on a full disk after a %s: what is there is read, puts are refused, and taken once there is room',
  async (end) => {
    const first = await home.start();
    const key = keyNamed('kept');
    await put(first.store, key, 'value');
    const drawn = first.store.drawEpoch();
    await (end === 'kill' ? first.kill() : first.store.close());
    const process = home.prepare();
    process.tables.failure = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    await process.start();
    const { store } = process;
    expect(store.read(key)).toBeDefined();
    expect(store.refusal()?.reason).toBe('diskFull');
    expect(process.writable).toEqual([false]);
    expect(() => store.drawEpoch()).toThrow('epochs');
    process.tables.failure = undefined;
    await new Promise<void>((resolve) => store.onRoom((_part, room) => room && resolve()));
    expect(store.refusal()).toBeUndefined();
    expect(store.drawEpoch()).toBeGreaterThan(drawn);
    await put(store, keyNamed('new'), 'value');
    expect(process.fatal).toEqual([]);
    await store.close();
  },
);
