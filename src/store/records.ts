/**
 * The records as they are now: active memtable, frozen memtables, the one flushed last, cache, Bloom filter, table;
 * and the hash trees, which every change passes through.
 *
 * A record that fails its checksum counts as absent. Its digest is still in the tree of its partition
 * then, so that tree is computed anew, once the turn is over, from the records that are left.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { partitionOfStorageKey } from '../../actors/rules/key.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Table } from '../seams/table.js';
import { RecordCache } from './cache.js';
import { HashTrees } from './hash-trees.js';
import { hashOfKey, type KeyHash } from './key-hash.js';
import { KeyFilters } from './key-filters.js';
import { Memtable, type FrozenMemtable } from './memtable.js';
import { decodeRecord, partitionEnd, partitionStart, type Held } from './record-codec.js';

export interface RecordsOptions {
  readonly clock: Clock;
  readonly table: Table;
  readonly trees: HashTrees;
  readonly cacheBytesMax: number;
  readonly onCorrupt: (partition: number, what: string) => void;
}

/** Damaged records that are remembered so that each is reported once. */
const damagedMax = 10_000;

export class Records {
  active: Memtable;
  /** Oldest first. */
  private readonly frozen: FrozenMemtable[] = [];
  /** In the tables already, but what was written a moment ago is what is read and written next. */
  private flushed: Memtable | undefined;
  readonly cache: RecordCache;
  readonly filters: KeyFilters;
  private readonly damaged = new Set<StorageKey>();
  private rebuild: TimerId;
  private readonly damagedPartitions = new Set<number>();

  constructor(private readonly options: RecordsOptions) {
    const { clock, table, trees } = options;
    this.active = new Memtable(trees.partitions);
    this.cache = new RecordCache(options.cacheBytesMax);
    this.filters = new KeyFilters({
      clock,
      records: table,
      partitions: trees.partitions,
      keysOf: (partition) => trees.keysOf(partition),
      memtableKeys: (partition) => this.overlay(partition).keys(),
    });
  }

  get memtableBytes(): number {
    let { bytes } = this.active;
    for (const { memtable } of this.frozen) bytes += memtable.bytes;
    return bytes;
  }

  /** Background work ends; reads go on. */
  stop(): void {
    this.filters.stop();
    this.options.clock.clearTimeout(this.rebuild);
  }

  get frozenCount(): number {
    return this.frozen.length;
  }

  /** For a request: what comes from the table is kept in the cache. */
  read(key: StorageKey): Held | undefined {
    const partition = partitionOfStorageKey(key);
    const recent = this.recent(partition, key);
    if (recent !== undefined) return recent ?? undefined;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const record = this.stored(partition, key, hashOfKey(key));
    if (record !== undefined) this.cache.set(key, record);
    return record;
  }

  /** For background work, which must not push out of the cache what clients ask for. */
  peek(key: StorageKey): Held | undefined {
    return this.lookup(key, hashOfKey(key));
  }

  /** For a write, which will shadow what it finds. */
  lookup(key: StorageKey, hash: KeyHash): Held | undefined {
    const partition = partitionOfStorageKey(key);
    const recent = this.recent(partition, key);
    if (recent !== undefined) return recent ?? undefined;
    return this.cache.get(key) ?? this.stored(partition, key, hash);
  }

  private recent(partition: number, key: StorageKey): Held | null | undefined {
    const record = this.active.part(partition)?.records.get(key);
    if (record !== undefined) return record;
    for (let i = this.frozen.length - 1; i >= 0; i--) {
      const older = this.frozen[i]!.memtable.part(partition)?.records.get(key);
      if (older !== undefined) return older;
    }
    return this.flushed?.part(partition)?.records.get(key);
  }

  private stored(partition: number, key: StorageKey, hash: KeyHash): Held | undefined {
    if (!this.filters.mayHold(partition, hash)) return undefined;
    let value: Buffer | undefined;
    try {
      value = this.options.table.get(key);
    } catch (error) {
      this.noteDamage(key, String(error));
      return undefined;
    }
    return value === undefined ? undefined : this.decoded(key, value);
  }

  private decoded(key: StorageKey, value: Buffer): Held | undefined {
    const record = decodeRecord(value);
    if (record === undefined) this.noteDamage(key, 'checksum');
    return record;
  }

  /** `before` is what `lookup` found; undefined `after` removes. */
  replace(
    key: StorageKey,
    hash: KeyHash,
    change: { before: Held | undefined; after?: Held },
  ): void {
    const { before, after } = change;
    const partition = partitionOfStorageKey(key);
    this.options.trees.change({ partition, hash }, before?.digest, after?.digest);
    if (before === undefined && after !== undefined) this.filters.added(partition, hash);
    this.active.touch(partition).records.set(key, after ?? null);
    this.cache.drop(key);
  }

  /** The active memtable becomes the youngest frozen one. */
  freeze(lastSequence: number): FrozenMemtable {
    const frozen = { memtable: this.active, trees: this.options.trees.freeze(), lastSequence };
    this.frozen.push(frozen);
    this.active = new Memtable(this.active.partitions);
    return frozen;
  }

  get oldestFrozen(): FrozenMemtable | undefined {
    return this.frozen[0];
  }

  /** The oldest frozen one is in the tables now. */
  oldestIsFlushed(): void {
    this.flushed = this.frozen.shift()?.memtable;
  }

  /** Live records of a partition in key order, behind `after`. */
  *entries(partition: number, after?: StorageKey): Generator<readonly [StorageKey, Held]> {
    const overlay = this.overlay(partition);
    const keys = [...overlay.keys()].filter((key) => after === undefined || key > after).sort();
    const start = after === undefined ? partitionStart(partition) : `${after}\0`;
    let next = 0;
    for (const { key, value } of this.options.table.range({
      start,
      end: partitionEnd(partition),
    })) {
      for (; next < keys.length && keys[next]! < key; next++) yield* live(keys[next]!, overlay);
      if (overlay.has(key)) continue;
      const record = this.decoded(key, value);
      if (record !== undefined) yield [key, record];
    }
    for (; next < keys.length; next++) yield* live(keys[next]!, overlay);
  }

  /** What the memtables say of a partition, the youngest word of each key. */
  private overlay(partition: number): Map<StorageKey, Held | null> {
    const overlay = new Map<StorageKey, Held | null>();
    for (const { memtable } of this.frozen)
      for (const [key, record] of memtable.part(partition)?.records ?? []) overlay.set(key, record);
    for (const [key, record] of this.active.part(partition)?.records ?? [])
      overlay.set(key, record);
    return overlay;
  }

  private noteDamage(key: StorageKey, what: string): void {
    if (this.damaged.has(key) || this.damaged.size >= damagedMax) return;
    this.damaged.add(key);
    // Single reads and scans must agree on what is held: from now on both ask the table.
    this.flushed = undefined;
    const partition = partitionOfStorageKey(key);
    if (this.damagedPartitions.size === 0)
      this.rebuild = this.options.clock.setTimeout(() => this.rebuildDamaged(), 0);
    this.damagedPartitions.add(partition);
    this.options.onCorrupt(partition, `record ${JSON.stringify(key.slice(2))}: ${what}`);
  }

  private rebuildDamaged(): void {
    const partitions = [...this.damagedPartitions].sort((a, b) => a - b);
    for (const partition of partitions) this.rebuildTree(partition);
    this.damagedPartitions.clear();
  }

  /** From the records themselves; also for a tree whose row is damaged. */
  rebuildTree(partition: number): void {
    const { trees } = this.options;
    const scratch = new HashTrees(trees.partitions);
    for (const [key, record] of this.entries(partition))
      scratch.change({ partition, hash: hashOfKey(key) }, undefined, record.digest);
    const difference = trees.replace(partition, scratch);
    for (const frozen of this.frozen) frozen.trees.apply(difference);
    this.active.touch(partition);
  }
}

function* live(
  key: StorageKey,
  overlay: ReadonlyMap<StorageKey, Held | null>,
): Generator<readonly [StorageKey, Held]> {
  const record = overlay.get(key);
  if (record !== undefined && record !== null) yield [key, record];
}
