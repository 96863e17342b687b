/**
 * Whether one that is told things has read enough of them to be given more. Who has not read for
 * long is sent away. Nobody waits for it.
 */
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import type { Clock } from '../seams/clock.js';

export interface UnreadParts {
  readonly clock: Clock;
  /** Told and not read yet. */
  readonly bytes: () => number;
  readonly sendAway: () => void;
}

export class Unread {
  /** Since when it has not read what there was. */
  private behindMs: number | undefined;

  constructor(private readonly parts: UnreadParts) {}

  hasRead(): boolean {
    const { clock, bytes, sendAway } = this.parts;
    if (bytes() < dashboardLimits.unreadBytesMax) {
      this.behindMs = undefined;
      return true;
    }
    const nowMs = clock.monotonicMs();
    this.behindMs ??= nowMs;
    if (nowMs - this.behindMs > dashboardLimits.unreadMsMax) sendAway();
    return false;
  }
}
