/**
 * Has the survivors of a lost majority go on, because an operator says that the others are gone for
 * good: all of them agree to what follows then (`actors/rules/recovery.ts`, `outlook.ts`).
 */
import { type Ballot, ballotAfter, noBallot } from '../../actors/consensus/ballot.js';
import type { Vote } from '../../actors/consensus/voter.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { sameIds } from '../../actors/rules/founding.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { lostOf } from '../../actors/rules/recovery.js';
import { sameConfiguration } from '../../actors/rules/steps.js';
import type { IncomingCall, PeerAnswer } from '../bus/peers.js';
import { QuorateError, UnavailableError } from '../errors.js';
import type { Random } from '../seams/random.js';
import { decodeConfiguration, encodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import { surveyedBody, voteBody, voteOf, type VoteQuestion } from '../wire/protocol/chain.js';
import type { RecoveryQuestion, Survivor } from './chain-exchange.js';
import { begunBy, type Outlook, Outlooks, type OutlooksOptions } from './outlook.js';
import { askEach } from './surveys.js';

export interface RecoveringOptions extends OutlooksOptions {
  readonly random: Random;
}

type Word = Vote<Uint8Array> | { readonly kind: 'none'; readonly why: string };

export class Recovering implements Survivor {
  private readonly outlooks: Outlooks;

  constructor(private readonly options: RecoveringOptions) {
    this.outlooks = new Outlooks(options);
  }

  /** Another node asks. */
  answer(call: IncomingCall<'chain'>, asked: RecoveryQuestion): void {
    const { chain, exchange, agreement } = this.options;
    if (asked.kind === 'survey') {
      const word = agreement.word();
      if (word === undefined) throw new UnavailableError('no configuration is known here');
      return call.ok(surveyedBody(word));
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

  /** What it would come to now. Throws `UnavailableError` with what stands in the way. */
  look(): Promise<Outlook> {
    return this.outlooks.look();
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
    await this.agreed(outlook);
    await this.begin(outlook.after);
    return outlook.after.number;
  }

  /** Resolves when all survivors have agreed, and throws where they do not. */
  private async agreed({ base, here, survivors, after, begun }: Outlook): Promise<void> {
    const { peers, clock, agreement } = this.options;
    const instance = base.number;
    const value = encodeConfiguration(after);
    let ballot: Ballot = { ...noBallot, proposer: peers.self };
    let heardRound = 0;
    for (let i = 0; i < chainLimits.agreementsMax; i++) {
      ballot = ballotAfter(ballot, heardRound);
      const promises = await this.ask(here, { kind: 'prepare', instance, ballot });
      heardRound = Math.max(heardRound, roundIn(promises));
      if (this.areAll('promised', promises)) {
        checkBegun(promises, begun, after);
        if (after === begun) return;
        const fromMs = clock.monotonicMs();
        const accepts = await this.ask(survivors, { kind: 'accept', instance, ballot, value });
        heardRound = Math.max(heardRound, roundIn(accepts));
        if (this.areAll('accepted', accepts)) {
          const objection = agreement.objection(lostOf(begun ?? base, survivors));
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

/**
 * Somebody may have agreed since it was looked. That all have to what is wanted is no harm: it was
 * wanted before. Throws `UnavailableError`.
 */
function checkBegun(
  promises: ReadonlyMap<NodeId, Word>,
  begun: Configuration | undefined,
  wanted: Configuration,
): void {
  const agreed = new Map<NodeId, Configuration | undefined>();
  for (const [node, word] of promises) {
    const accepted = word.kind === 'promised' ? word.accepted : undefined;
    agreed.set(node, accepted && decodeConfiguration(accepted.value));
  }
  const now = begunBy(agreed);
  const isExpected = (one: Configuration | undefined): boolean =>
    one !== undefined && now !== undefined && sameConfiguration(now, one);
  if (now === begun || isExpected(begun) || isExpected(wanted)) return;
  throw new UnavailableError('another recovery may have come about: look at it again');
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
