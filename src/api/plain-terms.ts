/** What requests of plain clients go by, whichever way they come in. */
import { limits } from '../../actors/rules/limits.js';
import type { Hearing } from '../bus/hearing.js';
import { OverloadedError } from '../errors.js';
import type { Copy } from '../wire/copy-age.js';
import type { PutDemands } from './headers.js';
import type { PlainTimes } from './plain-puts.js';
import type { WorkQueue } from './work-queue.js';

/**
 * Clients that hold nothing back: what can't be read in time is refused while that costs little, so
 * that the rest is done in time. Throws `OverloadedError`.
 */
export function checkWait(hearing: Pick<Hearing, 'waitedMs'>, atMs: number): void {
  const waitedMs = hearing.waitedMs(atMs);
  if (waitedMs > limits.waitMsMax)
    throw new OverloadedError(`requests wait ${Math.round(waitedMs)} ms until they are read`);
}

/**
 * While others may be given the same message, each of them has a copy that says nothing of the
 * others.
 */
export function copyOf(
  { operation, ageMs }: Pick<PutDemands, 'operation' | 'ageMs'>,
  queue: Pick<WorkQueue, 'isDoubled'>,
): Copy {
  if (ageMs > 0) return 'later';
  return operation !== '' || queue.isDoubled ? 'any' : 'first';
}

export function plainTimes(
  { timeoutMs, untilWallMs }: Pick<PutDemands, 'timeoutMs' | 'untilWallMs'>,
  { readMs, unreadMs }: Pick<PlainTimes, 'readMs' | 'unreadMs'>,
): PlainTimes {
  return { readMs, timeoutMs: untilWallMs === Infinity ? timeoutMs : Infinity, unreadMs };
}

/**
 * Whether a put that is refused here may be done elsewhere: a node that stood still does not know
 * yet that others were given its share.
 */
export function mayBeDoneElsewhere(
  queue: Pick<WorkQueue, 'refusesForItselfAlone'>,
  unreadMs: number,
): boolean {
  return queue.refusesForItselfAlone || unreadMs >= limits.silenceMsMax;
}
