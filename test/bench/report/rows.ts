/**
 * From samples to the rows that are printed and written: medians, and how far the repetitions lay
 * apart.
 */
import type { Measured } from '../compare.js';
import type { WorkloadName } from '../load/mixes.js';
import type { SystemName } from '../plan.js';
import type { Sample } from '../stage.js';
import {
  medianOf,
  medianOfKnown,
  percentileMs,
  round,
  spreadPercentOf,
  sumByKey,
  sumOf,
} from './statistics.js';

export interface Row {
  readonly system: SystemName;
  readonly workload: WorkloadName;
  readonly valueBytes: number;
  /** Of a closed loop; else null. */
  readonly inFlight: number | null;
  /** Of an open loop, where latencies count from the intended start; else null. */
  readonly ratePerSecond: number | null;
  readonly w: number;
  readonly r: number;
  readonly durability: string;
  /** Those that succeeded: of an open loop the goodput. */
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** User and system time of servers, nodes and clients together. */
  readonly cpuMicrosPerOp: number;
  /** Without the clients'; and what of that nats-server took. */
  readonly serverCpuMicrosPerOp: number;
  readonly natsCpuMicrosPerOp: number;
  /** Sent by any of the processes to any other; null: not known. */
  readonly wireBytesPerOp: number | null;
  readonly fsyncsPerOp: number | null;
  /** Resident, of servers, nodes and clients together: the highest that was seen. */
  readonly residentMb: number;
  readonly opsPerSecondMin: number;
  readonly opsPerSecondMax: number;
  /** Of `opsPerSecond`: half of what the slowest and the fastest repetition lie apart. */
  readonly spreadPercent: number;
  readonly repetitions: number;
  readonly errors: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
}

export function rowOf({ contender, cell, samples }: Measured): Row {
  const { workload, valueBytes, load } = cell;
  const { system, w, r, durability } = contender;
  const rates = samples.map(({ operations, elapsedMs }) => (operations * 1000) / elapsedMs);
  const latency = (percent: number): number =>
    round(medianOf(samples.map(({ latencies }) => percentileMs(latencies, percent))), 3);
  const perOperation = (of: (sample: Sample) => number | undefined): number | null => {
    const median = medianOfKnown(
      samples.map((sample) => {
        const value = of(sample);
        return value === undefined ? undefined : value / Math.max(1, sample.operations);
      }),
    );
    return median === null ? null : round(median, 3);
  };
  const micros = (of: (sample: Sample) => number): number => round(perOperation(of)!, 1);
  const errorsByCode = sumByKey(samples.map(({ errors }) => errors));
  return {
    system,
    workload,
    valueBytes,
    inFlight: load.kind === 'closed' ? load.inFlight : null,
    ratePerSecond: load.kind === 'open' ? load.ratePerSecond : null,
    w,
    r,
    durability,
    opsPerSecond: round(medianOf(rates), 0),
    p50Ms: latency(50),
    p99Ms: latency(99),
    p999Ms: latency(99.9),
    cpuMicrosPerOp: micros((sample) => sample.cpuMicros),
    serverCpuMicrosPerOp: micros((sample) => sample.cpuMicros - sample.clientCpuMicros),
    natsCpuMicrosPerOp: micros((sample) => sample.natsCpuMicros),
    wireBytesPerOp: perOperation((sample) => sample.wireBytes),
    fsyncsPerOp: perOperation((sample) => sample.fsyncs),
    residentMb: round(Math.max(...samples.map((sample) => sample.residentBytes)) / 2 ** 20, 0),
    opsPerSecondMin: round(Math.min(...rates), 0),
    opsPerSecondMax: round(Math.max(...rates), 0),
    spreadPercent: round(spreadPercentOf(rates), 1),
    repetitions: samples.length,
    errors: sumOf(errorsByCode),
    errorsByCode,
  };
}

/** Which of the lines of a cell it is. */
export function labelOf({ system, w, r, durability }: Row): string {
  return system.startsWith('quorate') ? `${system} W${w} R${r} ${durability}` : system;
}

export function isOwn({ system }: Row): boolean {
  return system.startsWith('quorate');
}
