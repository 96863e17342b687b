/** How a node's membership ends, and what the node ends with; another start ends the same way. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';

export type Departure =
  | { readonly kind: 'left' }
  | { readonly kind: 'removed' }
  /** It was recovered without this node, from a configuration; and this one knew of another. */
  | {
      readonly kind: 'lost';
      readonly from: ConfigurationNumber;
      readonly known: ConfigurationNumber;
    };

/** By a configuration without the node. `before`: the last one on its disk. */
export function departureBy(
  { removed, recoveries }: Configuration,
  own: {
    readonly self: NodeId;
    readonly before: Configuration | undefined;
    /** It said that it holds nothing any more, by this layout. */
    readonly emptied: ConfigurationNumber;
  },
): Departure {
  const { self, before, emptied } = own;
  const recovery = recoveries[before?.recoveries.length ?? 0];
  if (before !== undefined && recovery !== undefined)
    return { kind: 'lost', from: recovery.from, known: before.number };
  // Without its word an operator alone can have said that it is gone, whatever it holds.
  const isLetGo = before?.leaving.includes(self) === true && emptied === before.layout;
  return { kind: isLetGo && !removed.includes(self) ? 'left' : 'removed' };
}

/** It was removed, or others have gone on without it. */
export class RemovedError extends Error {
  constructor(departure: Departure | undefined) {
    super(departure?.kind === 'lost' ? lost(departure) : removed);
    this.name = new.target.name;
  }
}

const removed =
  'this node was removed from its cluster (quorate remove, or recover): the others hold it to be gone for good, and take nothing from it any more. What it alone held is not in the cluster. Put its data directory aside; with an empty one it is a new node';

function lost({ from, known }: Extract<Departure, { readonly kind: 'lost' }>): string {
  const more =
    known > from
      ? `; this node knew configuration ${known}, and what was changed between the two is undone`
      : '';
  return `this node is of an older era of its cluster: survivors of a lost majority went on without it (quorate recover), from configuration ${from}${more}. They take nothing from it any more. What it alone held is not in the cluster, writes among it that were acknowledged after it was cut off; its data directory has them still: put that aside. With an empty one it is a new node`;
}
