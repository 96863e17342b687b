/** So many lines of one event within a period; those beyond it are counted, and told later. */
import { journalLimits } from '../../../actors/rules/limits/journal.js';
import type { JournalEventName } from '../../seams/journal.js';

interface Period {
  sinceMs: number;
  lines: number;
  leftOut: number;
}

export class LineQuota {
  private readonly periods = new Map<JournalEventName, Period>();

  /** How many were left out since the last one that was taken; undefined: this one is, too. */
  take(event: JournalEventName, nowMs: number): number | undefined {
    const period = this.periods.get(event) ?? { sinceMs: nowMs, lines: 0, leftOut: 0 };
    this.periods.set(event, period);
    if (nowMs - period.sinceMs >= journalLimits.linesPeriodMs) {
      period.sinceMs = nowMs;
      period.lines = 0;
    }
    if (period.lines >= journalLimits.linesMax) {
      period.leftOut++;
      return undefined;
    }
    period.lines++;
    const { leftOut } = period;
    period.leftOut = 0;
    return leftOut;
  }
}
