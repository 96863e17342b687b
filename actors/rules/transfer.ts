/**
 * Which partitions a node is to receive, from whom, and when it has received enough. A node that
 * is to own a partition after a move, and did not before, has every put from the moment on at which
 * the move began; what was put earlier it fetches from the owners before, its *sources*.
 *
 * An acknowledged put lies at W of the owners O. Whoever has all that |O| − W + 1 of them hold,
 * each asked when it went by the moving layout already, has it: any W of them and these share one.
 * More would do no harm, so all that can be reached are asked.
 */
import type { NodeId } from './actor.js';
import type { BucketOptions } from './bucket.js';
import { limits } from './limits.js';
import type { Placement } from './placement.js';
import { remaining, type Removals } from './removal.js';
import type { Belief } from './routing.js';

/** What all buckets have in common whose keys have as many replicas. */
export interface ReplicaCount {
  readonly n: number;
  /** The fewest nodes that must have stored a put of any of them. */
  readonly w: number;
}

/** Owners depend on N: what is said of a partition is said for each N that some bucket has. */
export function replicaCountsOf(
  buckets: Iterable<Pick<BucketOptions, 'n' | 'w'>>,
): readonly ReplicaCount[] {
  const smallest = new Map<number, number>();
  for (const { n, w } of buckets) smallest.set(n, Math.min(w, smallest.get(n) ?? w));
  return [...smallest].map(([n, w]) => ({ n, w })).sort((a, b) => a.n - b.n);
}

/** It will own the partition, and did not before the move. */
export function isTarget({ primaries, incoming }: Placement, node: NodeId): boolean {
  return incoming.includes(node) && !primaries.includes(node);
}

/** It is a target, and the partition has not moved yet: who has is read. */
export function isToReceive(placement: Placement, node: NodeId): boolean {
  return isTarget(placement, node) && !placement.readers.includes(node);
}

/** Of how many sources a target must have all they hold, for the keys of one N. */
export interface Quota {
  readonly sources: readonly NodeId[];
  readonly needed: number;
}

/** None when the node is not to receive the partition. */
export function quotasOf(
  placementFor: (n: number) => Placement,
  counts: readonly ReplicaCount[],
  node: NodeId,
): readonly Quota[] {
  const quotas: Quota[] = [];
  for (const { n, w } of counts) {
    const placement = placementFor(n);
    if (!isToReceive(placement, node)) continue;
    const { primaries } = placement;
    quotas.push({ sources: primaries, needed: Math.max(1, primaries.length - w + 1) });
  }
  return quotas;
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
  return held < offered * limits.transferHeldShareMax;
}

/** After a batch that took so long, from the question until it was durable. */
export function transferRestMs(tookMs: number): number {
  return Math.min(limits.transferRestMsMax, Math.max(limits.transferRestMsMin, tookMs));
}
