/** Whom a round may turn to, by what the cluster view says at its start. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { GetPlan } from '../../actors/coordinator/get-ledger.js';
import type { PutPlan } from '../../actors/coordinator/put-ledger.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Batch } from './round-collector.js';

type Replicas = Pick<Batch<unknown>, 'primaries' | 'preferenceList' | 'quorum' | 'strict'>;

export function putPlan(batch: Replicas, view: ClusterView, self: NodeId): PutPlan {
  const { preferenceList, quorum, strict } = batch;
  const primaries = primariesLeft(batch, view);
  return {
    self,
    primaries,
    down: downOf(primaries, view, self),
    fallbacks: aliveFirst(
      preferenceList.filter((node) => node !== self && !batch.primaries.includes(node)),
      view,
    ),
    needed: quorum,
    strict,
  };
}

/**
 * The coordinator first where it is a primary, then the other primaries clockwise from it, so that
 * reads spread evenly; then fallbacks, the coordinator first among them: its state is at hand.
 */
export function getPlan(batch: Replicas, view: ClusterView, self: NodeId): GetPlan {
  const { primaries, preferenceList, quorum, strict } = batch;
  const at = primaries.indexOf(self);
  const others = at < 0 ? primaries : [...primaries.slice(at + 1), ...primaries.slice(0, at)];
  const candidates = aliveFirst(others, view);
  if (at >= 0) candidates.unshift(self);
  // Without a ring nobody knows where the key would be: its absence here says nothing.
  if (!strict && primaries.length > 0) {
    if (at < 0) candidates.push(self);
    const isFallback = (node: NodeId): boolean => node !== self && !primaries.includes(node);
    candidates.push(...aliveFirst(preferenceList.filter(isFallback), view));
  }
  const down = downOf(primaries, view, self);
  return { self, primaries, candidates, down, needed: quorum, strict };
}

/**
 * Nobody stands in for a primary that is gone for good while the others are W: what its stand-in held would only be brought to those
 * others and forgotten.
 */
function primariesLeft({ primaries, quorum }: Replicas, view: ClusterView): readonly NodeId[] {
  if (view.removed.size === 0) return primaries;
  const left = primaries.filter((node) => !view.removed.has(node));
  return left.length >= quorum ? left : primaries;
}

function downOf(primaries: readonly NodeId[], view: ClusterView, self: NodeId): NodeId[] {
  return primaries.filter((node) => node !== self && view.reachability(node) === 'down');
}

/** Without those believed down; suspects behind the others. */
function aliveFirst(nodes: readonly NodeId[], view: ClusterView): NodeId[] {
  const alive = nodes.filter((node) => view.reachability(node) === 'alive');
  if (alive.length === nodes.length) return alive;
  return [...alive, ...nodes.filter((node) => view.reachability(node) === 'suspect')];
}
