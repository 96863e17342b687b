/**
 * What time it is where wall clocks differ: of a last writer, of a lifetime. Each node goes by its
 * own clock while that is within `wallSkewMsMax` of the median of all it knows, its own included,
 * and else by the median. So the jump of one clock (a wrong battery, a step of NTP, a virtual
 * machine that was paused) is seen against the others at once and dates nothing.
 */
import { limits } from './limits.js';

/** A clock lies between these two: words about it take time, and of none is known how much. */
export interface ClockBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

export const nobodyTold: ClockBounds = { leastMs: -Infinity, mostMs: Infinity };

/**
 * Of what each of two nodes knows of the other's clock. Where that contradicts itself one of the
 * clocks has stood still lately, and nothing between the two is known until the words from before
 * no longer count.
 */
export function boundsOf(leastMs: number, mostMs: number): ClockBounds {
  return leastMs <= mostMs ? { leastMs, mostMs } : { leastMs: mostMs, mostMs: leastMs };
}

/**
 * Where the median of all clocks lies at least and at most, wherever the own one is. `others`:
 * against a common basis. With as many above as below the lower one counts: a date that lies ahead
 * hides what comes after it. So of two nodes, neither of which can know better, both go by the
 * clock that is behind.
 */
export function medianBounds(others: readonly ClockBounds[]): ClockBounds {
  const middle = Math.floor(others.length / 2);
  const least = Float64Array.from(others, ({ leastMs }) => leastMs).sort();
  const most = Float64Array.from(others, ({ mostMs }) => mostMs).sort();
  return { leastMs: least[middle - 1] ?? -Infinity, mostMs: most[middle] ?? Infinity };
}

/** By how much the own clock is ahead of the median, at least; below 0 behind it. */
export function aheadOfMedianMs(ownMs: number, { leastMs, mostMs }: ClockBounds): number {
  return ownMs > mostMs ? ownMs - mostMs : Math.min(0, ownMs - leastMs);
}

export function isFarOff(aheadMs: number): boolean {
  return Math.abs(aheadMs) > limits.wallSkewMsMax;
}
