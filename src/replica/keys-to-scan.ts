/**
 * How many keys are looked at in one turn: fewer where parts of big values lie, of which each is
 * read whole to tell its digest, and may have half a megabyte.
 */
import { isPartBucket, type StorageKey } from '../../actors/rules/key.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { Store } from '../store/store.js';

/** `usual`: of those behind `after` in other places; '': from the first key of the partition. */
export function keysToScan(
  store: Pick<Store, 'scan'>,
  { partition, after }: { readonly partition: number; readonly after: StorageKey },
  usual: number,
): number {
  // Parts stand in front of all other keys.
  const first = after === '' ? store.scan({ partition, limit: 1 })[0]?.key : after;
  if (first === undefined || !isPartBucket(first.slice(2, 3))) return usual;
  return Math.max(1, Math.floor(usual / partLimits.fewerScanned));
}
