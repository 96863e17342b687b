/**
 * Values whose time is over. Each replica drops their bytes by itself, once no node shows them any
 * more: what is left of the sibling (its dot, when it expired, its operation) is *emptied*. The
 * digest of a state covers dots, so replicas that have dropped a value and those that have not
 * still agree.
 */
import { limits } from './limits.js';
import type { Sibling } from './sibling.js';

/** How long a put's value lives, by what the put says and its bucket; 0: until it is replaced. */
export function lifetimeMs(askedMs: number, bucketMs: number): number {
  if (askedMs === 0) return bucketMs;
  return askedMs === limits.ttlMsNone ? 0 : askedMs;
}

/** Its value expired, and is gone. */
export function isEmptied({ value, expiresAtMs, remembered }: Sibling): boolean {
  return value === null && expiresAtMs !== 0 && remembered !== true;
}

/** Whether its value has expired by then and is still there. */
export function isToBeEmptied({ value, expiresAtMs }: Sibling, untilMs: number): boolean {
  return value !== null && expiresAtMs !== 0 && expiresAtMs <= untilMs;
}

/**
 * The siblings without the values that have expired by then; the same list when there are none.
 */
export function emptied(siblings: readonly Sibling[], untilMs: number): readonly Sibling[] {
  const isOver = (sibling: Sibling): boolean => isToBeEmptied(sibling, untilMs);
  if (!siblings.some(isOver)) return siblings;
  return siblings.map((sibling) => (isOver(sibling) ? asEmptied(sibling) : sibling));
}

export function asEmptied(sibling: Sibling): Sibling {
  const { manifest: _, ...rest } = sibling;
  return { ...rest, value: null };
}

/**
 * What has expired by then no node shows any more: each goes by a clock that is at most
 * `wallSkewMsMax` from the middle of all, so two of them differ by twice that.
 */
export function expiredForAllMs(nowMs: number): number {
  return nowMs - 2 * limits.wallSkewMsMax;
}

/**
 * Whether a node knows enough of other clocks to drop what its own says is over: those of most
 * members, its own among them. One that hears of fewer waits, however long.
 */
export function isClockAgreed(told: number, members: number): boolean {
  return 2 * (told + 1) > members;
}
