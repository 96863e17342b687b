/**
 * Which of the configurations that others tell a node goes by. One that may follow the one it knows
 * it takes from anybody: that is no accident. One that is further away, as it is told to who was
 * not there for a while, could be any: somebody else has to tell it too, if there is anybody.
 */
import type { NodeId } from './actor.js';
import type { Configuration } from './configuration.js';
import { chainLimits } from './limits/chain.js';
import { mayFollow } from './steps.js';

export interface Told {
  readonly configuration: Configuration;
  readonly by: ReadonlySet<NodeId>;
  /** When it was told first; monotonic. */
  readonly sinceMs: number;
}

/** `others`: members that live, by the one that is known. `nowMs`: monotonic. */
export function isVouchedFor(
  known: Configuration | undefined,
  { configuration, by, sinceMs }: Told,
  { others, nowMs }: { readonly others: readonly NodeId[]; readonly nowMs: number },
): boolean {
  if (known === undefined || mayFollow(known, configuration)) return true;
  if (by.size > 1 || others.every((node) => by.has(node))) return true;
  // The others may not have it, or not be able to tell: waiting for ever would lose the node.
  return nowMs - sinceMs >= chainLimits.vouchedMsMax;
}
