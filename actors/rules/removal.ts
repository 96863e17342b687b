/**
 * When a member may be declared gone for good. From then on nothing is taken from it, so that the
 * others may forget without asking it: tombstones, expired values, old context entries. That it
 * really is gone only an operator knows; what the nodes know is checked here, by each of those that
 * are asked, before the configuration that says so is proposed.
 */
import type { NodeId } from './actor.js';
import type { Reachability } from './membership.js';
import { majorityOf } from './voters.js';

export interface RemovalCase {
  readonly target: NodeId;
  /** Whoever the configuration names. */
  readonly members: readonly NodeId[];
  /** Who choose the next one. */
  readonly voters: readonly NodeId[];
  readonly removed: readonly NodeId[];
  /** Of the target, as this node sees it; undefined: it is the target itself. */
  readonly reachability: Reachability | undefined;
}

/** What a node has against it; undefined: nothing. */
export function removalObjection(removal: RemovalCase): string | undefined {
  const { target, members, voters, removed, reachability } = removal;
  if (!members.includes(target)) return 'the cluster has no such member';
  if (reachability === undefined) return 'it is the one that was asked, and lives';
  if (removed.includes(target)) return undefined;
  if (reachability === 'alive') return 'it is alive, or was a moment ago';
  if (reachability === 'suspect') return 'it is silent, and nobody knows yet that it is down';
  const left = voters.filter((node) => node !== target).length;
  if (left >= majorityOf(voters)) return undefined;
  return `${left} of the ${voters.length} members that vote would be left: a majority must be (where too many are gone for good: quorate recover)`;
}

/** What somebody knows of removals. */
export interface Removals {
  readonly removed: ReadonlySet<NodeId>;
}

/** Those of the nodes that still count for anything; the list itself while nobody was removed. */
export function remaining(nodes: readonly NodeId[], { removed }: Removals): readonly NodeId[] {
  return removed.size === 0 ? nodes : nodes.filter((node) => !removed.has(node));
}
