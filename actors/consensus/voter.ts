/**
 * What a voter says to a question about an instance: it votes in the one it is at, and in that
 * alone. Of an earlier one the outcome is known, so its votes there are gone; of a later one it
 * does not know who votes.
 */
import type { NodeId } from '../rules/actor.js';
import { majorityOf } from '../rules/voters.js';
import { answerOf, type Acceptor, type AcceptorAnswer, type Question } from './acceptor.js';

export interface Voter<V> {
  /** It knows what was chosen in all before it. */
  readonly instance: number;
  /** Of that instance. */
  readonly acceptor: Acceptor<V>;
  /** The first instance in which it has forgotten no vote: before it, it abstains. */
  readonly votesFrom: number;
}

/** Of whose disk is an old copy, until it knows better (`mayVoteAfter`). */
export const votesNowhere = Number.MAX_SAFE_INTEGER;

export type Vote<V> =
  | AcceptorAnswer<V>
  /** It was decided long ago. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'behind' }
  | { readonly kind: 'abstaining' };

export interface VoteCast<V> {
  /** On disk before anybody sees the vote. */
  readonly acceptor: Acceptor<V>;
  readonly vote: Vote<V>;
}

export function voteOf<V>(voter: Voter<V>, instance: number, question: Question<V>): VoteCast<V> {
  const { acceptor } = voter;
  if (instance < voter.instance) return { acceptor, vote: { kind: 'superseded' } };
  if (instance < voter.votesFrom) return { acceptor, vote: { kind: 'abstaining' } };
  if (instance > voter.instance) return { acceptor, vote: { kind: 'behind' } };
  const { next, answer } = answerOf(acceptor, question);
  return { acceptor: next, vote: answer };
}

/**
 * Whether a node with an old disk, which may have forgotten votes up to any instance, votes in all
 * after this one: had it gone beyond this one before, a majority would have accepted something
 * here, so one of the others that were asked since its disk was put back would have, too, or know
 * what was chosen. `votes`: what they said to `prepare`.
 */
export function mayVoteAfter<V>(
  { voters, self }: { readonly voters: readonly NodeId[]; readonly self: NodeId },
  votes: ReadonlyMap<NodeId, Vote<V>>,
): boolean {
  const untouched = voters.filter((id) => id !== self && hasAcceptedNothing(votes.get(id)));
  return untouched.length > voters.length - majorityOf(voters);
}

/** In the instance that was asked about. */
function hasAcceptedNothing(vote: Vote<unknown> | undefined): boolean {
  if (vote?.kind === 'promised') return vote.accepted === undefined;
  return vote?.kind === 'behind';
}
