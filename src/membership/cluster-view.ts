/** What a node believes of its cluster: the members, the ring that follows from them, and who can be reached. */
import type { NodeId } from '../../actors/rules/actor.js';

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  /** Replicas go to distinct hosts, then to distinct zones. */
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
  readonly pid: number;
  /** Raised by the member itself at each start, and when it refutes being called down. */
  readonly generation: number;
  readonly heartbeat: number;
  /** `joining` members hold no partitions yet; see `founding` in `actors/rules/membership.ts`. */
  readonly status: 'joining' | 'active' | 'left';
}

export type Reachability = 'alive' | 'suspect' | 'down';

export interface Ring {
  /** Hash over what the ring is computed from; equal members compute equal rings. */
  readonly epoch: number;
  readonly partitions: number;
  /** All active nodes, clockwise from the partition; the first N on distinct hosts (zones while there are enough) come first. */
  preferenceList(partition: number): readonly NodeId[];
  /** Index of the partition's replica group: partitions with equal preference lists share one. */
  groupOf(partition: number): number;
}

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
