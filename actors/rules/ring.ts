/**
 * The ring: which node holds which partition, a pure function of the members that hold any.
 *
 * The first places of a partition's preference list are distinct hosts (distinct zones while there
 * are enough). In version 1 it goes clockwise from the start of the partition's arc over the tokens
 * of the nodes, and is filled one place at a time under bounded load: of the first n places no node
 * has more than its share and `overloadMax` on top. That always holds for n = 1 and 2 and for equal
 * weights on hosts of their own; where some nodes are heavy enough to be in every list, the rest
 * can be uneven, since each place is filled without regard to the next. Behind `balancedPlacesMax`
 * the list goes on clockwise without the bound. Version 2 is in `ring-balanced.ts`.
 */
import type { NodeId } from './actor.js';
import type { RingVersion } from './configuration.js';
import { limits } from './limits.js';
import type { Member } from './membership.js';
import { balancedListsOf } from './ring-balanced.js';
import { match } from './ring-matching.js';
import { candidates, complete, placesOf } from './ring-places.js';
import { sharesOf } from './ring-shares.js';
import { fnvBasis, hashText, mixed } from './hash.js';
import { distancesOf, tokensOf } from './ring-tokens.js';

export interface Ring {
  /** Hash over what the ring is computed from; equal members compute equal rings. */
  readonly epoch: number;
  readonly partitions: number;
  /**
   * All nodes; the first N on distinct hosts (zones while there are enough) come first.
   */
  readonly preferenceList: (partition: number) => readonly NodeId[];
  /** Index of the partition's replica group: partitions with equal preference lists share one. */
  readonly groupOf: (partition: number) => number;
}

export type RingMember = Pick<Member, 'id' | 'host' | 'zone' | 'weight'>;

/**
 * Takes the nodes in any order. Costs about 15 ms for 50 nodes and 256 partitions, of version 2
 * three times as much: keep the result.
 */
export function ringOf(
  members: readonly RingMember[],
  partitions: number,
  version: RingVersion = 1,
): Ring {
  const nodes = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const lists = version === 1 ? listsOf(nodes, partitions) : balancedListsOf(nodes, partitions);
  const groups = new Map<string, number>();
  const preferences: (readonly NodeId[])[] = [];
  const groupOf = lists.map((list) => {
    const name = list.join(' ');
    const known = groups.get(name);
    if (known !== undefined) return known;
    preferences.push(list.map((node) => nodes[node]!.id));
    groups.set(name, groups.size);
    return groups.size - 1;
  });
  return {
    epoch: epochOf(nodes, version === 1 ? `${partitions}` : `${partitions} ${version}`),
    partitions,
    preferenceList: (partition) => preferences[groupOf[partition]!]!,
    groupOf: (partition) => groupOf[partition]!,
  };
}

function epochOf(nodes: readonly RingMember[], kind: string): number {
  let hash = hashText(fnvBasis, kind);
  for (const { id, host, zone, weight } of nodes)
    hash = hashText(hash, JSON.stringify([id, host, zone, weight]));
  return mixed(hash);
}

/** Partition → indexes of `nodes`. */
function listsOf(nodes: readonly RingMember[], partitions: number): number[][] {
  const distances = nodes.map((node) => distancesOf(tokensOf(node), partitions));
  const distance = (node: number, partition: number): number => distances[node]![partition]!;
  const lists = Array.from({ length: partitions }, (): number[] => []);
  const clockwise = lists.map((_, partition) =>
    [...nodes.keys()].sort((a, b) => distance(a, partition) - distance(b, partition) || a - b),
  );
  const places = placesOf(nodes);
  const load: number[] = nodes.map(() => 0);
  const balanced = Math.min(limits.balancedPlacesMax, nodes.length);
  for (let depth = 1; depth <= balanced; depth++) {
    const shares = sharesOf(nodes, { depth, partitions });
    const room = shares.map((share, node) => Math.max(0, loadMax(share) - load[node]!));
    const wishes = lists.map((list, partition) => candidates(list, clockwise[partition]!, places));
    match({ wishes, room, distance }).forEach((node, partition) => {
      lists[partition]!.push(node);
      load[node]!++;
    });
  }
  lists.forEach((list, partition) => complete(list, clockwise[partition]!, places));
  return lists;
}

/** Shares are sums of fractions: without the small change 3 × 85.33 could round up to 257. */
export function loadMax(share: number): number {
  return Math.ceil(share * (1 + limits.overloadMax) - 1e-6);
}
