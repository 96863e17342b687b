/**
 * What a node keeps in mind while it founds a cluster with others. Pure: each function makes the
 * next book of a book and of what happened. The rules are in `../rules/founding.ts`; what is done
 * about it is decided by `membership.machine.ts`.
 */
import type { NodeId } from '../rules/actor.js';
import {
  confirms,
  type FoundingVote,
  type LaterRing,
  voteAfter,
  withRing,
} from '../rules/founding.js';

export interface FoundingBook {
  readonly self: NodeId;
  /** On disk: others are told nothing else, and only then is it acted upon. */
  readonly vote: FoundingVote;
  /** To be on disk; the same object as `vote` when it is. */
  readonly next: FoundingVote;
  /** What others said last about whom they met. */
  readonly said: ReadonlyMap<NodeId, readonly NodeId[]>;
  /** Who has on its disk the list that this node is to store, or has stored. */
  readonly confirmed: ReadonlySet<NodeId>;
}

export interface FoundingNews {
  readonly from: NodeId;
  readonly told: FoundingVote;
  /** Whom the sender reaches and may found a cluster with, itself included; ascending. */
  readonly reached: readonly NodeId[];
  /** The members this node has rows of, itself included. */
  readonly known: readonly NodeId[];
  /** Those of them whose row is of an earlier life than the news tell of. */
  readonly outdated: readonly NodeId[];
}

export function openBook(self: NodeId, vote: FoundingVote): FoundingBook {
  return { self, vote, next: vote, said: new Map(), confirmed: new Set() };
}

/** What the news make this node vote; `book.next` itself when they change nothing. */
export function votedUpon(book: FoundingBook, news: FoundingNews): FoundingVote {
  const { from, told, known, outdated } = news;
  const next = voteAfter(book.next, { self: book.self, from, told });
  // A ring needs the rows of all that are on it, as they are now: they come with one of the next
  // news.
  const isKnown = (id: NodeId): boolean => known.includes(id) && !outdated.includes(id);
  return next.founders.every(isKnown) ? next : book.next;
}

/** Of those it knows: it founds nothing with others, and they may be many. */
export function heard(book: FoundingBook, news: FoundingNews): FoundingBook {
  const { from, told, reached, known, outdated } = news;
  const voted = voting(book, votedUpon(book, news));
  if (!known.includes(from)) return voted;
  const said = new Map(book.said).set(from, reached);
  const { next } = voted;
  // The first configuration is made of rows: all must have that of each as it was when it agreed.
  const isConfirmed = confirms(next, told) && !outdated.includes(from);
  const confirmed = isConfirmed ? new Set(voted.confirmed).add(from) : voted.confirmed;
  return { ...voted, said, confirmed };
}

/** All who are here agree who is. */
export function agreed(
  book: FoundingBook,
  met: readonly NodeId[],
  ring: LaterRing | undefined,
): FoundingBook {
  return voting(book, withRing({ ...book.next, stored: met }, ring));
}

/** All of the list have it on disk. */
export function concluded(book: FoundingBook): FoundingBook {
  return voting(book, { ...book.next, founders: book.next.stored });
}

export function stored(book: FoundingBook): FoundingBook {
  return { ...book, vote: book.next };
}

export function without(book: FoundingBook, node: NodeId): FoundingBook {
  const said = new Map(book.said);
  said.delete(node);
  return { ...book, said };
}

/** The founders of this node's cluster, or those it has agreed to found one with. Empty: none. */
export function listOf({ next }: FoundingBook): readonly NodeId[] {
  return next.founders.length > 0 ? next.founders : next.stored;
}

/** Of those this node agreed with, who has not said yet that it has stored the same. */
export function unconfirmedOf({ self, next, confirmed }: FoundingBook): NodeId[] {
  return next.stored.filter((id) => id !== self && !confirmed.has(id));
}

/** Another attempt, or another list, has to be confirmed anew. */
function voting(book: FoundingBook, next: FoundingVote): FoundingBook {
  const { attempt, stored: list } = book.next;
  const isSame = attempt === next.attempt && list === next.stored;
  return { ...book, next, confirmed: isSame ? book.confirmed : new Set() };
}
