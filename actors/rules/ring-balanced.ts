/**
 * Rings of version 2: loads lie within `overloadMax` of the shares, above and below, as far as
 * distinct hosts and zones let, and a member more or less changes little.
 *
 * The first `placesAtOnceMax` places of all partitions are filled together: by those nodes that
 * cost least (`ring-costs.ts`), and from there by the cheapest exchanges (`ring-exchange.ts`) until
 * no node has too much or too little. Which of them stand first is chosen the same way, a place at
 * a time, so that the bounds hold for each N up to that. So is who comes after them, up to
 * `balancedPlacesMax`; there a node that is heavy enough to be in every list may come too late.
 *
 * From 10 equal nodes to 11, with 256 partitions and N = 3, 1.09 times the new one's share moves
 * (the mean of 16 clusters), from 6 to 7 1.01 times; by version 1 it is 1.19 and 1.08 times, and
 * some nodes have a sixth less than their share.
 */
import type { NodeId } from './actor.js';
import { limits } from './limits.js';
import { costsOf, discountOf, drawsOf } from './ring-costs.js';
import { type Bounds, exchange } from './ring-exchange.js';
import { complete, nextOf, type Places, placesOf } from './ring-places.js';
import { type Placed, sharesOf } from './ring-shares.js';

interface Nodes {
  readonly nodes: readonly Placed[];
  readonly places: Places;
  readonly partitions: number;
  /** Node → partition → cost. */
  readonly costs: readonly Int32Array[];
}

type Lists = readonly (readonly number[])[];

/** `nodes`: ascending by id. Partition → indexes of them. */
export function balancedListsOf(
  nodes: readonly (Placed & { readonly id: NodeId })[],
  partitions: number,
): number[][] {
  const draws = drawsOf(partitions);
  const costs = nodes.map(({ id }) => costsOf(id, draws));
  const all: Nodes = { nodes, places: placesOf(nodes), partitions, costs };
  const nobody = Array.from({ length: partitions }, (): number[] => []);
  const everybody = nobody.map(() => [...nodes.keys()]);
  const most = Math.min(limits.balancedPlacesMax, nodes.length);
  const atOnce = Math.min(limits.placesAtOnceMax, nodes.length);
  if (atOnce === 0) return nobody;

  const firsts: Lists[] = [];
  firsts[atOnce] = chosen(all, { depth: atOnce, base: nobody, pool: everybody });
  for (let depth = atOnce - 1; depth >= 1; depth--)
    firsts[depth] = chosen(all, { depth, base: nobody, pool: firsts[depth + 1]! });
  for (let depth = atOnce + 1; depth <= most; depth++)
    firsts[depth] = chosen(all, { depth, base: firsts[depth - 1]!, pool: everybody });

  return nobody.map((list, partition) => {
    for (let depth = 1; depth <= most; depth++)
      list.push(...firsts[depth]![partition]!.filter((node) => !list.includes(node)));
    complete(list, byCost(all.costs, partition, everybody[partition]!), all.places);
    return list;
  });
}

interface Choice {
  /** How many nodes a partition is to have. */
  readonly depth: number;
  /** Those it has, and of whom it may have others. */
  readonly base: Lists;
  readonly pool: Lists;
}

function chosen(all: Nodes, { depth, base, pool }: Choice): Lists {
  const { nodes, places, partitions } = all;
  const shares = sharesOf(nodes, { depth, partitions });
  const [fixed, reachable] = [loadsOf(base, nodes.length), loadsOf(pool, nodes.length)];
  const costs = all.costs.map((own, node) => {
    const room = Math.max(1, reachable[node]! - fixed[node]!);
    const discount = discountOf(((shares[node]! - fixed[node]!) / room) * partitions, partitions);
    return own.map((cost) => cost - discount);
  });
  const lists = base.map((fixedOnes, partition) => {
    const order = byCost(costs, partition, pool[partition]!);
    const list = [...fixedOnes];
    while (list.length < depth) list.push(nextOf(list, order, places));
    return list;
  });
  exchange({ lists, base, pool, costs, places, bounds: shares.map(boundsOf) });
  return lists;
}

/** Shares are sums of fractions: without the small change 3 × 85.33 could round up to 257. */
function boundsOf(share: number): Bounds {
  const small = 1e-6;
  const { overloadMax } = limits;
  return {
    least: Math.min(Math.floor(share + small), Math.ceil(share * (1 - overloadMax) - small)),
    most: Math.max(Math.ceil(share - small), Math.floor(share * (1 + overloadMax) + small)),
  };
}

function byCost(
  costs: readonly Int32Array[],
  partition: number,
  nodes: readonly number[],
): number[] {
  return nodes.toSorted((a, b) => costs[a]![partition]! - costs[b]![partition]! || a - b);
}

function loadsOf(lists: Lists, nodes: number): number[] {
  const loads = Array.from({ length: nodes }, () => 0);
  for (const list of lists) for (const node of list) loads[node]!++;
  return loads;
}
