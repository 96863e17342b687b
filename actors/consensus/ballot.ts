/**
 * Ballots: the numbers of tries to have something chosen, which the higher ones win. A ballot is a
 * round and, so that two proposers of one round have different ones, its proposer.
 */
import type { NodeId } from '../rules/actor.js';
import { consensusLimits } from '../rules/limits/consensus.js';

export interface Ballot {
  /** From 1 on. */
  readonly round: number;
  readonly proposer: NodeId;
}

/** Below all others; what is promised at first. */
export const noBallot: Ballot = { round: 0, proposer: '' };

export function isAbove(ballot: Ballot, other: Ballot): boolean {
  if (ballot.round !== other.round) return ballot.round > other.round;
  return ballot.proposer > other.proposer;
}

export function isSameBallot(ballot: Ballot, other: Ballot): boolean {
  return ballot.round === other.round && ballot.proposer === other.proposer;
}

/** The highest round that follows `round` at once. */
export function reachOf({ round }: Ballot): number {
  const { ballotLeapMax, ballotRoundMax } = consensusLimits;
  return Math.min(round + ballotLeapMax, ballotRoundMax);
}

/**
 * Of the proposer's next try: the round after all it has heard of, no further than an acceptor that
 * heard of this one follows. One that made up a ballot takes nobody further either.
 */
export function ballotAfter(own: Ballot, heardRound: number): Ballot {
  const round = Math.min(Math.max(own.round, heardRound) + 1, reachOf(own));
  return { round, proposer: own.proposer };
}
