/**
 * Which keys are not in the records table, by one Bloom filter a partition.
 *
 * Nothing is persisted: after a start each filter is built by scanning its partition's keys in the
 * background, a slice at a time, and until then a read simply asks LMDB. So a start takes no longer
 * with a million keys than with none, and there is no file that could be wrong. A filter that is
 * full is built anew, larger, the same way.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Counter } from '../seams/metrics.js';
import type { Table } from '../seams/table.js';
import { BloomFilter } from './bloom-filter.js';
import { hashOfKey, type KeyHash } from './key-hash.js';
import { partitionEnd, partitionStart } from './record-codec.js';

export interface KeyFilterSource {
  readonly clock: Clock;
  readonly records: Table;
  readonly partitions: number;
  /** Rises by each key that no filter knows. */
  readonly negatives: Counter;
  /** Keys of the partition, removed ones excluded. */
  keysOf(partition: number): number;
  /** Keys that are in memtables and may not be in the table yet. */
  memtableKeys(partition: number): Iterable<StorageKey>;
}

interface Build {
  readonly partition: number;
  readonly filter: BloomFilter;
  next: StorageKey;
}

export class KeyFilters {
  private readonly filters: (BloomFilter | undefined)[];
  private readonly waiting: number[] = [];
  private build: Build | undefined;
  private timer: TimerId;
  private armed = false;

  constructor(private readonly source: KeyFilterSource) {
    this.filters = Array.from({ length: source.partitions });
  }

  /** After recovery: partitions without keys are ready at once, the others are scanned. */
  start(): void {
    for (let partition = 0; partition < this.source.partitions; partition++) {
      if (this.source.keysOf(partition) === 0)
        this.filters[partition] = new BloomFilter(storeLimits.filterKeysMin);
      else this.waiting.push(partition);
    }
    this.proceed();
  }

  stop(): void {
    this.source.clock.clearTimeout(this.timer);
    this.armed = false;
    this.waiting.length = 0;
    this.build = undefined;
  }

  /** Whether every filter is built. */
  get ready(): boolean {
    return this.build === undefined && this.waiting.length === 0;
  }

  mayHold(partition: number, hash: KeyHash): boolean {
    const filter = this.filters[partition];
    if (filter === undefined || filter.mayHold(hash)) return true;
    this.source.negatives.value += 1;
    return false;
  }

  /** A key that was absent came. */
  added(partition: number, hash: KeyHash): void {
    const filter = this.filters[partition];
    if (this.build?.partition === partition) this.build.filter.add(hash);
    if (filter === undefined) return;
    filter.add(hash);
    if (filter.added === filter.capacity) {
      this.waiting.push(partition);
      this.proceed();
    }
  }

  private proceed(): void {
    if (this.armed || this.ready) return;
    this.armed = true;
    this.timer = this.source.clock.setTimeout(() => {
      this.armed = false;
      this.slice();
      this.proceed();
    }, storeLimits.filterRestMs);
  }

  private slice(): void {
    this.build ??= this.begin();
    const { build } = this;
    if (build === undefined) return;
    let last: StorageKey | undefined;
    let count = 0;
    const bounds = {
      start: build.next,
      end: partitionEnd(build.partition),
      limit: storeLimits.filterSliceKeysMax,
    };
    for (const key of this.source.records.keys(bounds)) {
      build.filter.add(hashOfKey(key));
      last = key;
      count += 1;
    }
    if (last !== undefined && count === storeLimits.filterSliceKeysMax) {
      build.next = `${last}\0`;
      return;
    }
    this.filters[build.partition] = build.filter;
    if (build.filter.full) this.waiting.push(build.partition);
    this.build = undefined;
  }

  private begin(): Build | undefined {
    const partition = this.waiting.shift();
    if (partition === undefined) return undefined;
    const capacity = Math.max(storeLimits.filterKeysMin, 2 * this.source.keysOf(partition));
    const filter = new BloomFilter(capacity);
    for (const key of this.source.memtableKeys(partition)) filter.add(hashOfKey(key));
    return { partition, filter, next: partitionStart(partition) };
  }
}
