/**
 * What came of the requests of one run: latencies of those that succeeded, errors by code. Times
 * are the caller's, ms.
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Interval, LoadResult } from './messages.js';

export interface Window {
  readonly beginMs: number;
  readonly endMs: number;
  /** Length of what is also told separately; none: only the whole. */
  readonly intervalMs?: number | undefined;
}

export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
}

export class Recorder {
  /** Whenever they happened; keys that were not there do not count. */
  failures = 0;
  lastError: unknown;
  private readonly total = newHistogram();
  private readonly errors: Record<string, number> = {};
  private readonly intervals: { operations: number; histogram: Histogram }[] = [];
  private operations = 0;

  constructor(private readonly window: Window) {
    const { beginMs, endMs, intervalMs } = window;
    if (intervalMs === undefined) return;
    for (let fromMs = beginMs; fromMs < endMs; fromMs += intervalMs)
      this.intervals.push({ operations: 0, histogram: newHistogram() });
  }

  /**
   * What ends within the window counts, wherever it began: as many began before it as end behind
   * it.
   */
  succeeded(startedMs: number, endedMs: number): void {
    if (!this.measures(endedMs)) return;
    const micros = Math.max(1, Math.round((endedMs - startedMs) * 1000));
    this.operations++;
    this.total.recordValue(micros);
    const { beginMs, intervalMs } = this.window;
    if (intervalMs === undefined) return;
    const interval = this.intervals[Math.floor((endedMs - beginMs) / intervalMs)]!;
    interval.operations++;
    interval.histogram.recordValue(micros);
  }

  failed(error: unknown, endedMs: number): void {
    const code = codeOf(error);
    if (code !== 'absent') this.failures++;
    this.lastError = error;
    if (this.measures(endedMs)) this.errors[code] = (this.errors[code] ?? 0) + 1;
  }

  result(): LoadResult {
    const { operations, errors, window, total } = this;
    return {
      operations,
      errors,
      elapsedMs: window.endMs - window.beginMs,
      latencies: encodeIntoCompressedBase64(total),
      intervals: this.intervals.map(({ operations, histogram }): Interval => ({
        operations,
        latencies: encodeIntoCompressedBase64(histogram),
      })),
    };
  }

  private measures(endedMs: number): boolean {
    return endedMs >= this.window.beginMs && endedMs < this.window.endMs;
  }
}

/** The code a client gives its error, else the error's name. */
export function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if ((typeof code === 'string' && code !== '') || typeof code === 'number') return String(code);
  return typeof name === 'string' ? name : 'unknown';
}
