/**
 * Hot records as they were read from the tables, bounded by bytes. Memtables shadow it, so writes
 * only drop. Large ones are not kept: a few would push out all others, and of them it is the bytes
 * that cost, not the way to them.
 */
import { LRUCache } from 'lru-cache';
import type { StorageKey } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Held } from './record-codec.js';

/** A decoded state with one sibling, its place in the maps and the strings, about. */
const overheadBytes = 512;

export class RecordCache {
  private readonly entries: LRUCache<StorageKey, Held>;

  constructor(bytesMax: number) {
    this.entries = new LRUCache({
      maxSize: bytesMax,
      maxEntrySize: storeLimits.largeRecordBytesMin,
      sizeCalculation: (record, key) => overheadBytes + key.length + record.length,
    });
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get(key: StorageKey): Held | undefined {
    return this.entries.get(key);
  }

  set(key: StorageKey, record: Held): void {
    this.entries.set(key, record);
  }

  drop(key: StorageKey): void {
    this.entries.delete(key);
  }
}
