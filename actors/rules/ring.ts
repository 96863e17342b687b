/**
 * The ring: which node holds which partition, a pure function of the active members.
 *
 * A partition's preference list goes clockwise from the start of its arc over the tokens of the
 * nodes. The first places are distinct hosts (distinct zones while there are enough), and are
 * filled one place at a time under bounded load: of the first n places no node has more than its
 * share and `overloadMax` on top. That always holds for n = 1 and 2 and for equal weights on hosts
 * of their own; where some nodes are heavy enough to be in every list, the rest can be uneven,
 * since each place is filled without regard to the next. Behind `balancedPlacesMax` the list goes
 * on clockwise without the bound.
 */
import type { NodeId } from './actor.js';
import { limits } from './limits.js';
import type { Member } from './membership.js';
import { match } from './ring-matching.js';
import { sharesOf } from './ring-shares.js';
import { fnvBasis, hashText, mixed } from './hash.js';
import { distancesOf, tokensOf } from './ring-tokens.js';

export interface Ring {
  /** Hash over what the ring is computed from; equal members compute equal rings. */
  readonly epoch: number;
  readonly partitions: number;
  /**
   * All active nodes, clockwise from the partition; the first N on distinct hosts (zones while
   * there are enough) come first.
   */
  preferenceList(partition: number): readonly NodeId[];
  /** Index of the partition's replica group: partitions with equal preference lists share one. */
  groupOf(partition: number): number;
}

export type RingMember = Pick<Member, 'id' | 'host' | 'zone' | 'weight'>;

/**
 * Takes the active members in any order. Costs about 15 ms for 50 nodes and 256 partitions: keep
 * the result.
 */
export function ringOf(members: readonly RingMember[], partitions: number): Ring {
  const nodes = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const lists = listsOf(nodes, partitions);
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
    epoch: epochOf(nodes, partitions),
    partitions,
    preferenceList: (partition) => preferences[groupOf[partition]!]!,
    groupOf: (partition) => groupOf[partition]!,
  };
}

function epochOf(nodes: readonly RingMember[], partitions: number): number {
  let hash = hashText(fnvBasis, String(partitions));
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

/** Node → its host and zone, as numbers. */
interface Places {
  readonly host: readonly number[];
  readonly zone: readonly number[];
}

function placesOf(nodes: readonly RingMember[]): Places {
  return {
    host: numbered(nodes.map((node) => node.host)),
    zone: numbered(nodes.map((node) => node.zone)),
  };
}

function numbered(names: readonly string[]): number[] {
  const numbers = new Map([...new Set(names)].map((name, i) => [name, i]));
  return names.map((name) => numbers.get(name)!);
}

/**
 * Who may stand next in a list: nodes in a zone not yet named; failing that on a host not yet
 * named; failing that any other.
 */
function candidates(
  list: readonly number[],
  clockwise: readonly number[],
  { host, zone }: Places,
): readonly number[] {
  const hosts = new Set(list.map((node) => host[node]!));
  const zones = new Set(list.map((node) => zone[node]!));
  const elsewhere = clockwise.filter((node) => !hosts.has(host[node]!));
  const afar = elsewhere.filter((node) => !zones.has(zone[node]!));
  if (afar.length > 0) return afar;
  return elsewhere.length > 0 ? elsewhere : clockwise.filter((node) => !list.includes(node));
}

/** Appends all nodes that are not in the list yet, in the same order of precedence. */
function complete(list: number[], clockwise: readonly number[], { host, zone }: Places): void {
  const named = new Set(list);
  const hosts = new Set(list.map((node) => host[node]!));
  const zones = new Set(list.map((node) => zone[node]!));
  const tests = [
    (node: number): boolean => !zones.has(zone[node]!) && !hosts.has(host[node]!),
    (node: number): boolean => !hosts.has(host[node]!),
    (): boolean => true,
  ];
  for (const fits of tests) {
    for (const node of clockwise) {
      if (named.has(node) || !fits(node)) continue;
      list.push(node);
      named.add(node);
      hosts.add(host[node]!);
      zones.add(zone[node]!);
    }
  }
}
