/**
 * Who of a partition's nodes does what: which one coordinates a put, which of them listen, whom a
 * client asks; who has keys forgotten, who takes a hint in its target's place. Nodes and clients go
 * by the same rules, each with its own belief of who answers; while they believe the same, they
 * choose the same.
 */
import type { NodeId } from './actor.js';
import type { Reachability } from './membership.js';
import { inOrder, isReplica, replicasOf, type Placement } from './placement.js';
import { remaining, type Removals } from './removal.js';

/** What somebody believes of the nodes. A node takes itself for alive. */
export interface Belief {
  reachability(node: NodeId): Reachability;
}

/** A put as it comes to a node. */
export interface GivenPut {
  readonly self: NodeId;
  /** One node must say what it follows: it is blind, or the last writer wins. */
  readonly isOrdered: boolean;
  /** This node can store nothing, but others can. */
  readonly isFull: boolean;
}

/**
 * The first reader that is alive: there the blind puts of a partition meet. A suspect may well be
 * alive; but whether it orders a put or the next one does, each builds on what it was sent before.
 */
export function ordererOf({ readers }: Placement, belief: Belief): NodeId | undefined {
  return firstOf(readers, 'alive', belief);
}

/** Whom a node leaves a put to, itself included. */
export function coordinatorOf(placement: Placement, belief: Belief, put: GivenPut): NodeId {
  const { self } = put;
  if (put.isFull) return nextCoordinator(placement, belief, { self, behind: undefined });
  if (!put.isOrdered && placement.readers.includes(self)) return self;
  return ordererOf(placement, belief) ?? self;
}

/** The next reader that is alive behind who was asked before; `self` when there is none. */
export function nextCoordinator(
  { readers }: Placement,
  belief: Belief,
  { self, behind }: { readonly self: NodeId; readonly behind: NodeId | undefined },
): NodeId {
  const from = behind === undefined ? 0 : readers.indexOf(behind) + 1;
  for (let at = from; at < readers.length; at++) {
    const node = readers[at]!;
    if (node !== self && belief.reachability(node) === 'alive') return node;
  }
  return self;
}

/** Whom a client asks: who orders puts, else a fallback, else whoever may answer after all. */
export function coordinatorToAsk(placement: Placement, belief: Belief): NodeId | undefined {
  const nodes = inOrder(placement);
  return firstOf(nodes, 'alive', belief) ?? firstOf(nodes, 'suspect', belief);
}

/** Those a client may ask for what they hold, and to coordinate gets. */
export function readersToAsk({ readers }: Placement, belief: Belief): readonly NodeId[] {
  return readers.filter((node) => belief.reachability(node) === 'alive');
}

/**
 * Whether a node listens to the partition: it owns it, or stands in the place of a reader that is
 * down. So somebody does as long as any node lives. While the partition moves both sides listen:
 * nodes do not hear at once that it has moved, or that the move is over, and those who leave may
 * hear it first.
 */
export function listensTo(placement: Placement, belief: Belief, self: NodeId): boolean {
  if (isReplica(placement, self)) return true;
  let left = placement.readers.length;
  for (const node of inOrder(placement)) {
    if (node === self) return true;
    if (belief.reachability(node) !== 'down') left--;
    if (left === 0) return false;
  }
  return false;
}

/** Who has a partition's keys forgotten: its first primary, or who takes puts in its place. */
export function collectorOf(placement: Placement, removals: Removals): NodeId | undefined {
  const { primaries, fallbacks } = placement;
  return remaining(primaries, removals)[0] ?? remaining(fallbacks, removals)[0];
}

/**
 * Who besides `self` must hold a key before what `target` is owed of it need not be kept; undefined
 * while one of them can't be reached, or nobody is left to hold it.
 */
export function heirsOf(
  placement: Placement,
  view: Belief & Removals,
  { self, target }: { readonly self: NodeId; readonly target: NodeId },
): readonly NodeId[] | undefined {
  const others = remaining(replicasOf(placement), view).filter((node) => node !== target);
  if (others.length === 0) return undefined;
  const heirs = others.filter((node) => node !== self);
  return heirs.every((node) => view.reachability(node) !== 'down') ? heirs : undefined;
}

function firstOf(
  nodes: readonly NodeId[],
  wanted: Reachability,
  belief: Belief,
): NodeId | undefined {
  for (const node of nodes) if (belief.reachability(node) === wanted) return node;
  return undefined;
}
