/**
 * Monotonic time of another process, as far as it is known: what it told, and the time since.
 *
 * A word about a clock is old by the time it took to arrive, so the clock shows at least what was
 * told. Of several words the one that took least is the truest, as in NTP's clock filter (RFC 5905,
 * section 10); of two windows of time, because a clock that stood still (a paused virtual machine)
 * makes all earlier words untrue. Clocks run at different rates: what is known gets worse with
 * time.
 */
import { limits } from './limits.js';

/** A moment on the monotonic clock of one process. */
export interface Moment {
  /**
   * Names the process: drawn when it starts, never 0. A clock of an earlier process says nothing.
   */
  readonly process: number;
  /** Whole ms. */
  readonly ms: number;
}

/**
 * By whom the clock of a process is not known: nothing such a process is asked to do will be done.
 */
export const noMoment: Moment = { process: 0, ms: 0 };

export interface ToldClock {
  readonly process: number;
  /** By how much it is ahead of the own clock, at least. */
  readonly aheadMs: number;
  /** The same, by the words since `windowMs` alone. */
  readonly newestAheadMs: number;
  /** By how much at most, by what it last said of the own clock; Infinity before it did. */
  readonly aheadMostMs: number;
  /** When the window before this one began, and this one; on the own clock. */
  readonly sinceMs: number;
  readonly windowMs: number;
}

/** `nowMs`: on the own clock, read after the word arrived. */
export function afterWord(known: ToldClock | undefined, told: Moment, nowMs: number): ToldClock {
  const { process } = told;
  const aheadMs = told.ms - nowMs;
  if (known?.process !== process)
    return {
      process,
      aheadMs,
      newestAheadMs: aheadMs,
      aheadMostMs: Infinity,
      sinceMs: nowMs,
      windowMs: nowMs,
    };
  const { newestAheadMs, windowMs } = known;
  if (nowMs < windowMs + limits.clockWindowMs)
    return {
      ...known,
      aheadMs: Math.max(known.aheadMs, aheadMs),
      newestAheadMs: Math.max(newestAheadMs, aheadMs),
    };
  const window = { newestAheadMs: aheadMs, windowMs: nowMs };
  // After a silence a clock may have run away from what was told of it, so far that a new word is
  // the better one.
  if (nowMs >= windowMs + 2 * limits.clockWindowMs) {
    const oldAheadMs = newestAheadMs - driftMsMax(nowMs - windowMs);
    return { ...known, ...window, aheadMs: Math.max(oldAheadMs, aheadMs), sinceMs: nowMs };
  }
  return { ...known, ...window, aheadMs: Math.max(newestAheadMs, aheadMs), sinceMs: windowMs };
}

function driftMsMax(forMs: number): number {
  return (forMs * limits.clockRatePpmMax) / 1e6;
}

/** The other has said what the own clock showed at least when its own showed `toldMs`. */
export function afterEcho(known: ToldClock, toldMs: number, ownMs: number): ToldClock {
  return { ...known, aheadMostMs: toldMs - ownMs };
}

/** What the clock shows at least when the own shows `atMs`, which may lie ahead. */
export function momentThere(known: ToldClock, atMs: number, nowMs: number): Moment {
  const driftMs = driftMsMax(nowMs - known.sinceMs);
  return { process: known.process, ms: Math.max(0, Math.floor(atMs + known.aheadMs - driftMs)) };
}
