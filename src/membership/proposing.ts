/**
 * Has the next configuration chosen, for whoever wants one: as many proposals as it takes, each to
 * the voters of the configuration this node knows by then. One is under way at a time.
 */
import { type ActorRefFrom, createActor } from 'xstate';
import type { Question } from '../../actors/consensus/acceptor.js';
import type { MissingVoter, Word } from '../../actors/consensus/proposal.js';
import { proposerChart, type proposerMachine } from '../../actors/consensus/proposer.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { Objection } from '../../actors/rules/steps.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { CallId, PeerAnswer, Peers } from '../bus/peers.js';
import { QuorateError, UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Random } from '../seams/random.js';
import { decodeConfiguration, encodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import { chainBody, voteOf } from '../wire/protocol/chain.js';
import type { Chain } from './chain.js';
import type { Voting } from './voting.js';
import type { Vouching } from './vouching.js';

/** From what is known by then to what is wanted; or why not. */
export type WantedStep = (from: Configuration) => Configuration | Objection;

export interface ProposingOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly inspection: Inspection;
  readonly chain: Chain;
  readonly voting: Voting;
  readonly vouching: Vouching;
  readonly nameOf: (node: NodeId) => string;
  /** Another may know more. */
  readonly fetchFrom: (node: NodeId) => void;
}

interface Underway {
  readonly from: Configuration;
  readonly actor: ActorRefFrom<typeof proposerMachine>;
  readonly end: (outcome: Outcome) => void;
  missing: readonly MissingVoter[];
}

type Outcome =
  | { readonly kind: 'chosen'; readonly bytes: Uint8Array }
  /** Another follows what it was to follow, and is or will be known. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'ended'; readonly error: QuorateError };

export class Proposing {
  private readonly waiting: (() => void)[] = [];
  private isBusy = false;
  private underway: Underway | undefined;
  private isOver = false;
  private onLater: () => void = () => undefined;

  constructor(private readonly options: ProposingOptions) {
    options.chain.onLearned(({ number }) => {
      this.onLater();
      if (this.underway !== undefined && number > this.underway.from.number)
        this.underway.actor.send({ type: 'instance.superseded' });
    });
  }

  /** Nothing is being proposed by this node. */
  get isIdle(): boolean {
    return !this.isBusy;
  }

  /**
   * Resolves with what was wanted, once it is chosen and on this disk. Throws `UnavailableError`:
   * outcome `none`, it can't be; `unknown`, it may be yet.
   */
  async propose(wanted: WantedStep): Promise<Configuration> {
    await this.turn();
    try {
      return await this.untilChosen(wanted);
    } finally {
      this.isBusy = false;
      this.waiting.shift()?.();
    }
  }

  stop(): void {
    this.isOver = true;
    this.underway?.actor.send({ type: 'node.stopping' });
    this.underway?.end({ kind: 'ended', error: stopped() });
  }

  private async turn(): Promise<void> {
    if (this.waiting.length + 1 >= chainLimits.proposalsMax)
      throw new UnavailableError('this node has other changes to propose: ask again');
    if (this.isBusy) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.isBusy = true;
  }

  private async untilChosen(wanted: WantedStep): Promise<Configuration> {
    const { clock, chain } = this.options;
    const endMs = clock.monotonicMs() + chainLimits.proposalMsMax;
    let isUncertain = false;
    for (;;) {
      const from = chain.known;
      if (this.isOver) throw stopped();
      if (from === undefined) throw new UnavailableError('no cluster is founded yet');
      const next = wanted(from);
      if (typeof next === 'string') {
        const outcome = isUncertain ? 'unknown' : 'none';
        throw new UnavailableError(next, outcome);
      }
      const bytes = encodeConfiguration(next);
      const outcome = await this.chosenAfter(from, bytes, endMs - clock.monotonicMs());
      if (outcome.kind === 'ended') throw outcome.error;
      if (outcome.kind === 'chosen') {
        const chosen = decodeConfiguration(outcome.bytes);
        await new Promise<void>((resolve) => chain.learn(chosen, resolve));
        if (bytes.equals(outcome.bytes)) return chosen;
      } else {
        isUncertain = true;
        await this.later(from, endMs - clock.monotonicMs());
      }
    }
  }

  /** Resolves when a later one is known, or nobody told of it in time. */
  private later(from: Configuration, msMax: number): Promise<void> {
    const { clock, chain } = this.options;
    return new Promise((resolve) => {
      if (chain.known!.number > from.number || msMax <= 0) return resolve();
      const deadline = clock.setTimeout(resolve, msMax);
      this.onLater = () => {
        this.onLater = () => undefined;
        clock.clearTimeout(deadline);
        resolve();
      };
    });
  }

  private chosenAfter(from: Configuration, wanted: Buffer, msMax: number): Promise<Outcome> {
    const { peers, clock, random, inspection, nameOf } = this.options;
    const voters = votersOf(from);
    return new Promise((resolve) => {
      let calls: CallId[] = [];
      const end = (outcome: Outcome): void => {
        clock.clearTimeout(deadline);
        this.underway = undefined;
        for (const call of calls) peers.giveUp(call);
        inspection.detach(actor);
        actor.stop();
        resolve(outcome);
      };
      const chart = proposerChart({
        ask: (whom, question) => {
          calls = [];
          for (const voter of whom) {
            const call = this.ask(voter, from, question);
            if (call !== undefined) calls.push(call);
          }
        },
        giveUp: () => {
          for (const call of calls) peers.giveUp(call);
        },
        decided: (bytes) => end({ kind: 'chosen', bytes }),
        lacksMajority: (missing) => {
          if (this.underway !== undefined) this.underway.missing = missing;
        },
        superseded: () => end({ kind: 'overtaken' }),
        jitter: () => random.below(2 ** 20) / 2 ** 20,
      });
      const input = { self: peers.self, voters, wanted };
      const actor = createActor(chart, { clock, input });
      const deadline = clock.setTimeout(
        () => {
          const missing = this.underway?.missing ?? [];
          const error = withoutMajority(voters, missing, nameOf, this.toRemove(missing, wanted));
          end({ kind: 'ended', error });
        },
        Math.max(0, msMax),
      );
      this.underway = { from, actor, end, missing: [] };
      inspection.attach(actor);
      actor.start();
    });
  }

  /** Without their word this node does not vote; once they are known to be gone it does. */
  private toRemove(missing: readonly MissingVoter[], wanted: Buffer): NodeId[] {
    const unheard = this.options.voting.unheard();
    const { removed } = decodeConfiguration(wanted);
    const voters = missing.map(({ voter }) => voter);
    return voters.filter((id) => unheard.includes(id) && !removed.includes(id));
  }

  private ask(
    voter: NodeId,
    { number: instance }: Configuration,
    question: Question<Uint8Array>,
  ): CallId | undefined {
    const { peers, clock, voting } = this.options;
    const tell = (word: Word<Uint8Array> | undefined): void => {
      // The own vote may come when the next instance is under way, with the same ballot.
      if (this.underway?.from.number !== instance) return;
      const { actor } = this.underway;
      if (word === undefined) actor.send({ type: 'instance.superseded' });
      else actor.send({ type: 'voter.answered', voter, question, word });
    };
    if (voter !== peers.self) {
      const body = chainBody({ ...question, instance });
      return peers.call(voter, 'chain', body, (answer) =>
        tell(this.wordOf(voter, answer, question)),
      );
    }
    // Its own vote comes no sooner than one of another could.
    clock.endOfTurn(() => {
      try {
        voting.vote({ ...question, instance }, (vote) =>
          tell(vote.kind === 'superseded' ? undefined : vote),
        );
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        tell({ kind: 'none', why: error.message });
      }
    });
    return undefined;
  }

  /** Nothing: the instance is over. */
  private wordOf(
    voter: NodeId,
    answer: PeerAnswer,
    question: Question<Uint8Array>,
  ): Word<Uint8Array> | undefined {
    const { vouching, fetchFrom } = this.options;
    if (answer.kind === 'noResponders') return { kind: 'none', why: 'is not there' };
    if (answer.kind === 'refused') return { kind: 'none', why: `says: ${answer.message}` };
    const vote = understood(() => voteOf(answer.body, question.kind));
    if (vote === undefined) return { kind: 'none', why: 'gave an answer that is none' };
    if (vote.kind !== 'superseded') return kept(vote);
    const told = understood(() => decodeConfiguration(vote.configuration));
    if (told === undefined) fetchFrom(voter);
    else vouching.hear(voter, told);
    return undefined;
  }
}

/** What an acceptor has accepted outlives the message it came in. */
function kept(vote: Word<Uint8Array>): Word<Uint8Array> {
  if (vote.kind !== 'promised' || vote.accepted === undefined) return vote;
  const { ballot, value } = vote.accepted;
  return { kind: 'promised', accepted: { ballot, value: Buffer.from(value) } };
}

function stopped(): UnavailableError {
  return new UnavailableError('the node stops', 'unknown');
}

function withoutMajority(
  voters: readonly NodeId[],
  missing: readonly MissingVoter[],
  nameOf: (node: NodeId) => string,
  toRemove: readonly NodeId[],
): UnavailableError {
  const said = missing.map(({ voter, why }) => `${nameOf(voter)} ${why}`).join('; ');
  const needed = Math.floor(voters.length / 2) + 1;
  const hints = toRemove
    .map(nameOf)
    .map((name) => `; if ${name} is gone for good, remove it first: quorate remove ${name}`);
  return new UnavailableError(
    `${needed} of the ${voters.length} members that vote must agree, and too few do: ${said || 'they did not in time'}; it may be chosen yet${hints.join('')}`,
    'unknown',
  );
}
