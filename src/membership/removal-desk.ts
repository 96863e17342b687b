/**
 * Where an operator says that a member is gone for good, with the nodes' password: applications
 * can't publish there.
 *
 *   nats req _kv.<node that is asked>.remove <id of the member>
 *
 * The answer is JSON, {number, confirmed, missing} or {error, outcome}.
 */
import { inject, injectable } from 'tsyringe';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { NodeAddress } from '../bus/peers.js';
import { OverloadedError, QuorateError } from '../errors.js';
import { Bus, type BusMessage } from '../seams/bus.js';
import { isInbox, nodeSubject } from '../wire/subjects.js';
import { Membership } from './membership.js';
import type { Removal } from './removing.js';

export type RemovalAnswer = Removal | { readonly error: string; readonly outcome: string };

@injectable()
export class RemovalDesk {
  private underway = 0;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(NodeAddress) private readonly address: NodeAddress,
    @inject(Membership) private readonly membership: Membership,
  ) {}

  start(): void {
    const { prefix, id } = this.address;
    const subject = nodeSubject(prefix, id, 'remove');
    this.bus.subscribe(subject, (message) => void this.asked(message));
  }

  private async asked({ data, reply }: BusMessage): Promise<void> {
    if (!isInbox(reply)) return;
    const answer = await this.answerTo(Buffer.from(data).toString('latin1').trim());
    this.bus.publish(reply, Buffer.from(JSON.stringify(answer)));
  }

  private async answerTo(target: string): Promise<RemovalAnswer> {
    try {
      return await this.removed(target);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      return { error: error.message, outcome: error.outcome };
    }
  }

  private async removed(target: string): Promise<RemovalAnswer> {
    if (this.underway >= chainLimits.proposalsMax)
      throw new OverloadedError('this node has other removals under way: ask again');
    this.underway++;
    try {
      return await this.membership.removing.remove(target);
    } finally {
      this.underway--;
    }
  }
}
