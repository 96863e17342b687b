/**
 * Answers `list`: which keys of a bucket this node holds, or that they are those the asker holds.
 * Bounded work a question, whatever is asked; the cache stays as it is.
 */
import { inject, injectable } from 'tsyringe';
import { isReadAlike } from '../../actors/rules/placement.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import { Buckets } from '../buckets/buckets.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, OtherConfigurationError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { answerSpan, Room } from '../store/key-spans.js';
import { Store } from '../store/store.js';
import { listedBody, listOf, type ListedSpan, type ListQuestion } from '../wire/protocol/list.js';

@injectable()
export class ListHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  /** Answers lists from now on. */
  start(): void {
    this.peers.handle('list', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'list'>): void {
    const question = listOf(call.body, this.options.partitions);
    if (!this.isReadOf(question)) throw new OtherConfigurationError();
    if (question.remainingMs <= 0) throw new DeadlineError('too late to be listed', 'none');
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
