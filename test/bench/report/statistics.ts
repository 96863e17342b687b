/** What several repetitions come to. */
import type { Histogram } from 'hdr-histogram-js';

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Null where one of them is not known. */
export function medianOfKnown(values: readonly (number | undefined)[]): number | null {
  return values.some((value) => value === undefined) ? null : medianOf(values as number[]);
}

/** Half of what the lowest and the highest lie apart, in percent of the median. */
export function spreadPercentOf(values: readonly number[]): number {
  const median = medianOf(values);
  return median === 0 ? 0 : (50 * (Math.max(...values) - Math.min(...values))) / median;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Of a histogram of µs. */
export function percentileMs(latencies: Histogram, percent: number): number {
  return latencies.getValueAtPercentile(percent) / 1000;
}

export function sumByKey(
  parts: readonly Readonly<Record<string, number>>[],
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const part of parts)
    for (const [key, count] of Object.entries(part)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
