/**
 * Which partitions a node is to receive, from whom, and when it has received enough. A node that
 * is to own a partition after a move, and did not before, has every put from the moment on at which
 * the move began; what was put earlier it fetches from the owners before, its *sources*.
 *
 * An acknowledged put lies at W of the owners O. Whoever has all that |O| − W + 1 of them hold,
 * each asked when it went by the moving layout already, has it: any W of them and these share one.
 * More would do no harm, so all that can be reached are asked.
 *
 * Owners before that stay owners need ask nobody: a put that too few of them have has been fetched
 * by all who come instead. That is no more true where one who was to come is gone for good, nor
 * where N changes, with fewer who come or other quorums after it: there all that are left to own
 * the partition fetch what the others hold.
 */
import type { NodeId } from './actor.js';
import { transferLimits } from './limits/transfer.js';
import { hasMoved, type Placement } from './placement.js';
import { remaining, type Removals } from './removal.js';
import type { Belief } from './routing.js';
import type { Spread } from './spread.js';

/** What all buckets have in common whose keys have as many replicas. */
export interface ReplicaCount {
  readonly n: Spread;
  /** The fewest nodes that must have stored a put of any of them. */
  readonly w: number;
}

/** Owners depend on N: what is said of a partition is said for each N that some bucket has. */
export function replicaCountsOf(
  buckets: Iterable<{ readonly n: Spread; readonly w: number }>,
): readonly ReplicaCount[] {
  const smallest = new Map<number, number>();
  for (const { n, w } of buckets) smallest.set(n, Math.min(w, smallest.get(n) ?? w));
  return [...smallest].map(([n, w]) => ({ n, w })).sort((a, b) => a.n - b.n);
}

/** It comes to own the partition, which has not moved yet. */
export function isComing({ primaries, incoming, readers }: Placement, node: NodeId): boolean {
  return incoming.includes(node) && !primaries.includes(node) && !readers.includes(node);
}

/**
 * Who must have what the owners before hold before the partition has moved; undefined: nobody is
 * left who could.
 */
export function targetsOf(
  { primaries, incoming, resized }: Placement,
  removals: Removals,
): readonly NodeId[] | undefined {
  const left = remaining(incoming, removals);
  if (left.length === incoming.length && resized === undefined)
    return incoming.filter((node) => !primaries.includes(node));
  const isHeld = remaining(primaries, removals).length > 0;
  return left.length === 0 && isHeld ? undefined : left;
}

/** Of how many sources a target must have all they hold, for the keys of one N. */
export interface Quota {
  readonly sources: readonly NodeId[];
  readonly needed: number;
}

/** None when the node is not to receive the partition. What it holds as an owner it has. */
export function quotasOf(
  placementFor: (n: Spread) => Placement,
  counts: readonly ReplicaCount[],
  { node, removals }: { readonly node: NodeId; readonly removals: Removals },
): readonly Quota[] {
  const quotas: Quota[] = [];
  for (const { n, w } of counts) {
    const placement = placementFor(n);
    if (hasMoved(placement) || targetsOf(placement, removals)?.includes(node) !== true) continue;
    const { primaries } = placement;
    const sources = primaries.filter((source) => source !== node);
    const own = primaries.length - sources.length;
    quotas.push({ sources, needed: Math.max(1, primaries.length - w + 1) - own });
  }
  return quotas;
}

/** What all buckets have in common whose keys have as many replicas. */
export interface ReadCount {
  readonly n: Spread;
  /**
   * The fewest nodes that a strict get of any of them asks. Its bucket's R and W need not overlap:
   * a put that says more than its bucket's W may be met all the same.
   */
  readonly r: number;
}

export function readCountsOf(
  buckets: Iterable<{ readonly n: Spread; readonly r: number }>,
): readonly ReadCount[] {
  const smallest = new Map<number, number>();
  for (const { n, r } of buckets) smallest.set(n, Math.min(r, smallest.get(n) ?? r));
  return [...smallest].map(([n, r]) => ({ n, r })).sort((a, b) => a.n - b.n);
}

/**
 * Whether the owners before may cease to be owners. Who has not heard that the partition has moved
 * asks them in gets, and those of them answer that have not heard either (`isReadAlike` in
 * `placement.ts`): they must be too few. All that can be reached are waited for.
 */
export function isHeardOf(
  { primaries, incoming }: Placement,
  r: number,
  view: Belief & Removals & { hasHeard(node: NodeId): boolean },
): boolean {
  if (incoming.length === 0) return true;
  const left = remaining(primaries, view);
  const deaf = left.filter((node) => !view.hasHeard(node));
  return (
    left.length - deaf.length >= Math.min(primaries.length - r + 1, left.length) &&
    deaf.every((node) => view.reachability(node) === 'down')
  );
}

/** Sources that can be asked for what they hold, and were not yet. */
export function sourcesToAsk(
  quotas: readonly Quota[],
  had: ReadonlySet<NodeId>,
  view: Belief & Removals,
): readonly NodeId[] {
  const sources = new Set(quotas.flatMap((quota) => remaining(quota.sources, view)));
  return [...sources].filter((node) => !had.has(node) && view.reachability(node) === 'alive');
}

/**
 * Whether the target has enough: what each source holds that can be reached, and of as many as it
 * takes. What only those held who were removed is lost, and nobody waits for it.
 */
export function isReceived(
  quotas: readonly Quota[],
  had: ReadonlySet<NodeId>,
  view: Belief & Removals,
): boolean {
  return quotas.every(({ sources, needed }) => {
    const left = remaining(sources, view);
    const missing = left.filter((node) => !had.has(node));
    return (
      left.length - missing.length >= Math.min(needed, left.length) &&
      missing.every((node) => view.reachability(node) === 'down')
    );
  });
}

/** Whether who holds `held` keys is sent all of `offered`, rather than compared with. */
export function isStreamed(held: number, offered: number): boolean {
  return held < offered * transferLimits.heldShareMax;
}
