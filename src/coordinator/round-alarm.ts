/**
 * One timer for all rounds: deadlines of requests, slow replicas, ends of settling. Two delayed
 * transitions of XState would be a quarter of a put round's cost, and nearly none of them ever fires.
 */
import type { Clock, TimerId } from '../seams/clock.js';

export interface Sleeper {
  /** On the monotonic clock; `Infinity` when it waits for nothing. Moving it closer takes another `watch`. */
  readonly wakeAtMs: number;
  /** Does what is due and moves `wakeAtMs` behind `nowMs`. */
  wake(nowMs: number): void;
}

export class RoundAlarm {
  private readonly sleepers = new Set<Sleeper>();
  private timer: TimerId;
  private armedForMs = Infinity;

  constructor(private readonly clock: Clock) {}

  watch(sleeper: Sleeper): void {
    this.sleepers.add(sleeper);
    this.armFor(sleeper.wakeAtMs);
  }

  /** The timer stays: rounds come and go much faster than it. */
  unwatch(sleeper: Sleeper): void {
    this.sleepers.delete(sleeper);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.armedForMs = Infinity;
  }

  private armFor(wakeAtMs: number): void {
    if (wakeAtMs >= this.armedForMs) return;
    if (this.armedForMs !== Infinity) this.clock.clearTimeout(this.timer);
    this.armedForMs = wakeAtMs;
    const delayMs = Math.max(1, Math.ceil(wakeAtMs - this.clock.monotonicMs()));
    this.timer = this.clock.setTimeout(this.ring, delayMs);
  }

  private readonly ring = (): void => {
    this.armedForMs = Infinity;
    const nowMs = this.clock.monotonicMs();
    for (const sleeper of this.sleepers) if (sleeper.wakeAtMs <= nowMs) sleeper.wake(nowMs);
    let nextMs = Infinity;
    for (const sleeper of this.sleepers) nextMs = Math.min(nextMs, sleeper.wakeAtMs);
    this.armFor(nextMs);
  };
}
