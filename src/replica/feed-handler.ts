/**
 * Answers the verb `feed`. A question for the number of the last change waits for one, for as long
 * as it says; all who wait are told by the change that comes.
 */
import { inject, injectable } from 'tsyringe';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock, type TimerId } from '../seams/clock.js';
import { Store } from '../store/store.js';
import { changesBody, feedOf, keysBody, lastBody, rootsBody } from '../wire/protocol/feed.js';
import { FeedSource } from './feed-source.js';

type Call = IncomingCall<'feed'>;

@injectable()
export class FeedHandler {
  private readonly waiting = new Map<Call, TimerId>();
  private isToldSoon = false;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(FeedSource) private readonly source: FeedSource,
    @inject(Store) private readonly store: Store,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  start(): void {
    this.peers.handle('feed', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: Call): void {
    const { source } = this;
    const question = feedOf(call.body, this.options.partitions);
    switch (question.kind) {
      case 'last': {
        const { life, after, waitMs } = question;
        const isNew = life !== source.life || this.store.recent.last !== after;
        if (isNew || waitMs === 0 || this.waiting.size >= watchLimits.waitingMax)
          return this.tellLast(call);
        return this.wait(call, waitMs);
      }
      case 'roots':
        return call.ok(rootsBody(source.roots(question)));
      case 'changes':
        return call.ok(changesBody(source.changes(question)));
      case 'keys':
        return call.ok(keysBody(source.keys(question)));
    }
  }

  private tellLast(call: Call): void {
    call.ok(lastBody(this.source.last()));
  }

  private wait(call: Call, waitMs: number): void {
    if (this.waiting.size === 0) this.store.recent.onNext(this.somethingCame);
    const timeUp = (): void => {
      this.waiting.delete(call);
      if (this.waiting.size === 0) this.store.recent.offNext(this.somethingCame);
      this.tellLast(call);
    };
    this.waiting.set(call, this.clock.setTimeout(timeUp, waitMs));
  }

  /** Within a write: those who wait are told once its turn is over. */
  private readonly somethingCame = (): void => {
    if (this.isToldSoon) return;
    this.isToldSoon = true;
    this.clock.endOfTurn(() => {
      this.isToldSoon = false;
      for (const [call, timer] of this.waiting) {
        this.clock.clearTimeout(timer);
        this.tellLast(call);
      }
      this.waiting.clear();
    });
  };
}
