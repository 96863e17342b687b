import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { emptied } from '../../../actors/rules/expiry.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import { LmdbTables } from '../../../src/store/lmdb-tables.js';
import type { Emptied } from '../../../src/store/store.js';
import { reading } from '../../support/readings.js';
import {
  keyNamed,
  merge,
  put,
  stateAfter,
  StoreHome,
  valueOf,
  type StoreProcess,
} from '../../support/store-process.js';
import { until } from '../../support/until.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

const startMs = 1_767_225_600_000;
const hourMs = 3_600_000;
const anybodys = { limit: 1000, isWanted: () => true };

function lend(
  { store }: StoreProcess,
  name: string,
  expiresAtMs: number,
  value = 'v',
): Promise<void> {
  return put(store, keyNamed(name), value, undefined, expiresAtMs);
}

function empty({ store }: StoreProcess, untilMs: number, keysMax = 1000): Promise<Emptied> {
  return new Promise((done) => {
    const all = store.expiries.empty(untilMs, keysMax, () => done(all));
  });
}

async function rowsOf(table: string): Promise<{ key: string; bytes: number }[]> {
  const tables = new LmdbTables(home.optionsWith({}));
  const rows = [...tables.open(table).range({})].map(({ key, value }) => ({
    key,
    bytes: value.length,
  }));
  await tables.close();
  return rows;
}

test('a value goes when it has expired, not earlier, and the next process finds it gone', async () => {
  const process = await home.start();
  await lend(process, 'one', startMs + 1500, 'x'.repeat(1000));
  await put(process.store, keyNamed('other'), 'stays');
  const { digest } = process.store.read(keyNamed('one'))!;
  expect(await empty(process, startMs + 1499)).toEqual({ looked: 0, emptied: 0 });
  expect(await empty(process, startMs + 2000)).toEqual({ looked: 1, emptied: 1 });
  expect(await empty(process, startMs + hourMs)).toEqual({ looked: 0, emptied: 0 });
  expect(process.store.read(keyNamed('one'))!.digest).toEqual(digest);
  await process.kill(() => 0);
  const next = await home.start();
  expect(valueOf(next.store, keyNamed('one'))).toBe('∅');
  expect(valueOf(next.store, keyNamed('other'))).toBe('stays');
  await next.store.close();
  const bytes = (await rowsOf('records')).map((row) => row.bytes);
  expect(Math.max(...bytes)).toBeLessThan(200);
});

test('what was flushed is found by its row, in the order of time, so many keys at once', async () => {
  const process = await home.start();
  for (let i = 0; i < 30; i++) await lend(process, `key ${i}`, startMs + 1000 * (i % 10));
  await process.store.close();
  expect(await rowsOf('due')).toHaveLength(30);
  const next = await home.start();
  expect(await empty(next, startMs + 4000, 10)).toEqual({ looked: 10, emptied: 10 });
  expect(await empty(next, startMs + 4000, 10)).toEqual({ looked: 5, emptied: 5 });
  const left = Array.from({ length: 30 }, (_, i) => i).filter(
    (i) => valueOf(next.store, keyNamed(`key ${i}`)) !== '∅',
  );
  expect(left).toEqual(Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 10 > 4));
  await next.store.close();
});

test('a key has one row at most, however often it is put, with or without a lifetime', async () => {
  const small = { storeBounds: { memtableBytesMax: 4096 } };
  const process = await home.start(small);
  for (let i = 0; i < 400; i++) {
    await until(() => process.store.refusal() === undefined);
    await lend(process, 'hot', startMs + 1000 * i);
    await lend(process, 'mostly', i % 3 === 0 ? 0 : startMs + 1000 * i);
    await lend(process, 'at last not', i < 390 ? startMs + 1000 * i : 0);
  }
  expect(reading(process, 'store.flushes')).toBeGreaterThan(20);
  await process.store.close();
  expect((await rowsOf('due')).map(({ key }) => key.slice(5)).sort()).toEqual([keyNamed('hot')]);
});

test('what comes late is found although time has passed its row, before a flush or after it', async () => {
  const small = { storeBounds: { memtableBytesMax: 4096 } };
  const process = await home.start(small);
  for (let i = 0; i < 12; i++) await lend(process, `early ${i}`, startMs + 60_000);
  await until(() => reading(process, 'store.flushes') > 0);
  await empty(process, startMs + hourMs);
  const flushes = reading(process, 'store.flushes');
  await lend(process, 'late', startMs + 5_000);
  for (let i = 0; reading(process, 'store.flushes') < flushes + 2; i++) {
    await until(() => process.store.refusal() === undefined);
    await put(process.store, keyNamed(`other ${i}`), 'v');
  }
  expect(await empty(process, startMs + hourMs)).toMatchObject({ emptied: 1 });
  expect(valueOf(process.store, keyNamed('late'))).toBe('∅');
  await process.store.close();
});

test('who hears: once for each key of which the last value went, also where a merge brought that', async () => {
  const process = await home.start();
  const heard: StorageKey[] = [];
  const { store } = process;
  store.expiries.hear((key) => heard.push(key));
  const [alone, beside, told] = ['alone', 'beside', 'told'].map((name) => keyNamed(name));
  await lend(process, 'alone', startMs + 1000);
  await lend(process, 'beside', startMs + 1000);
  const stranger = { value: 'lives', node: '8899aabbccddeeff' };
  await merge(store, [{ key: beside!, state: stateAfter(undefined, stranger) }]);
  await lend(process, 'told', startMs + 1000);
  const { context, siblings } = store.read(told!)!.state;
  const gone = emptied(siblings, startMs + hourMs);
  expect(await merge(store, [{ key: told!, state: { context, siblings: gone } }])).toEqual([true]);
  expect(heard).toEqual([told]);
  await empty(process, startMs + hourMs);
  expect(heard).toEqual([told, alone]);
  expect(valueOf(store, beside!)!.split('|').sort()).toEqual(['lives', '∅']);
  await process.store.close();
});

test('what a merge brings that has expired elsewhere is no news to who hears', async () => {
  const process = await home.start();
  const heard: StorageKey[] = [];
  process.store.expiries.hear((key) => heard.push(key));
  const { context, siblings } = stateAfter(undefined, { value: 'v', expiresAtMs: startMs });
  const state = { context, siblings: emptied(siblings, startMs + hourMs) };
  await merge(process.store, [{ key: keyNamed('new here'), state }]);
  await empty(process, startMs + hourMs);
  expect(heard).toEqual([]);
  expect(process.store.expiries.dead(startMs + hourMs, anybodys)).toHaveLength(1);
  await process.store.close();
});

test('what is dead comes again with rests until it is removed, from memory and from the tables', async () => {
  const process = await home.start();
  await lend(process, 'one', startMs + 1000);
  await lend(process, 'two', startMs + 5000);
  await empty(process, startMs + 10_000);
  const deadBy = ({ store }: StoreProcess, ms: number): StorageKey[] =>
    store.expiries.dead(startMs + ms, anybodys).map(({ key }) => key);
  expect(deadBy(process, 4_000)).toEqual([keyNamed('one')]);
  expect(deadBy(process, 5_000)).toEqual([keyNamed('two')]);
  expect(deadBy(process, 10_000)).toEqual([]);
  expect(deadBy(process, 80_000).sort()).toEqual([keyNamed('one'), keyNamed('two')].sort());
  await process.store.close();
  const next = await home.start();
  expect(deadBy(next, 80_000)).toHaveLength(2);
  expect(deadBy(next, 81_000)).toEqual([]);
  expect(
    next.store.expiries.dead(startMs + 150_000, { ...anybodys, isWanted: () => false }),
  ).toEqual([]);
  const found = next.store.expiries.dead(startMs + 250_000, anybodys);
  expect(found).toHaveLength(2);
  await new Promise<void>((done) => next.store.remove(found, done));
  await next.store.close();
  expect(await rowsOf('due')).toEqual([]);
});

test('a damaged record leaves its row behind, which goes when its time has come', async () => {
  const process = await home.start();
  await lend(process, 'one', startMs + 1000, 'x'.repeat(100));
  await process.store.close();
  const tables = new LmdbTables(home.optionsWith({}));
  const records = tables.open('records');
  const value = Buffer.from(records.get(keyNamed('one'))!);
  value[40]! ^= 1;
  await new Promise<void>((done) =>
    tables.commit(
      (batch) => batch.put(records, keyNamed('one'), value),
      () => done(),
    ),
  );
  await tables.close();
  const next = await home.start();
  expect(await empty(next, startMs + hourMs)).toEqual({ looked: 0, emptied: 0 });
  await next.store.close();
  expect(await rowsOf('due')).toEqual([]);
});

test('a store that takes no writes empties nothing, and later all of it', async () => {
  const process = await home.start();
  await lend(process, 'one', startMs + 1000);
  process.store.refuseWrites('closing');
  expect(() => process.store.expiries.empty(startMs + hourMs, 10, () => {})).toThrow('closed');
  process.store.takeWrites();
  expect(await empty(process, startMs + hourMs)).toEqual({ looked: 1, emptied: 1 });
  await process.store.close();
});
