/**
 * When time alone changes what is to be done about a record, as one small integer (V8 keeps those
 * in an object without a box): 0 for never; above 0 the second at which a value of it expires;
 * below 0, negated, the second since which nothing of it lives, its values gone.
 *
 * Seconds count from the start of 2020, within 31 bits: what expires after 2088 counts as if it
 * did then.
 */
import { deadSinceMs } from '../../actors/rules/collection.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { EncodedState } from '../wire/encoded-state.js';

export type Due = number;

const startMs = Date.UTC(2020, 0, 1);

/** Rounded up: what is due at a second has expired by then. */
function secondOf(ms: number): number {
  return Math.min(storeLimits.dueSecondMax, Math.max(1, Math.ceil((ms - startMs) / 1000)));
}

/** The last second that has passed. */
export function secondBy(nowMs: number): number {
  return Math.min(storeLimits.dueSecondMax, Math.floor((nowMs - startMs) / 1000));
}

/** Of what never expires: one number is looked at a sibling. */
export function dueOf(state: EncodedState): Due {
  const { end } = state;
  for (let at = state.firstSibling; at < end; at = state.nextSibling(at))
    if (state.expires(at)) return state.siblings === 1 ? dueOfLone(state) : dueOfExpiring(state);
  return 0;
}

function dueOfLone(state: EncodedState): Due {
  const at = state.firstSibling;
  const second = secondOf(state.expiresAtMs(at));
  return state.value(at) === null ? -second : second;
}

function dueOfExpiring(encoded: EncodedState): Due {
  const { siblings } = encoded.decode();
  const expiring = siblings.filter(({ value, expiresAtMs }) => value !== null && expiresAtMs !== 0);
  if (expiring.length > 0)
    return secondOf(Math.min(...expiring.map(({ expiresAtMs }) => expiresAtMs)));
  const deadMs = Math.max(...siblings.map(deadSinceMs));
  return deadMs === Infinity ? 0 : -secondOf(deadMs);
}
