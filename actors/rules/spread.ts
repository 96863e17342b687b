/**
 * How many nodes keep each key of a bucket: N; while N changes, N before and N after, in one
 * number. So whoever asks for a placement says both, and where nothing changes it is N itself.
 */
import { limits } from './limits.js';

export type Spread = number;

/** Above any N. */
const base = 2 * limits.membersMax;

export function spreadOf(n: number, nAfter = n): Spread {
  return nAfter === n ? n : nAfter * base + n;
}

export function nBefore(spread: Spread): number {
  return spread % base;
}

/** N where it does not change. */
export function nAfter(spread: Spread): number {
  return spread < base ? spread : Math.floor(spread / base);
}
