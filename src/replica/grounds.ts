/** What this node goes by when keys are forgotten. */
import type { ClusterView } from '../membership/cluster-view.js';
import type { Grounds } from '../wire/protocol/collection.js';

export function groundsOf({ ring, removed }: ClusterView): Grounds {
  return { ringEpoch: ring.epoch, removed: [...removed].sort() };
}

/** Whether both sides know the same. */
export function sameGrounds(a: Grounds, b: Grounds): boolean {
  return a.ringEpoch === b.ringEpoch && a.removed.join() === b.removed.join();
}
