/**
 * Finds out from where on a node with an old disk may vote again. It may have voted, beyond what
 * its disk knows, in instances that it does not know of; the other voters can rule that out by what
 * they promise now (`mayVoteAfter` in `actors/consensus/voter.ts`). It proposes nothing.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { ballotAfter } from '../../actors/consensus/ballot.js';
import { mayVoteAfter, type Vote } from '../../actors/consensus/voter.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { CallId, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import { chainBody, type SentVote, voteOf } from '../wire/protocol/chain.js';
import type { Chain } from './chain.js';
import type { Voting } from './voting.js';
import type { Vouching } from './vouching.js';

export class Reassurance {
  private round = 0;
  private heardRound = 0;
  private isAsking = false;

  constructor(
    private readonly options: {
      readonly peers: Peers;
      readonly clock: Clock;
      readonly chain: Chain;
      readonly voting: Voting;
      readonly vouching: Vouching;
    },
  ) {}

  /** With each beat. */
  review(): void {
    const { chain, voting } = this.options;
    if (!voting.votesNowhere || this.isAsking || chain.known === undefined) return;
    void this.ask();
  }

  private async ask(): Promise<void> {
    const { peers, chain, voting } = this.options;
    const { number } = chain.known!;
    const voters = votersOf(chain.known!);
    this.isAsking = true;
    const votes = await this.votesOf(
      voters.filter((id) => id !== peers.self),
      number,
    );
    this.isAsking = false;
    // What they know meanwhile is another instance.
    if (chain.known?.number !== number) return;
    if (mayVoteAfter({ voters, self: peers.self }, votes)) voting.voteFrom(number + 1);
  }

  private async votesOf(
    others: readonly NodeId[],
    instance: number,
  ): Promise<Map<NodeId, Vote<Uint8Array>>> {
    const { peers, clock } = this.options;
    const ballot = ballotAfter({ round: this.round, proposer: peers.self }, this.heardRound);
    this.round = ballot.round;
    const body = chainBody({ kind: 'prepare', instance, ballot });
    const votes = new Map<NodeId, Vote<Uint8Array>>();
    const calls: CallId[] = [];
    let open = others.length;
    await new Promise<void>((resolve) => {
      const deadline = clock.setTimeout(resolve, chainLimits.fetchMsMax);
      for (const node of others) {
        const call = peers.call(node, 'chain', body, (answer) => {
          const vote =
            answer.kind === 'ok' ? understood(() => voteOf(answer.body, 'prepare')) : undefined;
          if (vote !== undefined) votes.set(node, this.heard(node, vote));
          if (--open > 0) return;
          clock.clearTimeout(deadline);
          resolve();
        });
        calls.push(call);
      }
    });
    for (const call of calls) peers.giveUp(call);
    return votes;
  }

  private heard(from: NodeId, vote: SentVote): Vote<Uint8Array> {
    if (vote.kind === 'outvoted') this.heardRound = Math.max(this.heardRound, vote.ballot.round);
    if (vote.kind !== 'superseded') return vote;
    const told = understood(() => decodeConfiguration(vote.configuration));
    if (told !== undefined) this.options.vouching.hear(from, told);
    return { kind: 'superseded' };
  }
}
