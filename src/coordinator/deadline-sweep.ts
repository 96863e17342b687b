/** One timer for the deadlines of all rounds: armed for the earliest, so that a request costs none of its own. */
import type { Clock, TimerId } from '../seams/clock.js';

export interface Expiring {
  /** Of the requests that still wait; `Infinity` when none does. */
  readonly earliestDeadlineMs: number;
  /** Answers the requests whose deadline is not after `nowMs`. */
  expire(nowMs: number): void;
}

export class DeadlineSweep {
  private readonly watched = new Set<Expiring>();
  private timer: TimerId;
  private armedForMs = Infinity;

  constructor(private readonly clock: Clock) {}

  watch(round: Expiring): void {
    this.watched.add(round);
    this.armFor(round.earliestDeadlineMs);
  }

  /** The timer stays: rounds come and go much faster than deadlines. */
  unwatch(round: Expiring): void {
    this.watched.delete(round);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.armedForMs = Infinity;
  }

  private armFor(deadlineMs: number): void {
    if (deadlineMs >= this.armedForMs) return;
    if (this.armedForMs !== Infinity) this.clock.clearTimeout(this.timer);
    this.armedForMs = deadlineMs;
    const delayMs = Math.max(1, Math.ceil(deadlineMs - this.clock.monotonicMs()));
    this.timer = this.clock.setTimeout(this.sweep, delayMs);
  }

  private readonly sweep = (): void => {
    this.armedForMs = Infinity;
    const nowMs = this.clock.monotonicMs();
    let nextMs = Infinity;
    for (const round of this.watched) {
      if (round.earliestDeadlineMs <= nowMs) round.expire(nowMs);
      nextMs = Math.min(nextMs, round.earliestDeadlineMs);
    }
    this.armFor(nextMs);
  };
}
