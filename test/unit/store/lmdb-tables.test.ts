import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { TableBatch } from '../../../src/seams/table.js';
import { LmdbTables } from '../../../src/store/lmdb-tables.js';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-tables-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function open(compression = false): LmdbTables {
  return new LmdbTables({ ...nodeOptionsDefault, name: 'n1', dataDir, compression });
}

function commit(tables: LmdbTables, write: (batch: TableBatch) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    tables.commit(write, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** Every byte there is, long keys, keys that begin others. */
const keys = [
  ...Array.from({ length: 256 }, (_, byte) => `\0${String.fromCharCode(byte)}`),
  '\0',
  'a',
  'a\0',
  'aa',
  'k'.repeat(1091),
  'ÿ'.repeat(1099),
].sort();

test('keys of any bytes: ordered by bytes, read back, ranges inclusive to exclusive, keys alone', async () => {
  const tables = open();
  const table = tables.open('t');
  await commit(tables, (batch) => {
    for (const key of keys.toReversed()) batch.put(table, key, Buffer.from(key, 'latin1'));
  });
  for (const key of keys) expect(table.get(key)!.toString('latin1')).toBe(key);
  expect(table.get('none')).toBeUndefined();
  expect(table.count()).toBe(keys.length);
  expect([...table.range({})].map(({ key }) => key)).toEqual(keys);
  expect([...table.keys({})]).toEqual(keys);
  const bounded = [...table.range({ start: '\0b', end: 'aa' })].map(({ key }) => key);
  expect(bounded).toEqual(keys.filter((key) => key >= '\0b' && key < 'aa'));
  expect([...table.keys({ start: 'a', limit: 2 })]).toEqual(['a', 'a\0']);
  await tables.close();
});

test('values may be kept: later reads and scans leave them as they are', async () => {
  const tables = open();
  const table = tables.open('t');
  const sizes = [0, 1, 100, 5000, 200_000];
  await commit(tables, (batch) => {
    for (const size of sizes) batch.put(table, `k${size}`, Buffer.alloc(size, size % 251));
  });
  const kept = sizes.map((size) => table.get(`k${size}`)!);
  const scanned = [...table.range({})].map(({ value }) => value);
  for (const size of sizes) table.get(`k${size}`);
  for (const [i, size] of sizes.entries()) {
    expect(kept[i]!.equals(Buffer.alloc(size, size % 251))).toBe(true);
    expect(scanned.some((value) => value.equals(kept[i]!))).toBe(true);
  }
  await tables.close();
});

test('a commit is all or nothing across tables, in the order of the calls, and there after closing', async () => {
  const tables = open();
  const [a, b] = [tables.open('a'), tables.open('b')];
  const commits = Array.from({ length: 20 }, (_, i) =>
    commit(tables, (batch) => {
      batch.put(a, 'last', Buffer.from(`${i}`));
      batch.put(b, `k${i}`, Buffer.from(`${i}`));
      if (i > 0) batch.remove(b, `k${i - 1}`);
    }),
  );
  await commits[7];
  expect(Number(a.get('last')!.toString())).toBeGreaterThanOrEqual(7);
  await Promise.all(commits);
  expect(a.get('last')!.toString()).toBe('19');
  expect([...b.keys({})]).toEqual(['k19']);
  await tables.close();
  const again = open();
  expect(again.open('a').get('last')!.toString()).toBe('19');
  expect(again.open('b').count()).toBe(1);
  await again.close();
});

function value(i: number): Buffer {
  return Buffer.from(`{"name":"user ${i}","tags":[]}`.repeat(100));
}

test('compression: smaller on disk, and what was compressed is still read when it is turned off', async () => {
  const size = async (compression: boolean): Promise<number> => {
    const tables = open(compression);
    const table = tables.open('t');
    await commit(tables, (batch) => {
      for (let i = 0; i < 2000; i++) batch.put(table, `k${i}`, value(i));
    });
    await tables.close();
    return statSync(join(dataDir, 'tables', 'data.mdb')).size;
  };
  const compressed = await size(true);
  const off = open(false);
  const table = off.open('t');
  for (let i = 0; i < 2000; i += 97) expect(table.get(`k${i}`)!.equals(value(i))).toBe(true);
  await commit(off, (batch) => batch.put(table, 'plain', value(1)));
  await off.close();
  const on = open(true);
  expect(on.open('t').get('plain')!.equals(value(1))).toBe(true);
  await on.close();
  rmSync(join(dataDir, 'tables'), { recursive: true });
  expect(compressed).toBeLessThan((await size(false)) / 3);
});
