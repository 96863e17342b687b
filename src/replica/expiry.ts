/**
 * Expiry: drops the values that have expired, of whatever keys this node holds, and tells who
 * listens which keys are gone with that.
 *
 * Every node drops by itself, once its clock says that no node shows the value any more
 * (`actors/rules/expiry.ts`). A node that knows too little of other clocks waits. Some keys a turn,
 * with rests (`pace.ts`): any number may expire at once.
 *
 * Told is by the partition's first reader that is alive, so mostly once. The others keep for a
 * while what they left to it: where it turns out to be out of reach, the first that is left tells
 * it. So a key may be told twice, also after a restart.
 */
import { inject, injectable } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { expiredForAllMs, isClockAgreed } from '../../actors/rules/expiry.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { expiryLimits } from '../../actors/rules/limits/expiry.js';
import { ordererOf } from '../../actors/rules/routing.js';
import { contextForReader } from '../../actors/rules/view.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { AgreedClock } from '../seams/agreed-clock.js';
import type { TimerId } from '../seams/clock.js';
import { durationsMs, Metrics, type Counter, type Histogram } from '../seams/metrics.js';
import { Store } from '../store/store.js';
import { encodeContext } from '../wire/key-state-codec.js';
import { Pace } from './pace.js';

export interface ExpiredKey {
  readonly bucket: ByteString;
  readonly key: ByteString;
  /** As `encodeContext` writes it. */
  readonly context: Buffer;
}

interface LeftToTell {
  readonly key: StorageKey;
  readonly to: NodeId;
  /** Monotonic clock. */
  readonly sinceMs: number;
}

@injectable()
export class Expiry {
  private readonly pace: Pace;
  private readonly emptied: Counter;
  private readonly untold: Counter;
  private readonly turnMs: Histogram;
  private listener: ((expired: ExpiredKey) => void) | undefined;
  /** Oldest first. */
  private left: LeftToTell[] = [];
  private timer: TimerId;
  private isRunning = false;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(AgreedClock) private readonly clock: AgreedClock,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.pace = new Pace(clock, store);
    this.emptied = metrics.counter('expiry.emptied', 'keys of which expired values were dropped');
    this.untold = metrics.counter(
      'expiry.untold',
      'keys that expired and that nobody may have been told of, because too many did at once',
    );
    this.turnMs = metrics.histogram(
      'expiry.turnMs',
      'how long the event loop was held to drop values',
      durationsMs,
    );
    metrics.gauge(
      'expiry.waits',
      '1 while it knows too few clocks of other nodes to drop what has expired',
      () => (this.isRunning && !this.isClockAgreed ? 1 : 0),
    );
    metrics.gauge('clock.aheadMs', 'its wall clock is ahead of what the nodes agree on', () =>
      Math.round(clock.aheadMs()),
    );
    metrics.gauge('clock.skewMs', 'the most that wall clocks of two nodes it knows differ by', () =>
      Math.round(clock.skewMs()),
    );
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.store.expiries.hear((key) => this.hear(key));
    this.tick();
  }

  stop(): void {
    this.isRunning = false;
    this.store.expiries.hear(undefined);
    this.clock.clearTimeout(this.timer);
  }

  /** One hears of each key that expired of which this node is to tell. */
  onExpired(listener: (expired: ExpiredKey) => void): void {
    this.listener = listener;
  }

  private readonly tick = (): void => {
    this.timer = this.clock.setTimeout(this.tick, this.step());
  };

  /** Returns how long to rest, ms. */
  private step(): number {
    this.tellWhatWasLeft();
    const { store, clock, pace } = this;
    if (!this.isClockAgreed || store.refusal() !== undefined) return expiryLimits.tickMs;
    const startedMs = clock.monotonicMs();
    try {
      const untilMs = expiredForAllMs(clock.wallMs());
      const { looked, emptied } = pace.work(() =>
        store.expiries.empty(untilMs, expiryLimits.keysPerTurnMax, () => {}),
      );
      this.emptied.value += emptied;
      if (looked > 0) this.turnMs.observe(clock.monotonicMs() - startedMs);
      return looked < expiryLimits.keysPerTurnMax ? expiryLimits.tickMs : pace.restMs();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      return expiryLimits.tickMs;
    }
  }

  private get isClockAgreed(): boolean {
    const members = this.view.holders().length;
    return members > 0 && this.clock.isTold && isClockAgreed(this.clock.known, members);
  }

  private hear(key: StorageKey): void {
    const { spread: n, events } = this.buckets.of(nameOfStorageKey(key).bucket);
    if (events === 'off' || this.listener === undefined) return;
    const placement = this.view.placement(partitionOfStorageKey(key), n);
    const to = ordererOf(placement, this.view);
    if (to === this.peers.self) return this.tell(key);
    if (to === undefined || !placement.readers.includes(this.peers.self)) return;
    if (this.left.length >= expiryLimits.leftToTellMax) {
      this.untold.value += 1;
      return;
    }
    this.left.push({ key, to, sinceMs: this.clock.monotonicMs() });
  }

  private tellWhatWasLeft(): void {
    const { left, view } = this;
    const beforeMs = this.clock.monotonicMs() - expiryLimits.leftToTellMs;
    let ripe = 0;
    for (; ripe < left.length && ripe < expiryLimits.keysPerTurnMax; ripe++) {
      const { key, to, sinceMs } = left[ripe]!;
      if (sinceMs > beforeMs) break;
      if (view.reachability(to) === 'alive') continue;
      const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
      const placement = view.placement(partitionOfStorageKey(key), n);
      if (ordererOf(placement, view) === this.peers.self) this.tell(key);
    }
    if (ripe > 0) left.splice(0, ripe);
  }

  private tell(key: StorageKey): void {
    const held = this.store.peek(key);
    if (held === undefined) return;
    const { bucket, key: name } = nameOfStorageKey(key);
    const context = encodeContext(contextForReader(held.state));
    this.listener?.({ bucket, key: name, context });
  }
}
