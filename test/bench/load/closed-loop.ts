/** Closed loop: so many requests in flight, the next one starts when one has ended. */
import { performance } from 'node:perf_hooks';
import { build } from 'hdr-histogram-js';
import type { LoadResult } from './messages.js';

export interface ClosedLoop {
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  request(): Promise<unknown>;
  onMeasuring(): void;
}

/** More errors than that and the figures would mean nothing. */
const errorsMax = 1_000;

export async function closedLoop(loop: ClosedLoop): Promise<LoadResult> {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let operations = 0;
  let errors = 0;
  let lastError: unknown;
  const beginMs = performance.now() + loop.warmUpMs;
  const endMs = beginMs + loop.measureMs;
  const worker = async (): Promise<void> => {
    let startedMs = performance.now();
    while (startedMs < endMs && errors < errorsMax) {
      try {
        await loop.request();
      } catch (error) {
        errors++;
        lastError = error;
      }
      const endedMs = performance.now();
      // What ends within the window counts, wherever it began: as many began before it as end behind it.
      if (endedMs >= beginMs && endedMs < endMs) {
        operations++;
        histogram.recordValue(Math.max(1, Math.round((endedMs - startedMs) * 1000)));
      }
      startedMs = endedMs;
    }
  };
  const measuring = setTimeout(() => loop.onMeasuring(), loop.warmUpMs);
  await Promise.all(Array.from({ length: loop.inFlight }, worker));
  clearTimeout(measuring);
  if (errors >= errorsMax) throw new Error(`${errors} errors, the last: ${String(lastError)}`);
  const percentileMs = (percent: number): number => histogram.getValueAtPercentile(percent) / 1000;
  return {
    operations,
    errors,
    elapsedMs: loop.measureMs,
    p50Ms: percentileMs(50),
    p99Ms: percentileMs(99),
    p999Ms: percentileMs(99.9),
  };
}
