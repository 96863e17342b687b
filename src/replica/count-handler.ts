/** Answers `count`: bounded work a question; the cache stays as it is. */
import { inject, injectable } from 'tsyringe';
import { storageKeyOf } from '../../actors/rules/key.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { valuesOf } from '../../actors/rules/view.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers, type IncomingCall } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Store } from '../store/store.js';
import { countedBody, countOf, type Counted, type CountQuestion } from '../wire/protocol/count.js';

@injectable()
export class CountHandler {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  start(): void {
    this.peers.handle('count', (call) => this.answer(call));
  }

  /** Throws become refusals, by `Peers`. */
  private answer(call: IncomingCall<'count'>): void {
    call.ok(countedBody(this.counted(countOf(call.body, this.options.partitions))));
  }

  private counted({ bucket, partition, after }: CountQuestion): Counted {
    const { store } = this;
    const { conflict } = this.buckets.of(bucket);
    const nowMs = this.clock.wallMs();
    const before = storageKeyOf({ partition, bucket, key: '' });
    const limit = bucketLimits.countedKeysMax;
    const from = after < before ? before : after;
    const found = store.scan({ partition, after: from, limit });
    const counts = { keys: 0, bytes: 0, tombstones: 0, siblings: 0, hints: 0 };
    for (const { key } of found) {
      if (!key.startsWith(before)) return { ...counts, upTo: '' };
      if (store.hints.owes(key)) counts.hints++;
      const state = store.peek(key)?.state;
      if (state === undefined) continue;
      const values = valuesOf(state, { conflict, nowMs });
      if (values.length === 0) counts.tombstones++;
      else counts.keys++;
      if (values.length > 1) counts.siblings++;
      for (const value of values) counts.bytes += value?.length ?? 0;
    }
    return { ...counts, upTo: found.length < limit ? '' : found.at(-1)!.key };
  }
}
