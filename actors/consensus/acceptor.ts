/**
 * The rule of an acceptor of single-decree Paxos: of one instance one value is chosen, once a
 * majority of acceptors has accepted it under one ballot. Pure, and the same for any value. What
 * makes it safe is argued in the page beside it.
 *
 * Whoever keeps an acceptor has its next state on disk before anybody sees the answer.
 */
import { isAbove, noBallot, reachOf, type Ballot } from './ballot.js';

export interface Accepted<V> {
  readonly ballot: Ballot;
  readonly value: V;
}

export interface Acceptor<V> {
  /** No lower ballot is taken any more. */
  readonly promised: Ballot;
  /** What it accepted last. */
  readonly accepted: Accepted<V> | undefined;
}

/** Of an instance nothing was asked of yet. */
export const blankAcceptor: Acceptor<never> = { promised: noBallot, accepted: undefined };

export type Question<V> =
  | { readonly kind: 'prepare'; readonly ballot: Ballot }
  | { readonly kind: 'accept'; readonly ballot: Ballot; readonly value: V };

export type AcceptorAnswer<V> =
  /** `accepted`: the last it did under a lower ballot. */
  | { readonly kind: 'promised'; readonly accepted: Accepted<V> | undefined }
  | { readonly kind: 'accepted' }
  /** `ballot`: what it has promised. */
  | { readonly kind: 'outvoted'; readonly ballot: Ballot };

export interface AcceptorStep<V> {
  readonly next: Acceptor<V>;
  readonly answer: AcceptorAnswer<V>;
}

/**
 * A ballot is promised once: a proposer that forgot one, or another on its node, can't get a
 * majority for it again and propose a second value under it.
 */
export function prepare<V>(acceptor: Acceptor<V>, ballot: Ballot): AcceptorStep<V> {
  const { promised, accepted } = acceptor;
  if (!isAbove(ballot, promised)) return outvoted(acceptor);
  if (isTooFar(acceptor, ballot)) return outvoted(closerTo(acceptor, ballot));
  return { next: { promised: ballot, accepted }, answer: { kind: 'promised', accepted } };
}

/** What its proposer was promised elsewhere is taken without a promise of its own. */
export function accept<V>(acceptor: Acceptor<V>, ballot: Ballot, value: V): AcceptorStep<V> {
  if (isAbove(acceptor.promised, ballot)) return outvoted(acceptor);
  if (isTooFar(acceptor, ballot)) return outvoted(closerTo(acceptor, ballot));
  const accepted = { ballot, value };
  return { next: { promised: ballot, accepted }, answer: { kind: 'accepted' } };
}

export function answerOf<V>(acceptor: Acceptor<V>, question: Question<V>): AcceptorStep<V> {
  return question.kind === 'prepare'
    ? prepare(acceptor, question.ballot)
    : accept(acceptor, question.ballot, question.value);
}

function isTooFar({ promised }: Acceptor<unknown>, { round }: Ballot): boolean {
  return round > reachOf(promised);
}

/**
 * Nobody who tells of a round that was made up takes an acceptor to the last ones; and one that is
 * far behind for whatever reason comes within reach, step by step. To promise more is always safe.
 */
function closerTo<V>({ promised, accepted }: Acceptor<V>, { proposer }: Ballot): Acceptor<V> {
  const closer = { round: reachOf(promised), proposer };
  return { promised: isAbove(closer, promised) ? closer : promised, accepted };
}

function outvoted<V>(next: Acceptor<V>): AcceptorStep<V> {
  return { next, answer: { kind: 'outvoted', ballot: next.promised } };
}
