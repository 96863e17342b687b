/**
 * Has the survivors of a lost majority go on, because an operator says that the others are gone for
 * good: looks who is left and what they know last, shows what would be lost, and has all of them
 * agree (`actors/rules/recovery.ts`).
 */
import { type Ballot, ballotAfter, noBallot } from '../../actors/consensus/ballot.js';
import type { Vote } from '../../actors/consensus/voter.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { areForked } from '../../actors/rules/era.js';
import { sameIds } from '../../actors/rules/founding.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { lostOf, mayHaveBegun, recovered, recoveryObjection } from '../../actors/rules/recovery.js';
import { sameConfiguration } from '../../actors/rules/steps.js';
import type { IncomingCall, PeerAnswer, Peers } from '../bus/peers.js';
import { QuorateError, UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { decodeConfiguration, encodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import { surveyedBody, surveyedOf, voteBody, voteOf, type VoteQuestion } from '../wire/protocol/chain.js';
import type { Agreement } from './agreement.js';
import type { Chain } from './chain.js';
import type { ChainExchange, RecoveryQuestion, Survivor } from './chain-exchange.js';
import { askEach } from './surveys.js';
import type { Voting } from './voting.js';

export interface RecoveringOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly chain: Chain;
  readonly voting: Voting;
  readonly exchange: ChainExchange;
  readonly agreement: Agreement;
  readonly nameOf: (node: NodeId) => string;
}

/** What a recovery would come to now. */
export interface Outlook {
  /** The newest that any survivor knows. */
  readonly base: Configuration;
  /** Ascending, this node among them. */
  readonly survivors: readonly NodeId[];
  /** Ascending. */
  readonly lost: readonly NodeId[];
  readonly after: Configuration;
}

interface Seen {
  readonly told: Configuration;
  readonly votes: boolean;
}

type Word = Vote<Uint8Array> | { readonly kind: 'none'; readonly why: string };

export class Recovering implements Survivor {
  constructor(private readonly options: RecoveringOptions) {}

  /** Another node asks. */
  answer(call: IncomingCall<'chain'>, asked: RecoveryQuestion): void {
    const { chain, voting, exchange, agreement } = this.options;
    if (asked.kind === 'survey') {
      if (chain.bytes === undefined) throw new UnavailableError('no configuration is known here');
      return call.ok(surveyedBody({ configuration: chain.bytes, votes: !voting.votesNowhere }));
    }
    const { question } = asked;
    // It outlives the message.
    const own =
      question.kind === 'accept' ? { ...question, value: Buffer.from(question.value) } : question;
    agreement.vote(own, (vote) => {
      if (vote.kind === 'behind') exchange.fetchFrom(call.from);
      if (vote.kind !== 'superseded') return call.ok(voteBody(vote));
      call.ok(voteBody({ kind: 'superseded', configuration: chain.bytes! }));
    });
  }

  /** Throws `UnavailableError` with what stands in the way. */
  async look(): Promise<Outlook> {
    for (let i = 0; i < chainLimits.surveysMax; i++) {
      const base = this.known;
      const seen = await this.survey(base);
      if (await this.evened(base, seen)) return this.outlook(base, seen);
    }
    throw new UnavailableError('the configuration changes while it is asked for: ask again');
  }

  /**
   * As it was shown: from that configuration, without those. Resolves with the number of what
   * follows. Throws `UnavailableError`: outcome `none`, it does not come about; `unknown`, it may
   * yet.
   */
  async recover(from: number, lost: readonly NodeId[]): Promise<number> {
    const outlook = await this.look();
    if (outlook.base.number !== from || !sameIds(outlook.lost, lost.toSorted()))
      throw new UnavailableError(
        'what would be lost has changed since it was shown: look at it again',
      );
    const { base, survivors, after } = outlook;
    await this.agreed(base, survivors, after);
    await this.begin(after);
    return after.number;
  }

  private get known(): Configuration {
    const { known } = this.options.chain;
    if (known === undefined)
      throw new UnavailableError('this node knows of no cluster yet: ask a member');
    return known;
  }

  private async survey(base: Configuration): Promise<Map<NodeId, Seen>> {
    const { peers, chain, voting, nameOf } = this.options;
    const others = membersOf(base).filter((id) => id !== peers.self);
    const answers = await askEach(this.options, others, { kind: 'survey' });
    const seen = new Map<NodeId, Seen>([
      [peers.self, { told: chain.known!, votes: !voting.votesNowhere }],
    ]);
    for (const [node, answer] of answers) {
      if (answer.kind === 'noResponders') continue;
      if (answer.kind === 'refused')
        throw new UnavailableError(`${nameOf(node)} says: ${answer.message}`);
      const said = understood(() => {
        const { configuration, votes } = surveyedOf(answer.body);
        return { told: decodeConfiguration(configuration), votes };
      });
      if (said === undefined) throw new UnavailableError(`${nameOf(node)} gave an answer that is none`);
      seen.set(node, said);
    }
    return seen;
  }

  /** Whether all know the same; if not, those that are behind are told. */
  private async evened(base: Configuration, seen: ReadonlyMap<NodeId, Seen>): Promise<boolean> {
    const { chain, exchange, nameOf } = this.options;
    const forked = [...seen].find(([, { told }]) => areForked(base, told));
    if (forked !== undefined)
      throw new UnavailableError(`${nameOf(forked[0])} went on by another recovery than this node`);
    const latest = [...seen.values()]
      .map(({ told }) => told)
      .reduce((last, told) => (told.number > last.number ? told : last), this.known);
    if (latest.number > this.known.number)
      await new Promise<void>((resolve) => chain.learn(latest, resolve));
    const behind = [...seen].filter(([, { told }]) => told.number < latest.number);
    if (behind.length > 0) await exchange.spread(behind.map(([id]) => id));
    return latest === base && behind.length === 0;
  }

  private outlook(base: Configuration, seen: ReadonlyMap<NodeId, Seen>): Outlook {
    const survivors = [...seen.keys()].sort();
    const lost = lostOf(base, survivors);
    const objection =
      recoveryObjection(base, survivors, (node) => seen.get(node)?.votes === true) ??
      this.options.agreement.objection(lost);
    if (objection !== undefined) throw new UnavailableError(objection);
    const after = recovered(base, survivors);
    if (typeof after === 'string') throw new UnavailableError(after);
    return { base, survivors, lost, after };
  }

  /** Resolves when all survivors have agreed, and throws where they do not. */
  private async agreed(
    base: Configuration,
    survivors: readonly NodeId[],
    after: Configuration,
  ): Promise<void> {
    const { peers, clock, agreement } = this.options;
    const instance = base.number;
    const value = encodeConfiguration(after);
    let ballot: Ballot = { ...noBallot, proposer: peers.self };
    let heardRound = 0;
    for (let i = 0; i < chainLimits.agreementsMax; i++) {
      ballot = ballotAfter(ballot, heardRound);
      const promises = await this.ask(survivors, { kind: 'prepare', instance, ballot });
      heardRound = Math.max(heardRound, roundIn(promises));
      if (this.areAll('promised', promises)) {
        await this.takeUpWhatBegan(promises, after);
        const fromMs = clock.monotonicMs();
        const accepts = await this.ask(survivors, { kind: 'accept', instance, ballot, value });
        heardRound = Math.max(heardRound, roundIn(accepts));
        if (this.areAll('accepted', accepts)) {
          const objection = agreement.objection(lostOf(base, survivors));
          if (objection !== undefined) throw new UnavailableError(objection, 'unknown');
          if (clock.monotonicMs() - fromMs <= chainLimits.agreedMsMax) return;
          throw new UnavailableError('this node stood still meanwhile: ask again', 'unknown');
        }
      }
      await this.rest();
    }
    throw new UnavailableError(
      'another operator recovers this cluster at the same time: see what becomes of that',
      'unknown',
    );
  }

  /** Whether each has said that; throws with what one says that will not change. */
  private areAll(kind: 'promised' | 'accepted', words: ReadonlyMap<NodeId, Word>): boolean {
    for (const [node, word] of words)
      if (word.kind !== kind && word.kind !== 'outvoted')
        throw new UnavailableError(
          `all survivors must agree: ${this.options.nameOf(node)} ${whyNot(word)}`,
          kind === 'accepted' ? 'unknown' : 'none',
        );
    return [...words.values()].every((word) => word.kind === kind);
  }

  /**
   * An earlier try may have come about, and somebody who is not here go by it: so that is what
   * follows. Throws unless it is what is wanted now.
   */
  private async takeUpWhatBegan(
    promises: ReadonlyMap<NodeId, Word>,
    wanted: Configuration,
  ): Promise<void> {
    const agreed = new Map<NodeId, Configuration | undefined>();
    for (const [node, word] of promises) {
      const accepted = word.kind === 'promised' ? word.accepted : undefined;
      agreed.set(node, accepted && decodeConfiguration(accepted.value));
    }
    const [begun, ...others] = mayHaveBegun(agreed);
    if (begun === undefined || (others.length === 0 && sameConfiguration(begun, wanted))) return;
    if (others.length > 0)
      throw new UnavailableError(
        'two recoveries of this configuration were begun apart, and each may have come about: stop the nodes of one, and put their data directories aside',
      );
    await this.begin(begun);
    const names = membersOf(begun).map((id) => this.options.nameOf(id));
    throw new UnavailableError(
      `an earlier recovery, of ${names.join(', ')}, may have come about: it was taken up. See quorate ring; recover again if too few of them are left`,
      'unknown',
    );
  }

  private async begin(after: Configuration): Promise<void> {
    const { peers, chain, exchange } = this.options;
    await new Promise<void>((resolve) => chain.learn(after, resolve));
    await exchange.spread(membersOf(after).filter((id) => id !== peers.self));
  }

  private async ask(
    survivors: readonly NodeId[],
    question: VoteQuestion,
  ): Promise<Map<NodeId, Word>> {
    const { peers } = this.options;
    const others = survivors.filter((id) => id !== peers.self);
    const own = this.ownWord(question);
    const answers = await askEach(this.options, others, { kind: 'recover', question });
    const words = new Map<NodeId, Word>([[peers.self, await own]]);
    for (const node of others) words.set(node, wordOf(answers.get(node), question.kind));
    return words;
  }

  private ownWord(question: VoteQuestion): Promise<Word> {
    return new Promise((resolve) => {
      try {
        this.options.agreement.vote(question, resolve);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        resolve({ kind: 'none', why: `says: ${error.message}` });
      }
    });
  }

  /** So that of two who try at once one comes first. */
  private rest(): Promise<void> {
    const { clock, random } = this.options;
    const { fetchMsMax } = chainLimits;
    return new Promise((resolve) => clock.setTimeout(resolve, random.below(fetchMsMax)));
  }
}

function wordOf(answer: PeerAnswer | undefined, to: 'prepare' | 'accept'): Word {
  if (answer === undefined) return { kind: 'none', why: 'does not answer in time' };
  if (answer.kind === 'noResponders') return { kind: 'none', why: 'is not there any more' };
  if (answer.kind === 'refused') return { kind: 'none', why: `says: ${answer.message}` };
  const vote = understood(() => voteOf(answer.body, to));
  return vote ?? { kind: 'none', why: 'gave an answer that is none' };
}

function whyNot(word: Word): string {
  if (word.kind === 'none') return word.why;
  return word.kind === 'behind' ? 'does not know the configuration' : 'knows another configuration';
}

function roundIn(words: ReadonlyMap<NodeId, Word>): number {
  const rounds = [...words.values()].map((word) =>
    word.kind === 'outvoted' ? word.ballot.round : 0,
  );
  return Math.max(0, ...rounds);
}
