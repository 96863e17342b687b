/**
 * Whom a round may turn to, by what its coordinator believes when it starts: who is asked, who
 * stands in, who is not waited for.
 */
import type { NodeId } from '../rules/actor.js';
import {
  hasMoved,
  inOrder,
  isMoving,
  isReplica,
  quorumOf,
  replicasOf,
  type Placement,
} from '../rules/placement.js';
import { remaining, type Removals } from '../rules/removal.js';
import type { Belief } from '../rules/routing.js';
import type { GetPlan } from './get-ledger.js';
import type { LookUpPlan } from './look-up.machine.js';
import type { PutPlan } from './put-ledger.js';

/** What the requests of a round have in common. */
export interface Wanted {
  readonly placement: Placement;
  /** R or W. */
  readonly quorum: number;
  readonly strict: boolean;
}

export function putPlan(wanted: Wanted, view: Belief & Removals, self: NodeId): PutPlan {
  const { placement, quorum, strict } = wanted;
  const needed = quorumOf(quorum, placement, 'before');
  const neededAfter = quorumOf(quorum, placement, 'after');
  const primaries = ownersToHold(placement.primaries, needed, view);
  const incoming = ownersToHold(placement.incoming, neededAfter, view);
  const fallbacks = aliveFirst(
    placement.fallbacks.filter((node) => node !== self),
    view,
  );
  const down = downOf(replicasOf({ primaries, incoming }), view, self);
  const plan = { self, primaries, incoming, down, fallbacks, needed, strict };
  return neededAfter === needed ? plan : { ...plan, neededAfter };
}

/**
 * The coordinator first where it is a reader, then the other readers clockwise from it, so that
 * reads spread evenly; then those who hold what readers were not there to take, the coordinator
 * first among them: its state is at hand. While the partition moves that is first of all the other
 * side, which is sent every put.
 */
export function getPlan(wanted: Wanted, view: Belief, self: NodeId): GetPlan {
  const { placement, quorum, strict } = wanted;
  const { readers } = placement;
  const at = readers.indexOf(self);
  const others = at < 0 ? readers : [...readers.slice(at + 1), ...readers.slice(0, at)];
  const candidates = aliveFirst(others, view);
  if (at >= 0) candidates.unshift(self);
  // Without a ring nobody knows where the key would be: its absence here says nothing.
  if (!strict && readers.length > 0) {
    if (at < 0) candidates.push(self);
    const isOther = (node: NodeId): boolean => node !== self && !readers.includes(node);
    const behind = isMoving(placement) ? inOrder(placement) : placement.fallbacks;
    candidates.push(...aliveFirst(behind.filter(isOther), view));
  }
  const down = downOf(readers, view, self);
  const needed = quorumOf(quorum, placement, hasMoved(placement) ? 'after' : 'before');
  return { self, primaries: readers, candidates, down, needed, strict };
}

/**
 * Whom to ask what contexts claim beyond what the coordinator holds. A member that was removed will
 * never show it: nobody waits for its answer.
 */
export function lookUpPlan(
  placement: Placement,
  view: Belief & Removals,
  self: NodeId,
): LookUpPlan {
  const all = remaining(inOrder(placement), view);
  const primaries = all.filter((node) => isReplica(placement, node));
  return { self, primaries, fallbacks: all.slice(primaries.length), down: downOf(all, view, self) };
}

/**
 * Nobody stands in for a primary that was removed while the others are W: what its stand-in
 * held would only be brought to those others and forgotten.
 */
function ownersToHold(
  owners: readonly NodeId[],
  quorum: number,
  view: Removals,
): readonly NodeId[] {
  const left = remaining(owners, view);
  return left.length >= quorum ? left : owners;
}

function downOf(nodes: readonly NodeId[], view: Belief, self: NodeId): NodeId[] {
  return nodes.filter((node) => node !== self && view.reachability(node) === 'down');
}

/** Without those believed down; suspects behind the others. */
function aliveFirst(nodes: readonly NodeId[], view: Belief): NodeId[] {
  const alive = nodes.filter((node) => view.reachability(node) === 'alive');
  if (alive.length === nodes.length) return alive;
  return [...alive, ...nodes.filter((node) => view.reachability(node) === 'suspect')];
}
