/** A clock that stands still until it is told to go on. */
import type { Clock, TimerId } from '../../src/seams/clock.js';

interface Timer {
  readonly id: number;
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  private nowMs = 0;
  private lastId = 0;
  private timers: Timer[] = [];
  private turn: (() => void)[] = [];

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerId {
    const id = ++this.lastId;
    this.timers.push({ id, dueMs: this.nowMs + delayMs, callback });
    return id;
  }

  clearTimeout(id: TimerId): void {
    this.timers = this.timers.filter((timer) => timer.id !== id);
  }

  endOfTurn(callback: () => void): void {
    this.turn.push(callback);
  }

  get pending(): number {
    return this.timers.length;
  }

  /** Ends the turn, then runs what is due until `ms` have passed, in order. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    this.endTurn();
    for (;;) {
      const [next] = this.timers
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      this.clearTimeout(next.id);
      next.callback();
      this.endTurn();
    }
    this.nowMs = endMs;
  }

  /** Goes on to the next timer, whatever its delay; false when there is none. */
  fireNext(): boolean {
    const [next] = this.timers.toSorted((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    if (next === undefined) return false;
    this.advance(Math.max(0, next.dueMs - this.nowMs));
    return true;
  }

  private endTurn(): void {
    while (this.turn.length > 0) this.turn.shift()!();
  }
}
