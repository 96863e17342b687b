import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { partitionOfStorageKey, type StorageKey } from '../../../actors/rules/key.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { RealClock } from '../../../src/seams/real-clock.js';
import type { Table, TableBounds, TableEntry } from '../../../src/seams/table.js';
import { ChunkPool } from '../../../src/store/arena.js';
import { HashTrees } from '../../../src/store/hash-trees.js';
import { hashOfKey } from '../../../src/store/key-hash.js';
import { slotBytes, type Memtable, type Slot } from '../../../src/store/memtable.js';
import { encodedRecordBytes, encodeRecord, Held } from '../../../src/store/record-codec.js';
import { Records } from '../../../src/store/records.js';
import { stateIn } from '../../../src/wire/encoded-state.js';
import { encodeState } from '../../../src/wire/key-state-codec.js';
import { keyNamed, stateAfter, testPartitions } from '../../support/store-process.js';
import { Counter } from '../../../src/seams/metrics.js';

const seed = 20_261_122;
const keys = Array.from({ length: 6 }, (_, i) => keyNamed(`key ${i}`));
const partitions = Array.from({ length: testPartitions }, (_, partition) => partition);

/** Told from any other by its counter. */
function recordOf(number: number): Held {
  const state = stateAfter(undefined, {
    value: `value ${number}`,
    node: '8899aabbccddeeff',
    epoch: number,
  });
  return Held.of(stateIn(encodeState(state)));
}

class MapTable implements Table {
  readonly name = 'records';
  readonly rows = new Map<StorageKey, Buffer>();

  get(key: StorageKey): Buffer | undefined {
    return this.rows.get(key);
  }

  *range({ start = '', end = '\xff\xff' }: TableBounds): Iterable<TableEntry> {
    for (const key of [...this.rows.keys()].sort())
      if (key >= start && key < end) yield { key, value: this.rows.get(key)! };
  }

  *keys(bounds: TableBounds): Iterable<StorageKey> {
    for (const { key } of this.range(bounds)) yield key;
  }

  count(): number {
    return this.rows.size;
  }
}

type Words = ReadonlyMap<StorageKey, Held | undefined>;

function wordsOf(memtable: Memtable): Words {
  const words = new Map<StorageKey, Held | undefined>();
  for (const partition of partitions)
    for (const { key, record } of memtable.part(partition)?.slots ?? []) words.set(key, record);
  return words;
}

/** The records, and beside them one plain map a memtable: what each of them said last. */
class Run {
  readonly table = new MapTable();
  readonly trees = new HashTrees(testPartitions);
  readonly damaged: StorageKey[] = [];
  readonly records = new Records({
    clock: new RealClock(),
    table: this.table,
    due: new MapTable(),
    tables: { open: () => this.table, commit: (_, done) => done(), close: () => Promise.resolve() },
    trees: this.trees,
    chunks: new ChunkPool({ memtableBytesMax: 1 << 20, scrub: true }),
    cacheBytesMax: 1 << 20,
    hashSeed: 1,
    bloomNegatives: new Counter(),
    onCorrupt: (_, what) => this.damaged.push(what),
  });
  readonly expected = new Map<StorageKey, Held>();
  active = new Map<StorageKey, Held | undefined>();
  readonly frozen: Words[] = [];
  /** As they were found when all keys were last read at once. */
  private known: readonly (Slot | undefined)[] = [];

  constructor() {
    this.records.filters.start();
  }

  write(key: StorageKey, after: Held | undefined): void {
    this.records.replace(this.records.lookup(key, this.known[keys.indexOf(key)]), after);
    this.active.set(key, after);
    if (after === undefined) this.expected.delete(key);
    else this.expected.set(key, after);
  }

  readAll(): void {
    const digests = this.records.readAll(keys).map((record) => record?.digest);
    expect(digests).toEqual(keys.map((key) => this.expected.get(key)?.digest));
    this.known = this.records.memtables.findAll(keys);
  }

  freeze(): void {
    this.records.freeze(0);
    this.frozen.push(this.active);
    this.active = new Map();
  }

  /** From the memtable itself, as the flusher does. */
  flush(): void {
    const [oldest] = this.records.memtables.frozen;
    if (oldest === undefined) return;
    for (const [key, word] of wordsOf(oldest.memtable))
      if (word === undefined) this.table.rows.delete(key);
      else this.table.rows.set(key, encodeRecord(word, Buffer.alloc(encodedRecordBytes(word)), 0));
    this.records.memtables.oldestIsFlushed();
    this.frozen.shift();
  }

  check(): void {
    const { memtables, cache } = this.records;
    mustBeSame(wordsOf(memtables.active), this.active);
    expect(memtables.active.bytes).toBe(this.active.size * slotBytes);
    expect(memtables.frozen).toHaveLength(this.frozen.length);
    for (const [i, words] of this.frozen.entries())
      mustBeSame(wordsOf(memtables.frozen[i]!.memtable), words);
    const unflushed = new Map<StorageKey, Held | undefined>();
    for (const words of [...this.frozen, this.active])
      for (const [key, word] of words) unflushed.set(key, word);
    const found = new Map<StorageKey, Held | undefined>();
    for (const partition of partitions)
      for (const [key, word] of memtables.unflushed(partition)) found.set(key, word);
    mustBeSame(found, unflushed);
    const scratch = new HashTrees(testPartitions);
    for (const key of keys) {
      if (memtables.find(key) !== undefined && cache.get(key) !== undefined)
        throw new Error('both in a memtable and in the cache');
      const digest = this.records.peek(key)?.digest;
      expect(digest).toEqual(this.expected.get(key)?.digest);
      const place = { partition: partitionOfStorageKey(key), ...hashOfKey(key) };
      scratch.change(place, undefined, digest);
    }
    expect(this.trees.keys).toBe(this.expected.size);
    expect(rootsOf(this.trees)).toEqual(rootsOf(scratch));
  }
}

function rootsOf(trees: HashTrees): Digest[] {
  return partitions.map((partition) => trees.root(partition));
}

/** To the object: what is held is replaced, never changed. */
function mustBeSame(found: Words, expected: Words): void {
  expect(found.size).toBe(expected.size);
  for (const [key, word] of expected)
    if (found.get(key) !== word) throw new Error(`${JSON.stringify(key)} differs`);
}

const step = record({
  what: constantFrom(
    'write',
    'write',
    'write',
    'remove',
    'read',
    'readAll',
    'freeze',
    'flush',
    'forget',
  ),
  key: constantFrom(...keys),
  number: integer({ min: 1, max: 1000 }),
});

test('writes between freezes and flushes: each memtable keeps its last words, the youngest one counts, the cache has none of them', () => {
  assert(
    property(array(step, { minLength: 10, maxLength: 80 }), (steps) => {
      const run = new Run();
      for (const { what, key, number } of steps) {
        if (what === 'write') run.write(key, recordOf(number));
        else if (what === 'remove') run.write(key, undefined);
        else if (what === 'read')
          expect(run.records.read(key)?.digest).toEqual(run.expected.get(key)?.digest);
        else if (what === 'readAll') run.readAll();
        else if (what === 'freeze') run.freeze();
        else if (what === 'flush') run.flush();
        else run.records.memtables.dropFlushed();
        run.check();
      }
      run.records.stop();
      expect(run.damaged).toEqual([]);
    }),
    { seed, numRuns: 60 },
  );
});

test('a key written while its memtable is frozen: the flush gets what was frozen, reads get what was written', () => {
  const run = new Run();
  const [key] = keys as [StorageKey];
  const [first, second] = [recordOf(1), recordOf(2)];
  run.write(key, first);
  run.freeze();
  run.write(key, second);
  expect(wordsOf(run.records.memtables.frozen[0]!.memtable).get(key)).toBe(first);
  expect(run.records.read(key)).toBe(second);
  run.flush();
  expect(run.records.read(key)).toBe(second);
  run.records.stop();
});

test('a key written again and again: one slot, which its memtable keeps', () => {
  const run = new Run();
  const [key] = keys as [StorageKey];
  run.write(key, recordOf(1));
  const slot = run.records.memtables.find(key);
  for (let number = 2; number < 10; number++) run.write(key, recordOf(number));
  run.write(key, undefined);
  expect(run.records.memtables.find(key)).toBe(slot);
  expect(run.records.memtables.active.touched).toBe(1);
  run.records.stop();
});

test('a key of a partition there is not: absent', () => {
  const run = new Run();
  const key = `\xff\xffbucket\0key`;
  expect(run.records.read(key)).toBeUndefined();
  expect(run.records.peek(key)).toBeUndefined();
  run.records.stop();
});
