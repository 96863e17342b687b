/**
 * Where an operator changes the membership, with the nodes' password: applications can't publish
 * there. What is asked and answered: `src/wire/change-form.ts`.
 *
 *   nats req _kv.<node that is asked>.change '{"ask":"plan","add":["<id>"]}'
 */
import { inject, injectable } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { Buckets } from '../buckets/buckets.js';
import { NodeAddress } from '../bus/peers.js';
import { OverloadedError, QuorateError } from '../errors.js';
import { Bus, type BusMessage } from '../seams/bus.js';
import { type ChangeAnswer, type ChangeQuestion, changeQuestionOf } from '../wire/change-form.js';
import { isInbox, nodeSubject } from '../wire/subjects.js';
import { Membership } from './membership.js';
import { Planning } from './planning.js';
import { RecoveryDesk } from './recovery-desk.js';
import { DataSizes } from './size-estimate.js';

type Wanted = Extract<ChangeQuestion, { readonly ask: 'apply' | 'cancel' | 'recover' }>;

const tooLarge: ChangeAnswer = {
  error: 'what this plan comes to does not fit a message: plan less at once',
  outcome: 'none',
};

@injectable()
export class ChangeDesk {
  private readonly planning: Planning;
  private readonly recovery: RecoveryDesk;
  private underway = 0;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(NodeAddress) private readonly address: NodeAddress,
    @inject(Membership) membership: Membership,
    @inject(Buckets) buckets: Buckets,
    @inject(DataSizes) sizes: DataSizes,
  ) {
    const { view, consent, recovering } = membership;
    const { chain, proposing } = membership.configurations;
    this.planning = new Planning({ chain, proposing, consent, view, buckets, sizes });
    this.recovery = new RecoveryDesk({ recovering, view, buckets });
  }

  start(): void {
    const { prefix, id } = this.address;
    const subject = nodeSubject(prefix, id, 'change');
    this.bus.subscribe(subject, (message) => void this.asked(message));
  }

  private async asked({ data, reply }: BusMessage): Promise<void> {
    if (!isInbox(reply)) return;
    const answer = Buffer.from(JSON.stringify(await this.answerTo(data)));
    if (answer.length <= limits.messageBytesMax) this.bus.publish(reply, answer);
    else this.bus.publish(reply, Buffer.from(JSON.stringify(tooLarge)));
  }

  /** Whatever goes wrong is an answer: who asks is a person, and waits. */
  private async answerTo(data: Uint8Array): Promise<ChangeAnswer> {
    try {
      // What it was asked is read within the turn: the bytes are lent.
      return await this.done(changeQuestionOf(data));
    } catch (error) {
      if (error instanceof QuorateError) return { error: error.message, outcome: error.outcome };
      return { error: `this node failed at it: ${String(error)}`, outcome: 'unknown' };
    }
  }

  private async done(question: ChangeQuestion): Promise<ChangeAnswer> {
    if (question.ask === 'plan') return this.planning.plan(question.wishes);
    if (this.underway >= chainLimits.proposalsMax)
      throw new OverloadedError('this node has other changes under way: ask again');
    this.underway++;
    try {
      if (question.ask === 'recovery') return { recovery: await this.recovery.show() };
      return { number: await this.chosen(question) };
    } finally {
      this.underway--;
    }
  }

  private chosen(question: Wanted): Promise<number> {
    const { planning, recovery } = this;
    if (question.ask === 'apply') return planning.apply(question.plan);
    if (question.ask === 'recover') return recovery.recover(question.from, question.lost);
    return planning.cancel();
  }
}
