/**
 * Hot records as they were read from the tables, bounded by bytes. Memtables shadow it, so writes
 * only drop.
 */
import { LRUCache } from 'lru-cache';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Held } from './record-codec.js';

/** A decoded state with one sibling, its place in the maps and the strings, about. */
const overheadBytes = 512;

export class RecordCache {
  private readonly entries: LRUCache<StorageKey, Held>;

  constructor(bytesMax: number) {
    this.entries = new LRUCache({
      maxSize: bytesMax,
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
