/**
 * How this node itself does (the local health of Lifeguard: Dadgar, Phillips, Currey 2018). It gets
 * a strike when it looks at others later than it meant to, when more has come than it has read,
 * when another does not hear it, and when somebody it asked does not answer in time; one is
 * forgiven with every beat. While it has any it takes longer to accuse others.
 */
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import type { Hearing } from '../bus/hearing.js';
import { coarseDelayMs } from '../seams/real-clock.js';

export class OwnHealth {
  strikes = 0;
  /** undefined: it did not look at others just before. */
  private reviewedAtMs: number | undefined;

  constructor(private readonly hearing: Pick<Hearing, 'lagMs' | 'timerRang'>) {}

  strike(): void {
    this.strikes = Math.min(gossipLimits.strikesMax, this.strikes + 1);
  }

  forgive(): void {
    this.strikes = Math.max(0, this.strikes - 1);
  }

  /** Whenever it looks at others. */
  review(nowMs: number): void {
    const { reviewIntervalMs, waitMsMax } = limits;
    const { reviewedAtMs, hearing } = this;
    const isLate = nowMs - (reviewedAtMs ?? nowMs) >= 2 * reviewIntervalMs;
    if (reviewedAtMs !== undefined)
      hearing.timerRang(nowMs - reviewedAtMs - coarseDelayMs(reviewIntervalMs));
    this.reviewedAtMs = nowMs;
    if (isLate || hearing.lagMs(nowMs) > waitMsMax) this.strike();
  }

  /** It does not look at others for a while. */
  rest(): void {
    this.reviewedAtMs = undefined;
  }
}
