/**
 * Clearing: drops the keys of buckets that are removed, and says of which nothing is left here.
 *
 * A bucket that is closing is served by nobody who knows that, and no key of it is taken from
 * others any more. So one walk over the partitions is enough: what it has dropped does not come
 * back. Nobody is asked before, as nothing of it is to be kept; but the bucket's row goes only when
 * all members have said that they hold nothing, on their disks, and until then its name is not
 * free. So a node that was away brings nothing of it back.
 */
import { inject, injectable } from 'tsyringe';
import { type ByteString, nameOfStorageKey, storageKeyOf } from '../../actors/rules/key.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { namedBucket, partBucket } from '../../actors/rules/part-names.js';
import { Buckets } from '../buckets/buckets.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock, type TimerId } from '../seams/clock.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store, type ScannedKey } from '../store/store.js';
import { Pace } from './pace.js';

/** What is left of the bucket at hand. */
interface Walk {
  readonly bucket: ByteString;
  partition: number;
}

@injectable()
export class Clearing {
  private closing: ReadonlySet<ByteString> = new Set();
  /** Of which nothing is left here, on the disk. */
  private readonly empty = new Set<ByteString>();
  private walk: Walk | undefined;
  private timer: TimerId;
  private isRunning = false;
  private readonly pace: Pace;
  private readonly cleared: Counter;
  private readonly listeners: (() => void)[] = [];

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(ClusterView) view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.pace = new Pace(clock, store);
    this.cleared = metrics.counter('clearing.dropped', 'keys dropped with their bucket');
    view.onChange((change) => {
      if (change.kind === 'ring') this.follow();
    });
  }

  start(): void {
    this.isRunning = true;
    this.goOn();
  }

  stop(): void {
    this.isRunning = false;
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Buckets that are removed, of which this node holds nothing; a bounded number of them. */
  emptied(): readonly ByteString[] {
    return [...this.empty].sort().slice(0, bucketLimits.emptiedToldMax);
  }

  /** Called when there is one more. */
  onEmptied(listener: () => void): void {
    this.listeners.push(listener);
  }

  private follow(): void {
    const { own } = this.buckets;
    const names = [...own.keys()].filter((name) => own.get(name)!.refused === 'closing');
    this.closing = new Set(names);
    for (const name of this.empty) if (!this.closing.has(name)) this.empty.delete(name);
    if (this.walk !== undefined && !this.closing.has(this.walk.bucket)) this.walk = undefined;
    const { closing } = this;
    this.store.refuseKeys(
      closing.size === 0
        ? undefined
        : (key) => closing.has(namedBucket(nameOfStorageKey(key).bucket)),
    );
    this.goOn();
  }

  private goOn(): void {
    if (!this.isRunning || this.timer !== undefined) return;
    this.walk ??= this.nextWalk();
    if (this.walk === undefined) return;
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      this.step();
      this.goOn();
    }, this.pace.restMs());
  }

  private nextWalk(): Walk | undefined {
    for (const bucket of this.closing) if (!this.empty.has(bucket)) return { bucket, partition: 0 };
    return undefined;
  }

  /** Some keys of a partition, or a partition without any. */
  private step(): void {
    const { walk, store } = this;
    const refusal = store.refusal();
    if (walk === undefined || (refusal !== undefined && refusal.reason !== 'diskFull')) return;
    const { bucket } = walk;
    try {
      while (walk.partition < this.options.partitions) {
        const found = this.keysOf(bucket, walk.partition);
        if (found.length > 0) return this.pace.work(() => this.drop(found));
        walk.partition++;
      }
    } catch (error) {
      // The store takes nothing more for now.
      if (!(error instanceof QuorateError)) throw error;
      return;
    }
    this.walk = undefined;
    store.settled(() => this.noteEmpty(bucket));
    this.empty.delete(bucket);
  }

  /** Its parts of big values are keys of it. */
  private keysOf(bucket: ByteString, partition: number): ScannedKey[] {
    const limit = bucketLimits.clearedKeysMax;
    const names = [bucket, partBucket(bucket)];
    return names.flatMap((name) => {
      const before = storageKeyOf({ partition, bucket: name, key: '' });
      const found = this.store.scan({ partition, after: before, limit });
      return found.filter(({ key }) => key.startsWith(before));
    });
  }

  private drop(found: readonly ScannedKey[]): void {
    const { hints } = this.store;
    for (const record of found)
      for (const target of hints.owedTo(record.key)) hints.settle(target, [record], () => {});
    const before = this.store.keys;
    this.store.remove(found, () => {});
    this.cleared.value += Math.max(0, before - this.store.keys);
  }

  private noteEmpty(bucket: ByteString): void {
    if (!this.closing.has(bucket)) return;
    this.empty.add(bucket);
    for (const listener of this.listeners) listener();
  }
}
