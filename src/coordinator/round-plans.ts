/** Whom a round may turn to, by what the cluster view says at its start. */
import type { NodeId } from '../../actors/rules/actor.js';
import { inOrder, replicasOf, type Placement } from '../../actors/rules/placement.js';
import type { GetPlan } from '../../actors/coordinator/get-ledger.js';
import type { LookUpPlan } from '../../actors/coordinator/look-up.machine.js';
import type { PutPlan } from '../../actors/coordinator/put-ledger.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Batch } from './round-collector.js';

type Replicas = Pick<Batch<unknown>, 'placement' | 'quorum' | 'strict'>;

export function putPlan(batch: Replicas, view: ClusterView, self: NodeId): PutPlan {
  const { placement, quorum, strict } = batch;
  const primaries = ownersLeft(placement.primaries, quorum, view);
  const incoming = ownersLeft(placement.incoming, quorum, view);
  const fallbacks = aliveFirst(
    placement.fallbacks.filter((node) => node !== self),
    view,
  );
  const down = downOf(replicasOf({ primaries, incoming }), view, self);
  return { self, primaries, incoming, down, fallbacks, needed: quorum, strict };
}

/**
 * The coordinator first where it is a reader, then the other readers clockwise from it, so that
 * reads spread evenly; then fallbacks, the coordinator first among them: its state is at hand.
 */
export function getPlan(batch: Replicas, view: ClusterView, self: NodeId): GetPlan {
  const { quorum, strict } = batch;
  const { readers, fallbacks } = batch.placement;
  const at = readers.indexOf(self);
  const others = at < 0 ? readers : [...readers.slice(at + 1), ...readers.slice(0, at)];
  const candidates = aliveFirst(others, view);
  if (at >= 0) candidates.unshift(self);
  // Without a ring nobody knows where the key would be: its absence here says nothing.
  if (!strict && readers.length > 0) {
    if (at < 0) candidates.push(self);
    const isOther = (node: NodeId): boolean => node !== self;
    candidates.push(...aliveFirst(fallbacks.filter(isOther), view));
  }
  const down = downOf(readers, view, self);
  return { self, primaries: readers, candidates, down, needed: quorum, strict };
}

/**
 * Whom to ask what contexts claim beyond what the coordinator holds. A member that is gone for good
 * will never show it: nobody waits for its answer.
 */
export function lookUpPlan(placement: Placement, view: ClusterView, self: NodeId): LookUpPlan {
  const { readers } = placement;
  const all = inOrder(placement).filter((node) => !view.removed.has(node));
  const isReader = (node: NodeId): boolean => readers.includes(node);
  const primaries = all.filter(isReader);
  return { self, primaries, fallbacks: all.slice(primaries.length), down: downOf(all, view, self) };
}

/**
 * Nobody stands in for a primary that is gone for good while the others are W: what its stand-in
 * held would only be brought to those others and forgotten.
 */
function ownersLeft(
  owners: readonly NodeId[],
  quorum: number,
  view: ClusterView,
): readonly NodeId[] {
  if (view.removed.size === 0) return owners;
  const left = owners.filter((node) => !view.removed.has(node));
  return left.length >= quorum ? left : owners;
}

function downOf(nodes: readonly NodeId[], view: ClusterView, self: NodeId): NodeId[] {
  return nodes.filter((node) => node !== self && view.reachability(node) === 'down');
}

/** Without those believed down; suspects behind the others. */
function aliveFirst(nodes: readonly NodeId[], view: ClusterView): NodeId[] {
  const alive = nodes.filter((node) => view.reachability(node) === 'alive');
  if (alive.length === nodes.length) return alive;
  return [...alive, ...nodes.filter((node) => view.reachability(node) === 'suspect')];
}
