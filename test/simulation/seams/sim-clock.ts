/**
 * The clock of one process: virtual time, seen through its own drift and its own idea of what time
 * it is.
 */
import type { Clock, TimerId } from '../../../src/seams/clock.js';
import type { Scheduler, SimEvent, SimProcess } from '../core/scheduler.js';

export interface ClockFaults {
  /** Parts per million this clock runs fast (or, below 0, slow). */
  driftPpm: number;
  /** Added to the wall clock; may be changed while the node runs: the wall clock jumps. */
  wallOffsetMs: number;
}

/** 2026-01-01T00:00:00Z: where the virtual wall clock starts. */
const wallStartMs = 1_767_225_600_000;

/** What a wall clock shows that is right. */
export function wallMsAt(nowUs: number): number {
  return wallStartMs + Math.floor(nowUs / 1000);
}

export class SimClock implements Clock {
  /**
   * When it was looked at last, and what it showed: its rate may change, and it goes on from there.
   */
  private lookedUs: number;
  private shownMs = 1000;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
    private readonly faults: ClockFaults,
  ) {
    this.lookedUs = scheduler.nowUs;
  }

  wallMs(): number {
    return Math.floor(wallStartMs + this.faults.wallOffsetMs + this.scheduler.nowUs / 1000);
  }

  monotonicMs(): number {
    const { nowUs } = this.scheduler;
    this.shownMs += ((nowUs - this.lookedUs) * (1 + this.faults.driftPpm / 1e6)) / 1000;
    this.lookedUs = nowUs;
    return this.shownMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerId {
    // A timer fires at the earliest one millisecond from now, as Node's do.
    const localUs = Math.max(1, delayMs) * 1000;
    return this.scheduler.in(
      Math.ceil(localUs / (1 + this.faults.driftPpm / 1e6)),
      this.process,
      callback,
    );
  }

  clearTimeout(id: TimerId): void {
    if (id !== undefined && id !== null) this.scheduler.cancel(id as SimEvent);
  }

  endOfTurn(callback: () => void): void {
    // Scheduled now, so behind everything that is due at this moment already.
    this.scheduler.in(0, this.process, callback);
  }
}
