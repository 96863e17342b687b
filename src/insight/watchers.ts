/**
 * Who watches this node: each has a lease, and is sent notes in batches, some a second, of bounded
 * size. One that does not renew its lease is forgotten. What does not fit its queue is dropped and
 * counted: it is told how many, and how many rounds and traces began that are not shown.
 */
import type { InspectionEvent, Subscription } from 'xstate';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { OverloadedError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import { chartSketchOf } from '../seams/chart-sketch.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import { ShownShare } from '../seams/shown-share.js';
import { encodeDocument, type DocumentValue } from '../wire/message-pack.js';
import { countWithin } from './bytes-within.js';
import { NoteClock } from './note-clock.js';
import type { Note } from './notes.js';

export interface WatchSeams {
  readonly clock: Clock;
  readonly bus: Pick<Bus, 'publish' | 'payloadBytesMax'>;
  readonly inspection: Pick<Inspection, 'watch' | 'unshown'>;
  readonly self: string;
}

interface Lease {
  /** On the monotonic clock. */
  untilMs: number;
  charts: boolean;
  waiting: Note[];
  dropped: number;
  /** What `unshownTo` was when it was last told. */
  unshown: number;
}

export class Watchers {
  private readonly leases = new Map<string, Lease>();
  private readonly time: NoteClock;
  private readonly traces: ShownShare;
  private watching: Subscription | undefined;
  private timer: TimerId;
  private isArmed = false;

  constructor(private readonly seams: WatchSeams) {
    this.time = new NoteClock(seams.clock);
    this.traces = new ShownShare(seams.clock, insightLimits.tracesShownPerSecond);
  }

  get count(): number {
    return this.leases.size;
  }

  /** Renews a lease too. Throws `OverloadedError` when as many watch as may. */
  watch(to: string, charts: boolean, leaseMs: number): void {
    const untilMs = this.seams.clock.monotonicMs() + leaseMs;
    const lease = this.leases.get(to);
    if (lease === undefined) {
      if (this.leases.size >= insightLimits.watchersMax)
        throw new OverloadedError(`${this.leases.size} watch this node already`);
      const unshown = this.unshownTo(charts);
      this.leases.set(to, { untilMs, charts, waiting: [], dropped: 0, unshown });
    } else {
      if (lease.charts !== charts) lease.unshown = this.unshownTo(charts);
      Object.assign(lease, { untilMs, charts });
    }
    this.followCharts();
    this.arm();
  }

  /** Whether the notes of a trace that begins now are told, all of them. */
  showsTrace(): boolean {
    return this.leases.size > 0 && this.traces.shows();
  }

  tell(note: Note): void {
    for (const lease of this.leases.values())
      if (note.kind !== 'chart' || lease.charts || note.trace !== undefined) add(lease, note);
  }

  /** What they have not been told yet they are told now, as far as one batch has room for it. */
  stop(): void {
    for (const [to, lease] of this.leases) this.sendBatch(to, lease);
    this.leases.clear();
    this.followCharts();
    this.seams.clock.clearTimeout(this.timer);
  }

  private followCharts(): void {
    const isWanted = [...this.leases.values()].some(({ charts }) => charts);
    if (isWanted === (this.watching !== undefined)) return;
    this.watching?.unsubscribe();
    this.watching = isWanted ? this.watched() : undefined;
  }

  /** Undefined where others leave no room: charts are not shown then. */
  private watched(): Subscription | undefined {
    try {
      return this.seams.inspection.watch({
        next: (told) => this.chartChanged(told),
        // It has fallen behind, and is told from now on again.
        error: () => {
          this.watching = undefined;
          for (const lease of this.leases.values()) if (lease.charts) lease.dropped++;
        },
      });
    } catch {
      return undefined;
    }
  }

  private chartChanged(told: InspectionEvent): void {
    const sketch = chartSketchOf(told);
    if (sketch?.kind === 'chart')
      this.tell({ ...sketch, atUs: this.time.nowUs(), node: this.seams.self });
  }

  /** Since the start, of what is shown to who watches like this. */
  private unshownTo(charts: boolean): number {
    return this.traces.unshown + (charts ? this.seams.inspection.unshown : 0);
  }

  private arm(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    this.timer = this.seams.clock.setTimeout(() => this.send(), insightLimits.batchIntervalMs);
  }

  private send(): void {
    this.isArmed = false;
    const nowMs = this.seams.clock.monotonicMs();
    for (const [to, lease] of this.leases)
      if (lease.untilMs <= nowMs) this.leases.delete(to);
      else this.sendBatch(to, lease);
    this.followCharts();
    if (this.leases.size > 0) this.arm();
  }

  private sendBatch(to: string, lease: Lease): void {
    const { bus } = this.seams;
    const { waiting, dropped } = lease;
    const unshownNow = this.unshownTo(lease.charts);
    const unshown = unshownNow - lease.unshown;
    if (waiting.length === 0 && dropped === 0 && unshown === 0) return;
    const count = countWithin(waiting, insightLimits.batchBytesMax - batchOverheadBytes);
    const notes = waiting.slice(0, count) as unknown as DocumentValue[];
    lease.waiting = waiting.slice(count);
    lease.unshown = unshownNow;
    const batch = encodeDocument({ notes, dropped, unshown });
    lease.dropped = 0;
    // One note may be larger than any batch.
    const fits = batch.length <= bus.payloadBytesMax;
    const without = { notes: [], dropped: dropped + count, unshown };
    bus.publish(to, fits ? batch : encodeDocument(without));
  }
}

const batchOverheadBytes = 64;

function add(lease: Lease, note: Note): void {
  if (lease.waiting.length < insightLimits.waitingNotesMax) lease.waiting.push(note);
  else lease.dropped++;
}
