/** What a node ends with that is no member any more; another start would end the same way. */
import type { Departure } from './chain.js';

export function departureError(departure: Departure | undefined): Error {
  return new RangeError(departure === 'left' ? left : removed);
}

const removed =
  'this node was removed from its cluster (quorate remove): the others hold it to be gone for good, and take nothing from it any more. What it alone held is not in the cluster. Put its data directory aside; with an empty one it is a new node';

const left =
  'this node has left its cluster: the others hold all that it held. Put its data directory aside; with an empty one it is a new node';
