/**
 * By which layout a message goes: the number of the configuration with which it last changed who is
 * written (`configuration.ts`). Who owns a partition follows from it: an ack or an answer of a node
 * that goes by another one must not count for a quorum. So what counts for one says it, a receiver
 * that differs does nothing and answers so, and the sender fetches what it may lack and tries again
 * as long as its requests live.
 */
import { limits } from './limits.js';

/** 32 bits, unsigned. */
export type ConfigurationNumber = number;

/** As a message says it; `unsaid`: it counts for no quorum, or its author knows of none. */
export type SaidConfiguration = ConfigurationNumber | null;

export const unsaid = null;

/** Whether who goes by `own` may serve what was said; else it answers that it goes by another. */
export function isServed(said: SaidConfiguration, own: ConfigurationNumber): boolean {
  return said === own || said === unsaid;
}

/**
 * What a round does that was answered so. `anew`: its own node goes by another one than when the
 * round was planned, so it asks the owners as they are now. `again`: it asks the same node once
 * more in a while; meanwhile that node counts as one that can't be reached.
 */
export function courseOf(planned: ConfigurationNumber, own: ConfigurationNumber): 'anew' | 'again' {
  return planned === own ? 'again' : 'anew';
}

/**
 * Whether to tell a node that differs what is known here and ask it for the same, having done so
 * before.
 */
export function mayReconcile(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs >= limits.configurationAgainMsMax;
}
