/** What this node goes by when keys are forgotten. */
import type { ClusterView } from '../membership/cluster-view.js';
import type { Grounds } from '../wire/protocol/collection.js';

export function groundsOf(view: ClusterView): Grounds {
  return { configuration: view.configuration, holders: view.holders().toSorted() };
}

/**
 * Whether both sides ask the same nodes: who takes data from one that was removed or let go, of
 * which it has not heard, may get back from there what is forgotten.
 */
export function sameHolders(a: Grounds, b: Grounds): boolean {
  return a.holders.join() === b.holders.join();
}
