/** What a node ends with that is no member any more; another start would end the same way. */
import type { Departure } from './chain.js';

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
