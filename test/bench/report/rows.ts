/** From samples to the rows that are printed and written: medians, and how far the repetitions lay apart. */
import type { Cell, SystemName } from '../plan.js';
import type { Measured, Sample } from '../run.js';

export interface Row extends Cell {
  readonly system: SystemName;
  readonly w: number;
  readonly r: number;
  readonly durability: string;
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** User and system time of servers, nodes and client together. */
  readonly cpuMicrosPerOp: number;
  readonly opsPerSecondMin: number;
  readonly opsPerSecondMax: number;
  readonly repetitions: number;
  readonly errors: number;
}

export function rowOf({ system, cell, samples }: Measured): Row {
  const { name, w, r, durability } = system;
  const median = (of: (sample: Sample) => number): number => medianOf(samples.map(of));
  const rates = samples.map(({ operations, elapsedMs }) => (operations * 1000) / elapsedMs);
  return {
    system: name,
    ...cell,
    w,
    r,
    durability,
    opsPerSecond: round(medianOf(rates), 0),
    p50Ms: round(
      median((sample) => sample.p50Ms),
      3,
    ),
    p99Ms: round(
      median((sample) => sample.p99Ms),
      3,
    ),
    p999Ms: round(
      median((sample) => sample.p999Ms),
      3,
    ),
    cpuMicrosPerOp: round(
      median(({ cpuMicros, operations }) => cpuMicros / Math.max(1, operations)),
      1,
    ),
    opsPerSecondMin: round(Math.min(...rates), 0),
    opsPerSecondMax: round(Math.max(...rates), 0),
    repetitions: samples.length,
    errors: samples.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
