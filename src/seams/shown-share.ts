/**
 * Of what begins, so many a second are shown, each of them from its beginning to its end; the rest
 * is not shown at all, and counted.
 */
import type { Clock } from './clock.js';

export class ShownShare {
  /** Since this was made. */
  unshown = 0;
  private left: number;
  private filledMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    /** At once too, where nothing began before. */
    private readonly perSecond: number,
  ) {
    this.left = perSecond;
    this.filledMs = clock.monotonicMs();
  }

  /** Of what begins now. */
  shows(): boolean {
    const { perSecond } = this;
    const nowMs = this.clock.monotonicMs();
    this.left = Math.min(perSecond, this.left + ((nowMs - this.filledMs) * perSecond) / 1000);
    this.filledMs = nowMs;
    if (this.left < 1) {
      this.unshown++;
      return false;
    }
    this.left--;
    return true;
  }
}
