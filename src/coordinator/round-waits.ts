/**
 * What a round waits for in time: its requests until their deadlines, each by itself; replicas
 * until they count as slow; and after the reply, the end of what is left to do. One for a round,
 * all woken by one timer.
 */
import { limits } from '../../actors/rules/limits.js';
import type { Clock } from '../seams/clock.js';
import type { RoundsUnderway, Sleeper } from './rounds-underway.js';

export interface WaitingEntry {
  readonly request: { readonly deadlineMs: number };
  isAnswered: boolean;
}

export interface WaitEffects<E> {
  /** The deadline of a request that has no answer has passed; it is answered now. */
  expire(entry: E): void;
  /** No request waits any more, the last ones having expired. */
  allExpired(): void;
  /** Replicas that have not answered yet are slow. */
  slow(): void;
  /** What is left after the reply takes too long. */
  overdue(): void;
}

const nothing: readonly (() => void)[] = [];

export class RoundWaits<E extends WaitingEntry> implements Sleeper {
  wakeAtMs = Infinity;
  private readonly latestDeadlineMs: number;
  private earliestDeadlineMs = Infinity;
  private slowAtMs: number;
  private overdueAtMs = Infinity;
  private againAtMs = Infinity;
  private againMs: number = limits.configurationAgainMsMin;
  private again: readonly (() => void)[] = nothing;

  constructor(
    private readonly around: {
      readonly clock: Clock;
      readonly rounds: Pick<RoundsUnderway, 'wakeBy'>;
    },
    private readonly entries: readonly E[],
    slowAfterMs: number,
    private readonly effects: WaitEffects<E>,
  ) {
    let latestMs = 0;
    for (const { request } of entries) {
      latestMs = Math.max(latestMs, request.deadlineMs);
      this.earliestDeadlineMs = Math.min(this.earliestDeadlineMs, request.deadlineMs);
    }
    this.latestDeadlineMs = latestMs;
    this.slowAtMs = around.clock.monotonicMs() + slowAfterMs;
    this.sleep();
  }

  /** All requests are answered. */
  answered(): void {
    this.earliestDeadlineMs = Infinity;
    this.sleep();
  }

  /** What is left has so long. */
  endsWithin(ms: number): void {
    this.overdueAtMs = this.around.clock.monotonicMs() + ms;
    this.sleep();
    this.around.rounds.wakeBy(this.wakeAtMs);
  }

  /**
   * Asks again who goes by another configuration, with who else is to be asked by then; the first
   * time soon, since most have heard of it in a moment.
   */
  againSoon(again: () => void): void {
    this.again = [...this.again, again];
    if (this.againAtMs !== Infinity) return;
    this.againAtMs = this.around.clock.monotonicMs() + this.againMs;
    this.againMs = Math.min(2 * this.againMs, limits.configurationAgainMsMax);
    this.sleep();
    this.around.rounds.wakeBy(this.wakeAtMs);
  }

  /** It may still stand in the list that is being gone through. */
  end(): void {
    this.wakeAtMs = Infinity;
  }

  /** Until the latest deadline; at least 1. */
  remainingMs(nowMs: number): number {
    return Math.max(1, Math.ceil(this.latestDeadlineMs - nowMs));
  }

  wake(nowMs: number): void {
    if (this.earliestDeadlineMs <= nowMs) this.expire(nowMs);
    if (this.slowAtMs <= nowMs) {
      this.slowAtMs = Infinity;
      this.effects.slow();
    }
    if (this.overdueAtMs <= nowMs) {
      this.overdueAtMs = Infinity;
      this.effects.overdue();
    }
    if (this.againAtMs <= nowMs) {
      this.againAtMs = Infinity;
      const { again } = this;
      this.again = nothing;
      for (const act of again) act();
    }
    this.sleep();
  }

  private expire(nowMs: number): void {
    let earliestMs = Infinity;
    for (const entry of this.entries) {
      if (entry.isAnswered) continue;
      const { deadlineMs } = entry.request;
      if (deadlineMs > nowMs) earliestMs = Math.min(earliestMs, deadlineMs);
      else this.effects.expire(entry);
    }
    this.earliestDeadlineMs = earliestMs;
    if (earliestMs === Infinity) this.effects.allExpired();
  }

  private sleep(): void {
    this.wakeAtMs = Math.min(
      this.earliestDeadlineMs,
      this.slowAtMs,
      this.overdueAtMs,
      this.againAtMs,
    );
  }
}
