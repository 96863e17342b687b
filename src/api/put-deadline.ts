/** Until when a put of a plain client may be begun. */
import { DeadlineError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { headerNames } from '../wire/subjects.js';
import type { PutDemands } from './headers.js';

/**
 * On the monotonic clock, as this node can tell it: a plain request says how long, but not since
 * when. Throws `DeadlineError` when it may be past already: its author may have put another value
 * since, here or elsewhere.
 *
 * `atMs`: when it was read; `unreadMs`: for how long at most it had lain unread here.
 */
export function putDeadline(
  { timeoutMs, untilWallMs }: PutDemands,
  { atMs, unreadMs }: { readonly atMs: number; readonly unreadMs: number },
  clock: Pick<Clock, 'wallMs'>,
): number {
  if (unreadMs >= timeoutMs)
    throw new DeadlineError(
      `it may have waited ${Math.round(unreadMs)} ms until it was read, and had ${timeoutMs} ms`,
      'none',
    );
  const deadlineMs = atMs - unreadMs + timeoutMs;
  if (untilWallMs === Infinity) return deadlineMs;
  const leftMs = untilWallMs - clock.wallMs();
  if (leftMs < 0)
    throw new DeadlineError(`read ${-leftMs} ms after its ${headerNames.deadline}`, 'none');
  return Math.min(deadlineMs, atMs + leftMs);
}
