/**
 * Who choose the configuration that follows one: its members, or some of them where there are many,
 * on as many hosts and in as many zones as there are. All nodes find the same ones, from the
 * document alone.
 *
 * Who was removed does not vote: the configuration that says so was chosen by a majority of which
 * it may have been one, and from then on nobody waits for it.
 */
import type { NodeId } from './actor.js';
import type { Configuration, Place } from './configuration.js';
import { limits } from './limits.js';

/** Ascending. */
export function votersOf({ members, removed }: Configuration): readonly NodeId[] {
  const candidates = members.filter(({ id }) => !removed.includes(id));
  const voters: Place[] = [];
  while (voters.length < limits.votersMax && candidates.length > 0) {
    const next = farthest(candidates, voters);
    candidates.splice(candidates.indexOf(next), 1);
    voters.push(next);
  }
  return voters.map(({ id }) => id).sort();
}

export function majorityOf(voters: readonly NodeId[]): number {
  return Math.floor(voters.length / 2) + 1;
}

/** In the zone, and there on the host, that has the fewest voters; of several the first. */
function farthest(candidates: readonly Place[], voters: readonly Place[]): Place {
  const crowding = ({ host, zone }: Place): readonly [ofZone: number, ofHost: number] => [
    voters.filter((voter) => voter.zone === zone).length,
    voters.filter((voter) => voter.host === host).length,
  ];
  return candidates.reduce((best, place) => {
    const [ofZone, ofHost] = crowding(place);
    const [leastOfZone, leastOfHost] = crowding(best);
    const isFarther = ofZone === leastOfZone ? ofHost < leastOfHost : ofZone < leastOfZone;
    return isFarther ? place : best;
  });
}
