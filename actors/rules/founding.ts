/**
 * How a cluster begins, so that two lists of founders that have a node in common are never both
 * chosen.
 *
 * A list is chosen at an attempt when each of its nodes has it on disk at that attempt. A node
 * stores one list an attempt, and goes to a later attempt only when it knows that its list can't be
 * chosen any more: a node of that list stored another one at the same attempt, is past it, or is in
 * another cluster. None of those ever stores the list at that attempt, so what is chosen is never
 * left. What a node has told stays true for ever, so late messages do no harm. (Paxos with all as
 * the quorum and no leader.)
 *
 * With the list goes of which version the ring of its first configuration is, so that all founders
 * make the same one: a list that another program stored, which knows of version 1 alone, is another
 * one than the same nodes with version 2, and they settle for one of the two.
 */
import type { NodeId } from './actor.js';
import type { RingVersion } from './configuration.js';

/** As on disk, and as told to others. */
export interface FoundingVote {
  readonly attempt: number;
  /** The only list stored at this attempt, ascending; empty: none yet. */
  readonly stored: readonly NodeId[];
  /** The chosen list: the cluster this node is of, for good. Empty: none. */
  readonly founders: readonly NodeId[];
  /** Of what is stored or chosen; not there: 1, as before there were others. */
  readonly ring?: LaterRing;
}

export type LaterRing = Exclude<RingVersion, 1>;

export const noVote: FoundingVote = { attempt: 0, stored: [], founders: [] };

/** What a node votes after it heard another one; the same object when that changes nothing. */
export function voteAfter(
  own: FoundingVote,
  heard: { readonly self: NodeId; readonly from: NodeId; readonly told: FoundingVote },
): FoundingVote {
  const { self, told } = heard;
  if (own.founders.length > 0) return own;
  if (told.founders.includes(self)) return withRing({ ...own, founders: told.founders }, told.ring);
  const free = own.stored.length === 0 || isDead(own, heard);
  if (!free) return own;
  const asked = told.stored.includes(self) && told.founders.length === 0;
  const past = own.stored.length === 0 ? own.attempt : own.attempt + 1;
  if (asked && told.attempt >= past)
    return withRing({ ...own, attempt: told.attempt, stored: told.stored }, told.ring);
  if (own.stored.length === 0 && told.attempt <= own.attempt) return own;
  return { attempt: Math.max(past, told.attempt), stored: [], founders: [] };
}

export function withRing(vote: FoundingVote, ring: LaterRing | undefined): FoundingVote {
  const { attempt, stored, founders } = vote;
  return { attempt, stored, founders, ...(ring !== undefined && { ring }) };
}

/** Whether who told this has, on its disk, what would found this node's list. */
export function confirms(own: FoundingVote, told: FoundingVote): boolean {
  return own.stored.length > 0 && told.attempt === own.attempt && isSame(told, own);
}

function isDead(
  own: FoundingVote,
  { from, told }: { readonly from: NodeId; readonly told: FoundingVote },
): boolean {
  const { attempt, stored, ring } = own;
  if (told.founders.some((id) => stored.includes(id)))
    return !sameIds(told.founders, stored) || told.ring !== ring;
  if (!stored.includes(from)) return false;
  if (told.attempt !== attempt) return told.attempt > attempt;
  return told.stored.length > 0 && !isSame(told, own);
}

function isSame(some: FoundingVote, other: FoundingVote): boolean {
  return sameIds(some.stored, other.stored) && some.ring === other.ring;
}

/**
 * Whether a node may store what it met as a list of founders: it has met at least `founders`
 * (itself included), and everyone it met says to have met exactly the same. A node that is not
 * among the founders stays `joining`.
 */
export function isFoundedBy(gathering: {
  /** Ascending; itself included. */
  readonly met: readonly NodeId[];
  /** What each of the others said last. */
  readonly said: ReadonlyMap<NodeId, readonly NodeId[]>;
  readonly self: NodeId;
  readonly founders: number;
}): boolean {
  const { met, said, self, founders } = gathering;
  return (
    met.length >= founders && met.every((id) => id === self || sameIds(said.get(id) ?? [], met))
  );
}

export function sameIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
