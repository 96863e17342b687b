/**
 * When a put counts as stored: once the log is on disk, or at once, with the log synced every so
 * many ms.
 */
import { storeLimits } from './limits/store.js';
import { checkWhole } from './whole-number.js';

export type Durability =
  { readonly kind: 'sync' } | { readonly kind: 'periodic'; readonly everyMs: number };

/** Throws `RangeError` with the name under which the caller was told of it. */
export function checkDurability(name: string, durability: Durability): void {
  if (durability.kind === 'periodic')
    checkWhole(name, durability.everyMs, { min: 1, max: storeLimits.syncIntervalMsMax });
}
