/** What this node goes by when keys are forgotten. */
import type { ClusterView } from '../membership/cluster-view.js';
import type { Grounds } from '../wire/protocol/collection.js';

export function groundsOf({ configuration, removed }: ClusterView): Grounds {
  return { configuration, removed: [...removed].sort() };
}

/** Whether both sides know of the same removals. */
export function sameRemovals(a: Grounds, b: Grounds): boolean {
  return a.removed.join() === b.removed.join();
}
