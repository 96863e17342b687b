/**
 * The records as they are now: active memtable, frozen memtables, the one flushed last, cache,
 * Bloom filter, table; and the hash trees, which every change passes through.
 *
 * A record that fails its checksum counts as absent, whatever memory still has of it: a tree fits
 * only what scans, reads and writes agree on. Its digest is still in the tree of its partition
 * then, so that tree is computed anew from the records that are left, once the turn is over or a
 * flush is to begin.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { partitionOfStorageKey } from '../../actors/rules/key.js';
import type { Digest } from '../../actors/rules/versions.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Counter } from '../seams/metrics.js';
import type { Table, Tables } from '../seams/table.js';
import type { ChunkPool } from './arena.js';
import { RecordCache } from './cache.js';
import { DueIndex } from './due-index.js';
import { HashTrees } from './hash-trees.js';
import { hashOfKey } from './key-hash.js';
import { KeyFilters } from './key-filters.js';
import { Slot } from './memtable.js';
import { Memtables } from './memtables.js';
import { RecentChanges } from './recent-changes.js';
import type { ScannedKey, StorageRange } from './store.js';
import { decodeRecord, partitionEnd, partitionStart, type Held } from './record-codec.js';

export interface RecordsOptions {
  readonly clock: Clock;
  readonly table: Table;
  /** What is due when, of what is in the table. */
  readonly due: Table;
  readonly tables: Tables;
  readonly trees: HashTrees;
  readonly chunks: ChunkPool;
  readonly cacheBytesMax: number;
  /** As `MemtablesOptions`. */
  readonly hashSeed: number;
  readonly bloomNegatives: Counter;
  readonly onCorrupt: (partition: number, what: string) => void;
}

export class Records {
  /** How often it was read for requests. */
  asked = 0;
  readonly memtables: Memtables;
  /** Of keys no memtable speaks of. */
  readonly cache: RecordCache;
  readonly filters: KeyFilters;
  readonly recent: RecentChanges;
  readonly dues: DueIndex;
  private readonly damaged = new Set<StorageKey>();
  private rebuild: TimerId;
  private readonly damagedPartitions = new Set<number>();

  constructor(private readonly options: RecordsOptions) {
    const { clock, table, trees, chunks, hashSeed } = options;
    this.memtables = new Memtables({
      partitions: trees.partitions,
      chunks,
      hashSeed,
      onDropped: ({ arena }) => clock.endOfTurn(() => arena.giveBack()),
    });
    this.cache = new RecordCache(options.cacheBytesMax);
    this.recent = new RecentChanges(trees.partitions);
    this.filters = new KeyFilters({
      clock,
      records: table,
      partitions: trees.partitions,
      negatives: options.bloomNegatives,
      keysOf: (partition) => trees.keysOf(partition),
      memtableKeys: (partition) => this.memtables.unflushed(partition).keys(),
    });
    const { tables, due } = options;
    const peek = (key: StorageKey): Held | undefined => this.peek(key);
    this.dues = new DueIndex({ memtables: this.memtables, tables, due, peek });
  }

  /** Background work ends; reads go on. */
  stop(): void {
    this.filters.stop();
    this.options.clock.clearTimeout(this.rebuild);
  }

  /** For a request: what comes from the table is kept in the cache. */
  read(key: StorageKey): Held | undefined {
    this.asked++;
    const slot = this.memtables.find(key);
    return slot === undefined ? this.fetched(key) : slot.record;
  }

  readAll(keys: readonly StorageKey[]): (Held | undefined)[] {
    this.asked++;
    const slots = this.memtables.findAll(keys);
    return slots.map((slot, i) => (slot === undefined ? this.fetched(keys[i]!) : slot.record));
  }

  private fetched(key: StorageKey): Held | undefined {
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const record = this.stored(new Slot(key, undefined));
    if (record !== undefined) this.cache.set(key, record);
    return record;
  }

  /** For background work, which must not push out of the cache what clients ask for. */
  peek(key: StorageKey): Held | undefined {
    return this.lookup(key).record;
  }

  /**
   * For a write, which will shadow what it finds: to be changed by `replace` before anything else
   * is looked up. `known`: found earlier in this turn, and true still if it is the active
   * memtable's.
   */
  lookup(key: StorageKey, known?: Slot): Slot {
    const { memtables } = this;
    const found = known?.memtable === memtables.active ? known : memtables.find(key);
    if (found !== undefined) return found;
    const slot = new Slot(key, this.cache.get(key));
    slot.record ??= this.stored(slot);
    return slot;
  }

  private stored(slot: Slot): Held | undefined {
    const { key, partition } = slot;
    if (!this.filters.mayHold(partition, slot)) return undefined;
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
    // Damage that comes and goes (memory, a cable) must not bring back what the tree no longer
    // counts.
    const record = this.damaged.has(key) ? undefined : decodeRecord(value);
    if (record === undefined) this.noteDamage(key, 'checksum');
    return record;
  }

  /** `slot` is what `lookup` gave; undefined `after` removes. */
  replace(slot: Slot, after: Held | undefined): void {
    const { record: before } = slot;
    if (this.damaged.size > 0) this.damaged.delete(slot.key);
    this.options.trees.change(slot, before, after);
    if (before === undefined && after !== undefined) this.filters.added(slot.partition, slot);
    if (slot.memtable === undefined) this.cache.drop(slot.key);
    this.memtables.set(slot, after);
    this.recent.add(slot.partition, after === undefined ? undefined : slot.key);
  }

  freeze(lastSequence: number): void {
    // What was lost may have been written anew: nothing on disk would tell any more that the frozen
    // tree counts it.
    this.rebuildDamaged();
    this.memtables.freeze(this.options.trees.freeze(), lastSequence);
  }

  oldestIsFlushed(): void {
    this.dues.noteFlushed();
    this.memtables.oldestIsFlushed();
  }

  /** Live records of a partition in key order, behind `after`. */
  entries(partition: number, after?: StorageKey): Iterable<readonly [StorageKey, Held]> {
    const start = after === undefined ? partitionStart(partition) : `${after}\0`;
    return this.range({ start, end: partitionEnd(partition) });
  }

  /** Live records in key order; both bounds are of one partition. */
  *range({ start, end }: StorageRange): Generator<readonly [StorageKey, Held]> {
    const overlay = this.memtables.unflushed(partitionOfStorageKey(start));
    const keys = [...overlay.keys()].filter((key) => key >= start && key < end).sort();
    let next = 0;
    for (const { key, value } of this.options.table.range({ start, end })) {
      for (; next < keys.length && keys[next]! < key; next++) yield* live(keys[next]!, overlay);
      if (overlay.has(key)) continue;
      const record = this.decoded(key, value);
      if (record !== undefined) yield [key, record];
    }
    for (; next < keys.length; next++) yield* live(keys[next]!, overlay);
  }

  /** Undefined: what was lost of the partition is in its tree still. */
  rootOf(partition: number): Digest | undefined {
    return this.damagedPartitions.has(partition) ? undefined : this.options.trees.root(partition);
  }

  /** Keys of a partition with their digests, in order, behind `after`. */
  scan(range: { partition: number; after?: StorageKey; limit: number }): ScannedKey[] {
    const found: ScannedKey[] = [];
    for (const [key, { digest }] of this.entries(range.partition, range.after)) {
      if (found.length >= range.limit) break;
      found.push({ key, digest });
    }
    return found;
  }

  private noteDamage(key: StorageKey, what: string): void {
    this.cache.drop(key);
    if (this.damaged.has(key) || this.damaged.size >= storeLimits.damagedKeysMax) return;
    this.damaged.add(key);
    // As the cache: from now on whoever asks for the record asks the table.
    this.memtables.dropFlushed();
    const partition = partitionOfStorageKey(key);
    if (this.damagedPartitions.size === 0)
      this.rebuild = this.options.clock.setTimeout(() => this.rebuildDamaged(), 0);
    this.damagedPartitions.add(partition);
    this.options.onCorrupt(partition, `record ${JSON.stringify(key.slice(2))}: ${what}`);
  }

  private rebuildDamaged(): void {
    this.options.clock.clearTimeout(this.rebuild);
    const partitions = [...this.damagedPartitions].sort((a, b) => a - b);
    for (const partition of partitions) this.rebuildTree(partition);
    this.damagedPartitions.clear();
  }

  /** From the records themselves; also for a tree whose row is damaged. */
  rebuildTree(partition: number): void {
    const { trees } = this.options;
    const scratch = new HashTrees(trees.partitions);
    for (const [key, record] of this.entries(partition))
      scratch.change({ partition, ...hashOfKey(key) }, undefined, record);
    const difference = trees.replace(partition, scratch);
    for (const frozen of this.memtables.frozen) frozen.trees.apply(difference);
    this.memtables.active.touch(partition);
    this.recent.add(partition, undefined);
  }
}

function* live(
  key: StorageKey,
  overlay: ReadonlyMap<StorageKey, Held | undefined>,
): Generator<readonly [StorageKey, Held]> {
  const record = overlay.get(key);
  if (record !== undefined) yield [key, record];
}
