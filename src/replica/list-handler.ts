/**
 * Answers `list`: which keys of a bucket this node holds, or that they are those the asker holds.
 * Bounded work a question, whatever is asked; the cache stays as it is.
 */
import { inject, injectable } from 'tsyringe';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import { isReadAlike } from '../../actors/rules/placement.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import { Buckets } from '../buckets/buckets.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, OtherConfigurationError, OverloadedError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { answerSpan, Room } from '../store/key-spans.js';
import { Store } from '../store/store.js';
import { TurnQueue } from '../store/turn-queue.js';
import { listedBody, listOf, type ListedSpan, type ListQuestion } from '../wire/protocol/list.js';

@injectable()
export class ListHandler {
  private readonly lists: TurnQueue;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.lists = new TurnQueue(clock);
  }

  /** Answers lists from now on. */
  start(): void {
    this.peers.handle('list', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'list'>): void {
    const question = listOf(call.body, this.options.partitions);
    this.check(question);
    if (this.lists.size >= listingLimits.listsWaitingMax)
      throw new OverloadedError(`${this.lists.size} lists of keys are asked for`);
    this.lists.add(() => this.list(question, call));
  }

  private check(question: ListQuestion): void {
    if (!this.isReadOf(question)) throw new OtherConfigurationError();
    if (question.remainingMs <= 0) throw new DeadlineError('too late to be listed', 'none');
  }

  private list(question: ListQuestion, call: IncomingCall<'list'>): void {
    // It may have heard of another one since.
    if (!this.isReadOf(question)) {
      const { code, message } = new OtherConfigurationError();
      return call.refuse(code, message);
    }
    const { bucket, prefix } = question;
    const { conflict } = this.buckets.of(bucket);
    const what = { bucket, prefix, conflict, nowMs: this.clock.wallMs() };
    const room = new Room();
    const spans: ListedSpan[] = [];
    for (const span of question.spans) {
      const listed = answerSpan(this.store, span, what, room);
      if (listed === undefined) break;
      spans.push(listed);
    }
    call.ok(listedBody(spans));
  }

  private isReadOf({ configuration, side, bucket, spans }: ListQuestion): boolean {
    const { view } = this;
    if (!isServed(configuration, view.configuration)) return false;
    if (side === undefined) return true;
    const { spread: n } = this.buckets.of(bucket);
    return spans.every(({ partition }) => isReadAlike(side, view.placement(partition, n)));
  }
}
