/**
 * Who stands in for whom in a put round whose partition moves: a copy counts on the sides of those
 * it is brought to (`quorum.ts`).
 *
 * While the partition moves few nodes may be left that own it on neither side, in a small cluster
 * none. So who counts on one side alone stands in for one of the other that is given up and has no
 * fallback: the coordinator owes the hint, and whoever loses the partition in the end drops a copy
 * only when all owners have it. So a put succeeds, as ever, where any W nodes are left.
 */
import type { NodeId } from '../rules/actor.js';
import { replicasOf } from '../rules/placement.js';
import type { StandIn } from '../rules/quorum.js';

export interface Standing {
  readonly node: NodeId;
  readonly standing: 'asked' | 'acked' | 'missing';
  /** Whom a fallback stands in for; undefined for an owner. */
  readonly owedTo: NodeId | undefined;
}

export interface MovingRound {
  readonly plan: {
    readonly self: NodeId;
    readonly primaries: readonly NodeId[];
    readonly incoming: readonly NodeId[];
  };
  readonly seats: readonly Standing[];
  /** Those to whom the coordinator owes the hint: no fallback does. */
  readonly owed: readonly NodeId[];
}

export function standInsOf(round: MovingRound): StandIn[] {
  const { primaries, incoming } = round.plan;
  const named = fallbacks(round);
  return [...named, ...across(round, primaries, named), ...across(round, incoming, named)];
}

/** A coordinator that owns the partition on neither side owes it to all who do. */
function fallbacks({ plan, seats }: MovingRound): StandIn[] {
  return seats.flatMap(({ node, owedTo }) => {
    if (owedTo === undefined) return [];
    return node === plan.self
      ? replicasOf(plan).map((replica) => ({ node, owedTo: replica }))
      : { node, owedTo };
  });
}

/**
 * For those of one side who are given up, one who does not count there yet each; first of all those
 * who have the states.
 */
function across(
  { seats, owed }: MovingRound,
  owners: readonly NodeId[],
  named: readonly StandIn[],
): StandIn[] {
  const counts = (node: NodeId): boolean =>
    owners.includes(node) ||
    named.some((standIn) => standIn.node === node && owners.includes(standIn.owedTo));
  const having = (wanted: Standing['standing']): readonly NodeId[] =>
    seats.flatMap(({ node, standing }) => (standing === wanted && !counts(node) ? [node] : []));
  const holders = [...having('acked'), ...having('asked')];
  const hasAcked = (node: NodeId): boolean =>
    seats.some((seat) => seat.node === node && seat.standing === 'acked');
  return owed
    .filter((target) => owners.includes(target) && !hasAcked(target))
    .slice(0, holders.length)
    .map((owedTo, at) => ({ node: holders[at]!, owedTo }));
}
