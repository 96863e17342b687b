/** What the chart of a node's membership is told, and what it keeps. */
import type { NodeId } from '../rules/actor.js';
import type { FoundingVote, LaterRing } from '../rules/founding.js';
import type { FoundingBook, FoundingNews } from './founding-book.js';

export interface MembershipInput {
  readonly self: NodeId;
  /** So many make a cluster. */
  readonly foundersMin: number;
  /** Of a cluster that it founds. */
  readonly ring?: LaterRing;
}

export interface MembershipContext extends MembershipInput {
  readonly book: FoundingBook;
  /** The members this node has rows of, itself included. */
  readonly known: readonly NodeId[];
}

export type MembershipEvent =
  | DiskRead
  | ({ readonly type: 'news.heard' } & FoundingNews)
  | MetCounted
  | { readonly type: 'newcomer.learned' }
  | NewcomerGone
  | { readonly type: 'heartbeat.raised' }
  | { readonly type: 'vote.stored'; readonly vote: FoundingVote }
  /** Others were asked who this node is, and none objected. */
  | { readonly type: 'self.known' }
  | { readonly type: 'time.told' }
  /** It is on disk. */
  | { readonly type: 'configuration.learned'; readonly isMember: boolean }
  /** It left, or an operator said that it is gone for good. */
  | { readonly type: 'self.departed' }
  | { readonly type: 'departure.stored' }
  | { readonly type: 'node.stopping' };

export interface DiskRead {
  readonly type: 'disk.read';
  readonly vote: FoundingVote;
  readonly known: readonly NodeId[];
  /** By the configuration that is on it. */
  readonly isMember: boolean;
  /** It says that this node was a member, and is none any more. */
  readonly hasDeparted: boolean;
}

export interface MetCounted {
  readonly type: 'met.counted';
  /** Who can be reached, this node included; ascending. */
  readonly met: readonly NodeId[];
  /** Members of a cluster that was founded are known. */
  readonly isFounded: boolean;
}

/** A node that was joining is not here any more. */
export interface NewcomerGone {
  readonly type: 'newcomer.down';
  readonly node: NodeId;
  readonly known: readonly NodeId[];
}
