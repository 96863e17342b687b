/**
 * Microseconds since 1970 for notes. The wall clock tells whole milliseconds, the monotonic one
 * their fractions: what the former is ahead of the latter at most, seen over time, is what it is
 * ahead of it. So notes of processes on one machine are in order to some microseconds.
 */
import type { Clock } from '../seams/clock.js';

export class NoteClock {
  private aheadMs = -Infinity;

  constructor(private readonly clock: Clock) {}

  nowUs(): number {
    const monotonicMs = this.clock.monotonicMs();
    const aheadMs = this.clock.wallMs() - monotonicMs;
    // Within a millisecond it is the fraction that was cut off; beyond, the wall clock was set.
    if (aheadMs > this.aheadMs || aheadMs < this.aheadMs - 2) this.aheadMs = aheadMs;
    return Math.max(0, Math.round((this.aheadMs + monotonicMs) * 1000));
  }
}
