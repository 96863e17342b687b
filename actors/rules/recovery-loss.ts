/** What a recovery costs, for who is to decide on it: partitions whose owners are lost. */
import type { NodeId } from './actor.js';
import type { Configuration } from './configuration.js';
import { layoutOf } from './layout.js';
import { hasMoved, placementOf, type Placement, replicasOf } from './placement.js';
import type { ReplicaCount } from './transfer.js';

export interface Loss extends ReplicaCount {
  /** No owner is left: all that is in them is lost but what is owed to the owners elsewhere. */
  readonly gone: readonly number[];
  /**
   * An owner is left, and what was acknowledged may have been by those alone who are lost.
   */
  readonly exposed: readonly number[];
}

/** Of the keys of buckets with so many replicas. */
export function lossOf(
  base: Configuration,
  survivors: ReadonlySet<NodeId>,
  { n, w }: ReplicaCount,
): Loss {
  const layout = layoutOf(base);
  const gone: number[] = [];
  const exposed: number[] = [];
  for (let partition = 0; partition < base.partitions; partition++) {
    const placement = placementOf(layout, partition, n);
    if (!replicasOf(placement).some((node) => survivors.has(node))) gone.push(partition);
    else if (!isWhole(placement, survivors, w)) exposed.push(partition);
  }
  return { n, w, gone, exposed };
}

/**
 * Every acknowledged put is left somewhere: W of the owners had it, and fewer of them are lost.
 * What has moved is whole with the new owners as well.
 */
function isWhole(placement: Placement, survivors: ReadonlySet<NodeId>, w: number): boolean {
  const { primaries, incoming } = placement;
  const lost = (owners: readonly NodeId[]): number =>
    owners.filter((node) => !survivors.has(node)).length;
  return lost(primaries) < w || (hasMoved(placement) && lost(incoming) < w);
}
