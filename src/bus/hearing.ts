/**
 * Whether what the bus brings may be old. A process that stood still, or whose connection was held
 * up, reads on where it stopped: the first it reads may have been sent long ago, and nothing in it
 * says so. Two things tell. The server is asked four times a second, so nothing is read for long
 * only while one of both stands still. And it answers behind all it has sent before, so with the
 * answer to a question that was asked after a standstill all that had lain unread is read.
 *
 * A node that is merely busy reads answers late, but goes on reading: it is not excused from its
 * work by having much of it.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { Bus } from '../seams/bus.js';
import { Clock, type TimerId } from '../seams/clock.js';
import { durationsMs, type Histogram, Metrics } from '../seams/metrics.js';

@scoped(Lifecycle.ContainerScoped)
export class Hearing {
  private readMs = Infinity;
  /** When the last standstill was over. */
  private stoodMs = -Infinity;
  private readonly longListeners: (() => void)[] = [];
  /**
   * When the last question that was answered had left. Before that the connection is new, and so is
   * what it brings.
   */
  private askedMs = Infinity;
  /** When those questions left that have no answer yet. */
  private readonly unanswered: number[] = [];
  /** The quickest answer so far: the way there and back. */
  private wayMs = Infinity;
  private readonly loopLagMs: Histogram;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Clock) private readonly clock: Clock,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.loopLagMs = metrics.histogram(
      'loop.lagMs',
      'how late the event loop comes to a timer, four times a second',
      durationsMs,
    );
  }

  /** A standstill is over that was so long that others may have taken this node for hung. */
  onStoodLong(listener: () => void): void {
    this.longListeners.push(listener);
  }

  /**
   * To be called when a connection is there again, and every `reviewIntervalMs`, whether it was
   * answered or not.
   */
  ask(): void {
    const askedMs = this.clock.monotonicMs();
    this.unanswered.push(askedMs);
    const answered = (): void => {
      const nowMs = this.clock.monotonicMs();
      this.read(nowMs);
      this.askedMs = askedMs;
      this.wayMs = Math.min(this.wayMs, nowMs - askedMs);
      this.unanswered.shift();
    };
    this.bus.flush().then(answered, () => this.unanswered.shift());
  }

  /**
   * Asks until the result is called: who does not ask for a while can't tell a standstill from a
   * silence.
   */
  keepAsking(): () => void {
    let timer: TimerId;
    const again = (): void => {
      this.ask();
      timer = this.clock.setTimeout(again, limits.reviewIntervalMs);
    };
    again();
    return () => this.clock.clearTimeout(timer);
  }

  /**
   * To be told of whatever comes by the thousand. True: it may have lain unread, so long that
   * others have given this node up.
   */
  read(nowMs: number): boolean {
    const gapMs = nowMs - this.readMs;
    if (gapMs > limits.unreadGapMsMax) this.stoodMs = nowMs;
    if (gapMs > limits.silenceMsMax) this.tellStoodLong();
    this.readMs = nowMs;
    return this.isLate;
  }

  private tellStoodLong(): void {
    for (const listener of this.longListeners) listener();
  }

  /** No question that left since the last standstill has its answer. */
  private get isLate(): boolean {
    return this.askedMs < this.stoodMs;
  }

  /**
   * To be told as `read` is. For how long at most what is read now has lain unread, after a
   * standstill: what came before the last question that was answered was read before its answer. 0
   * while nothing is late.
   */
  unreadMs(nowMs: number): number {
    return this.read(nowMs) ? nowMs - this.askedMs : 0;
  }

  /**
   * To be told as `read` is. For how long at least there has been more to read than is read: how
   * old what is read now may be, beside the way. 0 after a standstill: then it is late, but there
   * is no more to do than usual.
   */
  waitedMs(nowMs: number): number {
    return this.read(nowMs) ? 0 : this.lagMs(nowMs);
  }

  /** The same, where nothing is read now. */
  lagMs(nowMs: number): number {
    const [askedMs] = this.unanswered;
    return askedMs === undefined ? 0 : Math.max(0, nowMs - askedMs - this.wayMs);
  }

  /** The event loop came to a timer so much later than it was set to; less than 0: in time. */
  timerRang(lateMs: number): void {
    this.loopLagMs.observe(Math.max(0, lateMs));
  }

  /** Whether silence says nothing about others. */
  isDeaf(nowMs: number): boolean {
    return nowMs - this.readMs > limits.unreadGapMsMax || this.isLate;
  }
}
