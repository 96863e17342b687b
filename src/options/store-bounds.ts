/** Those of `storeLimits` that a node may be given smaller or larger. */
import { storeLimits } from '../../actors/rules/limits/store.js';

export interface StoreBounds {
  /** Log bytes a memtable takes before it is frozen and flushed. */
  readonly memtableBytesMax: number;
  readonly memtablesFrozenMax: number;
  readonly cacheBytesMax: number;
  readonly logSegmentBytesMax: number;
  readonly logQueueBytesMax: number;
  readonly hintBytesMax: number;
}

export function storeBounds(own: Partial<StoreBounds> | undefined): StoreBounds {
  const {
    memtableBytesMax,
    memtablesFrozenMax,
    cacheBytesMax,
    logSegmentBytesMax,
    logQueueBytesMax,
    hintBytesMax,
  } = storeLimits;
  return {
    memtableBytesMax,
    memtablesFrozenMax,
    cacheBytesMax,
    logSegmentBytesMax,
    logQueueBytesMax,
    hintBytesMax,
    ...own,
  };
}
