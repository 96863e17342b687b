/**
 * The books of a proposer: whom it asks what, what each has said, and what that comes to. Pure;
 * the chart beside it goes by its standing.
 *
 * Invariants: a voter's word counts once, for the question it was said to; the value that is
 * proposed under a ballot is the one a majority's promises leave, and there is one.
 */
import type { NodeId } from '../rules/actor.js';
import type { Accepted, Question } from './acceptor.js';
import { ballotAfter, isAbove, isSameBallot, type Ballot } from './ballot.js';
import { majorityOf } from '../rules/voters.js';
import type { Vote } from './voter.js';

/** What came of asking one; a vote about an instance that is over ends the proposal instead. */
export type Word<V> =
  | Exclude<Vote<V>, { readonly kind: 'superseded' }>
  | { readonly kind: 'none'; readonly why: string };

export interface Heard<V> {
  readonly voter: NodeId;
  /** What it answers. */
  readonly question: Question<V>;
  readonly word: Word<V>;
}

export interface Proposal<V> {
  readonly voters: readonly NodeId[];
  /** What its proposer wants; what is proposed may be another. */
  readonly wanted: V;
  /** What all voters are asked now. */
  readonly question: Question<V>;
  /** Said to that, in the order in which it came; one a voter. */
  readonly words: readonly { readonly voter: NodeId; readonly word: Word<V> }[];
  /** Of the ballots that voters went by, the highest. */
  readonly heardRound: number;
}

export interface MissingVoter {
  readonly voter: NodeId;
  readonly why: string;
}

/**
 * `majority`: it has said yes. `outvoted`: it can't any more, but may under a higher ballot.
 * `withoutMajority`: too many can't be asked, or do not vote.
 */
export type Standing = 'open' | 'majority' | 'outvoted' | 'withoutMajority';

export function openProposal<V>(voters: readonly NodeId[], wanted: V, ballot: Ballot): Proposal<V> {
  return { voters, wanted, question: { kind: 'prepare', ballot }, words: [], heardRound: 0 };
}

/** What was said to another question, or twice, counts for nothing. */
export function heard<V>(proposal: Proposal<V>, { voter, question, word }: Heard<V>): Proposal<V> {
  const { voters, words, heardRound } = proposal;
  if (!isSameQuestion(question, proposal.question) || !voters.includes(voter)) return proposal;
  if (words.some((said) => said.voter === voter)) return proposal;
  const round = word.kind === 'outvoted' ? word.ballot.round : 0;
  return {
    ...proposal,
    words: [...words, { voter, word }],
    heardRound: Math.max(heardRound, round),
  };
}

/** Whoever has said nothing by now will not be waited for. */
export function silentToTheEnd<V>(proposal: Proposal<V>): Proposal<V> {
  const silent = silentOf(proposal).map((voter) => ({ voter, word: noAnswer }));
  return { ...proposal, words: [...proposal.words, ...silent] };
}

export function standingOf<V>(proposal: Proposal<V>): Standing {
  const { voters, words } = proposal;
  const needed = majorityOf(voters);
  const yes = words.filter(({ word }) => isYes(word)).length;
  if (yes >= needed) return 'majority';
  const within = yes + silentOf(proposal).length;
  if (within >= needed) return 'open';
  const refused = words.filter(({ word }) => word.kind === 'outvoted').length;
  return within + refused >= needed ? 'outvoted' : 'withoutMajority';
}

/**
 * Of what was accepted under lower ballots, the last may have been chosen; it is proposed in place
 * of what is wanted.
 */
export function valueToPropose<V>({ wanted, words }: Proposal<V>): V {
  let last: Accepted<V> | undefined;
  for (const { word } of words) {
    if (word.kind !== 'promised' || word.accepted === undefined) continue;
    if (last === undefined || isAbove(word.accepted.ballot, last.ballot)) last = word.accepted;
  }
  return last === undefined ? wanted : last.value;
}

/** A majority has promised: now they are to accept. */
export function toBeAccepted<V>(proposal: Proposal<V>): Proposal<V> {
  const { ballot } = proposal.question;
  const value = valueToPropose(proposal);
  return { ...proposal, question: { kind: 'accept', ballot, value }, words: [] };
}

/** The next try, under a ballot that none of those heard of outvotes. */
export function anew<V>({ voters, wanted, question, heardRound }: Proposal<V>): Proposal<V> {
  return openProposal(voters, wanted, ballotAfter(question.ballot, heardRound));
}

/** Those without whom there is no majority. */
export function missingOf<V>({ words }: Proposal<V>): MissingVoter[] {
  return words.flatMap(({ voter, word }) => {
    const why = whyMissing(word);
    return why === undefined ? [] : { voter, why };
  });
}

const noAnswer = { kind: 'none', why: 'did not answer' } as const;

function whyMissing(word: Word<unknown>): string | undefined {
  switch (word.kind) {
    case 'none':
      return word.why;
    case 'behind':
      return 'does not know yet what this follows';
    case 'abstaining':
      return 'does not vote, since its disk may be an old one';
    default:
      return undefined;
  }
}

/** To what was asked; nobody says one to what was not. */
function isYes({ kind }: Word<unknown>): boolean {
  return kind === 'promised' || kind === 'accepted';
}

function silentOf<V>({ voters, words }: Proposal<V>): NodeId[] {
  return voters.filter((voter) => !words.some((said) => said.voter === voter));
}

function isSameQuestion(question: Question<unknown>, other: Question<unknown>): boolean {
  return question.kind === other.kind && isSameBallot(question.ballot, other.ballot);
}
