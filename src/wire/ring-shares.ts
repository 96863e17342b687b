/** For how much of a ring each of its nodes answers. */
import type { NodeId } from '../../actors/rules/actor.js';
import { placementOf } from '../../actors/rules/placement.js';
import { layoutOf, type RingMessage } from './ring-message.js';

export interface RingShare {
  /** Of so many partitions it is a reader. */
  all: number;
  /** And of these the first one. */
  first: number;
}

/** Of every node of the ring, by the default N. */
export function ringSharesOf(ring: RingMessage): ReadonlyMap<NodeId, Readonly<RingShare>> {
  const shares = new Map(ring.nodes.map(({ id }): [NodeId, RingShare] => [id, none()]));
  const layout = layoutOf(ring);
  for (let partition = 0; partition < ring.groupOf.length; partition++) {
    const { readers } = placementOf(layout, partition, ring.n);
    for (const [position, id] of readers.entries()) {
      const share = shares.get(id)!;
      share.all++;
      if (position === 0) share.first++;
    }
  }
  return shares;
}

function none(): RingShare {
  return { all: 0, first: 0 };
}
