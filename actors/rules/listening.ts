/**
 * In which groups nodes listen to what clients send (to which partitions: `routing.ts`). Nodes
 * share requests through a queue group: nats-server gives each message to one of its members, and
 * goes on giving a hung node (a paused machine, a host without power) its share for as long as it
 * believes in the connection. So those that live meet in a group of another name, and what the hung
 * node swallows is served there as well.
 *
 * For a moment two nodes may differ on who hangs. Then both groups are served and some requests are
 * done twice, never not at all.
 */
import type { NodeId } from './actor.js';
import { hashText, fnvBasis, mixed } from './hash.js';
import { limits } from './limits.js';
import type { Reachability } from './membership.js';
import { hops } from './suspicion.js';

export interface ListeningMember {
  readonly id: NodeId;
  readonly reachability: Reachability;
  /** NATS said that nobody subscribes for it: whatever it listened to is gone. */
  readonly isAbsent: boolean;
  /** This node has had a message of its own since it started; before, it takes it for alive. */
  readonly isMet: boolean;
  readonly isRemoved: boolean;
}

/**
 * The members that may still be given requests and read none. Two sources for each, as for
 * everything that follows from silence; one is enough where nobody is left to be the other.
 */
export function hangingAmong(others: readonly ListeningMember[]): NodeId[] {
  const someoneLives = others.some(({ reachability }) => reachability === 'alive');
  return others
    .filter(({ reachability, isAbsent }) => {
      if (isAbsent || reachability === 'alive') return false;
      return reachability === 'down' || !someoneLives;
    })
    .map(({ id }) => id);
}

/**
 * Whether others may be given what this node is given: somebody is silent and not gone, so the
 * nodes may differ on who hangs, or each of two sides takes the other for hung. Then a refusal by
 * one says nothing about the others. Nor does it where this node is with the smaller part: it does
 * not know in which groups the larger one meets.
 */
export function mayBeDoubled(others: readonly ListeningMember[]): boolean {
  const alive = others.filter(({ reachability }) => reachability === 'alive').length;
  return (
    2 * alive < others.length ||
    others.some(({ reachability, isAbsent }) => reachability !== 'alive' && !isAbsent)
  );
}

/**
 * Whether no other can do what this node refuses. Who is gone, by NATS' word, may live where only
 * routes between servers are down: it may take a third for hung and meet elsewhere, and a client
 * that reaches both sides is served by both. Who was removed serves nobody once it hears of it.
 */
export function refusesForAll(others: readonly ListeningMember[]): boolean {
  return others.every(
    ({ reachability, isAbsent, isRemoved }) => reachability === 'alive' || (isAbsent && isRemoved),
  );
}

/**
 * Whether this node knows by now where the others meet: it has heard each of them itself, or knows
 * that it is gone. One that has just started takes those on the other side of a cut for alive, who
 * take it for hung and do what it is given.
 */
export function hasMetAll(others: readonly ListeningMember[]): boolean {
  return others.every(({ isMet, isAbsent }) => isMet || isAbsent);
}

/**
 * For how long a node counts as hung before others serve its share: until each of them was told
 * that somebody hangs, and marks what it does meanwhile. In a cluster in which gossip reaches all
 * with one beat, the least there is.
 */
export function hangingMsMin(nodes: number): number {
  return limits.hangingMsMin + (beatsUntilAllWereTold(nodes) - 1) * limits.gossipIntervalMs;
}

/**
 * Of a word that one node says, and whoever is told it passes on. In a small cluster it tells each
 * itself by then. In a large one it has reached nearly all when it has been passed on often enough,
 * and two beats later all: each of those who know it tells as many again with each.
 */
export function beatsUntilAllWereTold(nodes: number): number {
  const oneByOne = Math.ceil((nodes - 1) / limits.gossipFanout);
  return Math.max(1, Math.min(oneByOne, hops(nodes) + 2));
}

/**
 * Where those that live meet. Nodes that agree on who hangs meet in one group; `base` while nobody
 * does.
 */
export function queueGroup(base: string, hanging: readonly NodeId[]): string {
  if (hanging.length === 0) return base;
  const hash = mixed(hashText(fnvBasis, [...hanging].sort().join(' ')));
  return `${base}-${hash.toString(16).padStart(8, '0')}`;
}
