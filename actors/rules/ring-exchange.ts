/**
 * Brings the loads of nodes within bounds by exchanges that cost least: a partition goes from one
 * node to another, that one may give another partition to a third, and so on, from a node that has
 * too much to one that takes more, or from one that can spare it to one that has too little.
 * Successive shortest paths of a flow of least cost (Ahuja, Magnanti, Orlin 1993); what a partition
 * may have instead keeps as many hosts and zones, so each exchange is one of bases of a matroid.
 */
import type { Places } from './ring-places.js';

export interface Bounds {
  readonly least: number;
  readonly most: number;
}

export interface Exchange {
  /** Partition → its nodes; changed in place. */
  readonly lists: number[][];
  /** Those that stay, and of which others may come. */
  readonly base: readonly (readonly number[])[];
  readonly pool: readonly (readonly number[])[];
  /** Node → partition → cost: whole numbers. */
  readonly costs: readonly Int32Array[];
  readonly places: Places;
  /** Of each node's load. */
  readonly bounds: readonly Bounds[];
}

/** As far as it goes: hosts and zones may not let. */
export function exchange(of: Exchange): void {
  const market = new Market(of);
  // Each brings one node nearer to its bounds, so there are never more.
  for (let left = of.lists.length * of.bounds.length; left > 0 && market.improve(); left--);
}

const none = -1;

class Market {
  private readonly nodes: number;
  /** Node → its partitions. */
  private readonly held: readonly Set<number>[];
  /** From node × to node → the cheapest partition to go that way, and what that adds. */
  private readonly via: Int32Array;
  private readonly price: Float64Array;
  /** Partition → 1 while prices are made anew because it changed. */
  private readonly isChanged: Uint8Array;
  /** Partition → hosts and zones its first list had: no exchange leaves it fewer. */
  private readonly spread: readonly Spread[];

  constructor(private readonly of: Exchange) {
    const { lists, bounds, places } = of;
    this.nodes = bounds.length;
    this.held = bounds.map(() => new Set());
    lists.forEach((list, partition) => list.forEach((node) => this.held[node]!.add(partition)));
    this.via = new Int32Array(this.nodes * this.nodes).fill(none);
    this.price = new Float64Array(this.nodes * this.nodes).fill(Infinity);
    this.isChanged = new Uint8Array(lists.length);
    this.spread = lists.map((list) => spreadOf(list, places));
    lists.forEach((_, partition) => this.offer(partition));
  }

  /** Returns whether a load was brought nearer to its bounds. */
  improve(): boolean {
    const { bounds } = this.of;
    const all = [...bounds.keys()];
    const over = all.filter((node) => this.held[node]!.size > bounds[node]!.most);
    const under = all.filter((node) => this.held[node]!.size < bounds[node]!.least);
    const takers = all.filter((node) => this.held[node]!.size < bounds[node]!.most);
    const givers = all.filter((node) => this.held[node]!.size > bounds[node]!.least);
    if (over.length > 0 && this.trade(over, takers)) return true;
    return under.length > 0 && this.trade(givers, under);
  }

  /** Along the cheapest way from one of `from` to one of `to`, of equal ones the shortest. */
  private trade(from: readonly number[], to: readonly number[]): boolean {
    const { cost, before } = this.waysFrom(from);
    const ends = to.filter((node) => before[node] !== none);
    if (ends.length === 0) return false;
    let node = ends.reduce((best, end) => (cost[end]! < cost[best]! ? end : best));
    const changed: number[] = [];
    while (before[node] !== none && changed.length < this.nodes) {
      const giver = before[node]!;
      const partition = this.via[giver * this.nodes + node]!;
      if (!this.mayGo(partition, giver, node)) break;
      this.give(partition, giver, node);
      changed.push(partition);
      node = giver;
    }
    this.reprice(changed);
    return changed.length > 0;
  }

  private give(partition: number, giver: number, node: number): void {
    const list = this.of.lists[partition]!;
    list[list.indexOf(giver)] = node;
    this.held[giver]!.delete(partition);
    this.held[node]!.add(partition);
  }

  /** Bellman and Ford, a hop a round: prices may be below 0, ways around a circle are not. */
  private waysFrom(from: readonly number[]): { cost: Float64Array; before: Int32Array } {
    const cost = new Float64Array(this.nodes).fill(Infinity);
    const before = new Int32Array(this.nodes).fill(none);
    for (const node of from) cost[node] = 0;
    let reached = from;
    for (let hops = 0; hops < this.nodes && reached.length > 0; hops++) {
      const further = new Set<number>();
      const costs = reached.map((giver) => cost[giver]!);
      for (const [i, giver] of reached.entries()) {
        for (let node = 0; node < this.nodes; node++) {
          const now = costs[i]! + this.price[giver * this.nodes + node]!;
          if (now >= cost[node]!) continue;
          cost[node] = now;
          before[node] = giver;
          further.add(node);
        }
      }
      reached = [...further];
    }
    return { cost, before };
  }

  /** The partition changed: it may be the cheapest one now where another was, or is no more. */
  private reprice(changed: readonly number[]): void {
    for (const partition of changed) this.isChanged[partition] = 1;
    for (let pair = 0; pair < this.via.length; pair++) {
      const partition = this.via[pair]!;
      if (partition === none || this.isChanged[partition] === 0) continue;
      const [giver, node] = [Math.floor(pair / this.nodes), pair % this.nodes];
      this.via[pair] = none;
      this.price[pair] = Infinity;
      for (const partition of this.held[giver]!) this.consider(partition, giver, node);
    }
    for (const partition of changed) {
      this.isChanged[partition] = 0;
      this.offer(partition);
    }
  }

  private offer(partition: number): void {
    for (const giver of this.of.lists[partition]!)
      for (const node of this.of.pool[partition]!) this.consider(partition, giver, node);
  }

  private consider(partition: number, giver: number, node: number): void {
    const { costs } = this.of;
    const pair = giver * this.nodes + node;
    const price = costs[node]![partition]! - costs[giver]![partition]!;
    if (price > this.price[pair]!) return;
    if (price === this.price[pair] && partition >= this.via[pair]!) return;
    if (!this.mayGo(partition, giver, node)) return;
    this.via[pair] = partition;
    this.price[pair] = price;
  }

  private mayGo(partition: number, giver: number, node: number): boolean {
    const { lists, base, pool, places } = this.of;
    const list = lists[partition]!;
    if (!list.includes(giver) || list.includes(node)) return false;
    if (base[partition]!.includes(giver) || !pool[partition]!.includes(node)) return false;
    const after = spreadOf(
      list.map((other) => (other === giver ? node : other)),
      places,
    );
    const { hosts, zones } = this.spread[partition]!;
    return after.hosts >= hosts && after.zones >= zones;
  }
}

interface Spread {
  readonly hosts: number;
  readonly zones: number;
}

function spreadOf(list: readonly number[], { host, zone }: Places): Spread {
  return { hosts: differentOf(list, host), zones: differentOf(list, zone) };
}

/** Lists are short: a set is dearer than looking back. */
function differentOf(list: readonly number[], names: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < list.length; i++) {
    let k = 0;
    while (names[list[k]!] !== names[list[i]!]) k++;
    if (k === i) count++;
  }
  return count;
}
