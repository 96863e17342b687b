/** What the parts of a store count. */
import type { Counter, Metrics } from '../seams/metrics.js';
import type { Records } from './records.js';
import type { Hints } from './store.js';

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

export function storeGauges(
  metrics: Metrics,
  of: {
    keys(): number;
    records(): Records;
    logBytes(): number;
    hints(): ReturnType<Hints['total']>;
  },
): void {
  metrics.gauge('store.keys', 'keys it holds, tombstones included', () => of.keys());
  metrics.gauge(
    'store.memtableBytes',
    'memory of what the tables do not have yet',
    () => of.records().memtables.bytes,
  );
  metrics.gauge(
    'store.cacheBytes',
    'memory of records that were read from the tables',
    () => of.records().cache.bytes,
  );
  metrics.gauge('store.logBytes', 'the commit log on the disk', () => of.logBytes());
  metrics.gauge('store.hints', 'hints it owes to other nodes', () => of.hints().count);
  metrics.gauge('store.hintBytes', 'bytes of those hints', () => of.hints().bytes);
}
