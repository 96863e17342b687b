/**
 * Somebody who watches buckets all the time with the product's client, and is itself interrupted:
 * its process is told to go now and then, and goes on from the cursor it kept. Keeps what it was
 * told, for the oracle.
 */
import type { BucketWatch, WatchOptions } from '../../../src/client/bucket-watch.js';
import { QuorateClient } from '../../../src/client/client.js';
import type { WatchedEvent } from '../../../src/client/watch-messages.js';
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';
import type { Trace } from '../core/trace.js';
import type { SimBus } from '../seams/sim-bus.js';
import { SimClock } from '../seams/sim-clock.js';
import type { Told, WatchOracle } from '../oracle/watch-oracle.js';
import { tokenOf } from './values.js';

export interface WatcherOptions {
  readonly include: NonNullable<WatchOptions['include']>;
  /** How long it watches before it goes on from its cursor anew; undefined: to the end. */
  readonly resumeUs: number | undefined;
  /** How long it takes for each thing it is told. */
  readonly thinkUs: number;
}

export interface WatcherSurroundings {
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly bus: SimBus;
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly oracle: WatchOracle;
}

export class Watcher {
  private readonly client: QuorateClient;
  private watch: BucketWatch<Uint8Array> | undefined;
  private cursor: string | undefined;
  private readonly told: Told;
  private isLeftInPeace = false;

  constructor(
    readonly name: string,
    private readonly bucket: string,
    private readonly around: WatcherSurroundings,
    private readonly options: WatcherOptions,
  ) {
    const { scheduler, process, bus, random, oracle } = around;
    const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    this.client = new QuorateClient({ bus, clock, random });
    this.told = oracle.watcher(bucket);
  }

  start(): void {
    this.follow();
    const { resumeUs } = this.options;
    if (resumeUs === undefined) return;
    const again = (): void => {
      if (this.isLeftInPeace) return;
      this.watch?.end();
      this.follow();
      this.around.scheduler.in(resumeUs, this.around.process, again);
    };
    this.around.scheduler.in(resumeUs, this.around.process, again);
  }

  /**
   * It is interrupted no more: whoever takes longer for what there is than it has between two
   * interruptions is never given a newer cursor, and never comes past the first of it.
   */
  leaveInPeace(): void {
    this.isLeftInPeace = true;
  }

  stop(): void {
    this.leaveInPeace();
    this.watch?.end();
  }

  private follow(): void {
    const { include } = this.options;
    const watch = this.client.bucket(this.bucket).watch({
      include,
      values: true,
      resumeFrom: this.cursor,
      giveUpAfterMs: 3_600_000,
    });
    this.watch = watch;
    void this.take(watch);
  }

  private async take(watch: BucketWatch<Uint8Array>): Promise<void> {
    for (;;) {
      const next = await watch.next().catch((error: Error) => error);
      if (this.watch !== watch) return;
      if (next instanceof Error) {
        this.told.failed = next.message;
        return;
      }
      if (next.done === true) return;
      this.heard(next.value);
      this.cursor = watch.cursor ?? this.cursor;
      if (this.options.thinkUs > 0) await this.think();
    }
  }

  private think(): Promise<void> {
    const { scheduler, process } = this.around;
    return new Promise((resolve) => scheduler.in(this.options.thinkUs, process, resolve));
  }

  private heard(event: WatchedEvent<Uint8Array>): void {
    const { scheduler, trace } = this.around;
    const { nowUs } = scheduler;
    if (event.type === 'marker') {
      this.told.begunUs ??= nowUs;
      this.told.markers++;
    } else if (event.type === 'status') this.told.statuses.push(event.status);
    else {
      const tokens = (event.values ?? []).map((value) => tokenOf(Buffer.from(value)));
      const isLeftOut = !event.deleted && event.values === undefined;
      this.told.last.set(String(event.key), isLeftOut ? 'leftOut' : tokens);
      for (const token of tokens) this.told.tokens.add(token);
      trace.add(nowUs, this.name, `told ${this.bucket}/${String(event.key)} [${tokens.join(' ')}]`);
      return;
    }
    trace.add(nowUs, this.name, `told ${event.type === 'status' ? event.status : 'marker'}`);
  }
}
