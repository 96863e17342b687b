/**
 * What a node believes of its cluster: the members, the ring that follows from them, and who can be
 * reached.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type { JoinWish, Member, Reachability } from '../../actors/rules/membership.js';
import type { Direction } from '../../actors/rules/layout.js';
import type { Layout, Placement } from '../../actors/rules/placement.js';
import type { Ring } from '../../actors/rules/ring.js';

export type { Member, Placement, Reachability, Ring };

/** What the configuration makes of a node that does not simply stay; nothing of one that does. */
export interface Standing {
  /** It hands on what it holds, or is about to, and goes. */
  readonly leaving?: true;
  /** To be taken in: `auto`, which happens by itself; `ask`, once an operator says so. */
  readonly waits?: JoinWish['join'];
}

export interface ClusterView {
  readonly self: Member;
  /** Of who owns the partitions, whatever they are to become. */
  readonly ring: Ring;
  /** The layout this node goes by: the ring and all placements follow from it. */
  readonly configuration: ConfigurationNumber;
  /** Which way partitions move by it; undefined while nothing moves. */
  readonly direction: Direction | undefined;
  /**
   * This node owns nothing any more, and goes once it has handed on what it holds: so it takes
   * nothing.
   */
  readonly isLeaving: boolean;
  /** Whose configurations have such numbers; undefined while none is known. */
  readonly cluster: ClusterId | undefined;
  /** A node of another cluster was heard on the same subjects since this one started. */
  readonly sharesSubjects: boolean;
  /** What placements follow from: with what it is to become, while partitions move. */
  readonly layout: Layout;
  /** Everybody with a place in the layout is among them, and who waits to be taken in. */
  members(): readonly Member[];
  /**
   * Who may hold anything, by the configuration: its members, those that come with a move and those
   * that leave, without those that were removed; ascending. Nobody while none is known.
   */
  holders(): readonly NodeId[];
  /**
   * Members that were declared gone for good, as far as this node has it on its disk: nothing comes
   * in from them any more.
   */
  readonly removed: ReadonlySet<NodeId>;
  reachability(node: NodeId): Reachability;
  standing(node: NodeId): Standing;
  /**
   * NATS said that nobody subscribes for the node, which was not heard since: it does not hang, it
   * is gone.
   */
  isAbsent(node: NodeId): boolean;
  /**
   * A message of the node itself came since this one started; what others tell of it does not
   * count.
   */
  isMet(node: NodeId): boolean;
  /** Where the keys of a partition lie that have `n` replicas; made once for a ring. */
  placement(partition: number, n: number): Placement;
  /**
   * The node goes by another configuration: the two tell each other what they know, now and then
   * however often it is called.
   */
  reconcile(node: NodeId): void;
  /**
   * Called when the ring or anyone's reachability changed, and when who is down turns out to be
   * absent.
   */
  onChange(listener: (change: ClusterChange) => void): void;
  /** Called as often as others say so. */
  onTold(listener: (told: Told) => void): void;
}

export type ClusterChange =
  | { readonly kind: 'ring' }
  | { readonly kind: 'reachability'; readonly node: NodeId; readonly now: Reachability };

/**
 * Another says that it does not hear this node; or that somebody is down and not gone: it takes it
 * for hung.
 */
export type Told = 'self.unheard' | 'hanging.told';

export const ClusterView = Symbol('ClusterView');
