/**
 * How background work yields to requests: after each piece of it a node rests for a multiple of the
 * time that it took. The more others have to wait, the larger the multiple; but there is a longest
 * rest, so that the work goes on under any load.
 */
import { limits } from './limits.js';
import { yieldingLimits } from './limits/yielding.js';

/** How much else a node has to do. */
export interface Strain {
  /** Requests come, or came a moment ago. */
  readonly isServing: boolean;
  /** How late timers fire, on the average: so long whatever comes has to wait. */
  readonly lateMs: number;
  /** Part of what may wait for the disk before puts are refused. */
  readonly backlog: number;
}

/** In ms, for a piece of work that took so long. */
export function restAfter(workMs: number, { isServing, lateMs, backlog }: Strain): number {
  const { restShareCalm, restShareServing, restShareStrained } = yieldingLimits;
  const { lateMsStrained, backlogStrained, restMsMin, restMsMax } = yieldingLimits;
  const strain = Math.min(1, Math.max(lateMs / lateMsStrained, backlog / backlogStrained));
  const usual = isServing ? restShareServing : restShareCalm;
  const share = usual + strain * (restShareStrained - usual);
  return Math.min(restMsMax, Math.max(restMsMin, Math.ceil(share * workMs)));
}

/** The average of how late timers fired, with one that was to fire `restMs` after it was set. */
export function lateWith(
  lateMs: number,
  fired: { readonly restMs: number; readonly afterMs: number },
): number {
  const { restMs, afterMs } = fired;
  const { timerSteppedMsMin, timerStepMs } = limits;
  const grainMs = restMs < timerSteppedMsMin ? yieldingLimits.timerGrainMs : timerStepMs;
  const lastMs = Math.max(0, afterMs - restMs - grainMs);
  return lateMs + (lastMs - lateMs) * yieldingLimits.lateShare;
}
