/** What a node believes of its cluster: the members, the ring that follows from them, and who can be reached. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Member, Reachability } from '../../actors/rules/membership.js';
import type { Ring } from '../../actors/rules/ring.js';

export type { Member, Reachability, Ring };

export interface ClusterView {
  readonly self: Member;
  readonly ring: Ring;
  members(): readonly Member[];
  reachability(node: NodeId): Reachability;
  /** The first `n` of the preference list; the rest are fallbacks. */
  primaries(partition: number, n: number): readonly NodeId[];
  /** Called when the ring or anyone's reachability changed. */
  onChange(listener: (change: ClusterChange) => void): void;
}

export type ClusterChange =
  | { readonly kind: 'ring' }
  | { readonly kind: 'reachability'; readonly node: NodeId; readonly now: Reachability };

export const ClusterView = Symbol('ClusterView');
