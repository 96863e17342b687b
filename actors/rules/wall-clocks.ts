/**
 * What time it is where wall clocks differ: of a last writer, of a lifetime. Each node goes by its own clock while that is within
 * `wallSkewMsMax` of the median of all it knows, its own included, and else by the median. So the jump of one clock (a wrong
 * battery, a step of NTP, a virtual machine that was paused) is seen against the others at once and dates nothing.
 */
import { limits } from './limits.js';

/** Where the median of all clocks lies, wherever the own one is: between these two. */
export interface MedianBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

export const nobodyTold: MedianBounds = { leastMs: -Infinity, mostMs: Infinity };

/**
 * `othersMs`: all other clocks, against a common basis. With as many above as below the lower one counts: a date that lies ahead
 * hides what comes after it. So of two nodes, neither of which can know better, both go by the clock that is behind.
 */
export function medianBounds(othersMs: readonly number[]): MedianBounds {
  const ascending = [...othersMs].sort((a, b) => a - b);
  const middle = Math.floor(ascending.length / 2);
  return { leastMs: ascending[middle - 1] ?? -Infinity, mostMs: ascending[middle] ?? Infinity };
}

/** By how much the own clock is ahead of the median; below 0 behind it. */
export function aheadOfMedianMs(ownMs: number, { leastMs, mostMs }: MedianBounds): number {
  return ownMs > mostMs ? ownMs - mostMs : Math.min(0, ownMs - leastMs);
}

export function isFarOff(aheadMs: number): boolean {
  return Math.abs(aheadMs) > limits.wallSkewMsMax;
}
