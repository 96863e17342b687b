/**
 * Has the cluster agree on what buckets promise, for whoever wants it otherwise
 * (`actors/rules/bucket-wishes.ts`). What others change meanwhile is taken as it is then.
 */
import { inject, injectable } from 'tsyringe';
import { rowOf, sameOptions } from '../../actors/rules/bucket-book.js';
import { type BucketWish, optionsWished, wished } from '../../actors/rules/bucket-wishes.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import type { Objection } from '../../actors/rules/steps.js';
import { Buckets } from '../buckets/buckets.js';
import { BucketChangeError, UnavailableError } from '../errors.js';
import { Clock } from '../seams/clock.js';
import type { BucketChanges } from './bucket-changes.js';
import { Membership } from './membership.js';

@injectable()
export class Rebooking implements BucketChanges {
  constructor(
    @inject(Membership) private readonly membership: Membership,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  get known(): Configuration {
    const { known } = this.membership.configurations.chain;
    if (known === undefined)
      throw new UnavailableError('this node knows of no cluster yet: ask a member');
    return known;
  }

  async change(wish: BucketWish): Promise<Configuration> {
    const agreed = await this.agreed(wish);
    await this.heard(agreed);
    return agreed;
  }

  /**
   * Who asked turns to another node next: all that can be heard are to go by it, if they say so
   * soon with their beats.
   */
  private heard({ number }: Configuration): Promise<void> {
    const { clock } = this;
    const { view, configurations } = this.membership;
    const { reports } = configurations;
    const isBehind = (node: NodeId): boolean =>
      node !== view.self.id &&
      view.reachability(node) === 'alive' &&
      (reports.numberOf(node) ?? 0) < number;
    const endMs = clock.monotonicMs() + bucketLimits.heardMsMax;
    return new Promise((resolve) => {
      const look = (): void => {
        const isOver = clock.monotonicMs() >= endMs || !view.holders().some(isBehind);
        if (isOver) resolve();
        else clock.setTimeout(look, bucketLimits.heardStepMs);
      };
      look();
    });
  }

  /** What this node was told becomes what all go by: the others must have been told the same. */
  private checkToldAlike(): void {
    const { problems, view } = this.membership;
    if (this.known.buckets !== undefined) return;
    const areOther = (node: NodeId): boolean =>
      problems.isOpen(`buckets ${node}`) || problems.isOpen(`quorums ${node}`);
    if (view.holders().some(areOther))
      throw new BucketChangeError(
        'nodes were told of different buckets at their start (quorate status says which): start them with the same options first',
      );
  }

  private async agreed(wish: BucketWish): Promise<Configuration> {
    const told = this.buckets.book;
    this.checkToldAlike();
    const first = wished(this.known, wish, told);
    if (typeof first === 'string') throw new BucketChangeError(first);
    let last: Configuration | undefined;
    let reached: Configuration | undefined;
    let objection: Objection | undefined;
    const step = (from: Configuration): Configuration | Objection => {
      // Another may have had this very wish chosen, which was accepted before.
      if (last !== undefined && hasComeTo(from, wish, last)) {
        reached = from;
        return 'it is so already';
      }
      const next = wished(from, wish, told);
      if (typeof next === 'string') objection = next;
      else last = next;
      return next;
    };
    try {
      return await this.membership.configurations.proposing.propose(step);
    } catch (error) {
      if (reached !== undefined) return reached;
      if (objection !== undefined && error instanceof UnavailableError && last === undefined)
        throw new BucketChangeError(objection);
      throw error;
    }
  }
}

function hasComeTo(from: Configuration, wish: BucketWish, wanted: Configuration): boolean {
  if (wish.ask === 'remove') {
    const row = from.buckets && rowOf(from.buckets, wish.name);
    return row === undefined || row.closing;
  }
  const name = wish.ask === 'defaults' ? '' : wish.name;
  const [is, was] = [optionsWished(from, name), optionsWished(wanted, name)];
  if (is === undefined || was === undefined || !sameOptions(is, was)) return false;
  return wish.ask !== 'defaults' || from.buckets?.unknown === wanted.buckets?.unknown;
}
