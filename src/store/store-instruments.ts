/** What the parts of a store count. */
import type { Counter, Metrics } from '../seams/metrics.js';

export interface StoreInstruments {
  readonly syncs: Counter;
  readonly flushes: Counter;
  readonly bloomNegatives: Counter;
}

export function storeInstruments(metrics: Metrics): StoreInstruments {
  return {
    syncs: metrics.counter('store.syncs', 'writes to the commit log that were synced to the disk'),
    flushes: metrics.counter('store.flushes', 'memtables written to the tables'),
    bloomNegatives: metrics.counter(
      'store.bloomNegatives',
      'reads that a Bloom filter answered: the tables have no such key',
    ),
  };
}
