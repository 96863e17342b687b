/**
 * More load than a system can carry: what it still gets done, what it says to the rest, and how
 * soon it is itself again.
 */
import type { WorkloadName } from './load/mixes.js';
import type { Contender, Load } from './plan.js';
import { percentileMs, sumByKey, sumOf } from './report/statistics.js';
import { Stage, type Sample } from './stage.js';
import { QuorateCluster, type NodeStatusRow } from './systems/quorate.js';
import { systemOf } from './systems/systems.js';

export interface OverloadPlan {
  readonly contender: Contender;
  readonly workload: WorkloadName;
  readonly valueBytes: number;
  readonly keys: number;
  readonly clients: number;
  readonly seed: number;
  /** The closed loop whose throughput is called the peak: the best of these. */
  readonly peakInFlight: readonly number[];
  /**
   * What is called the peak instead, so that two runs are offered the same; undefined: what was
   * measured.
   */
  readonly peakPerSecond: number | undefined;
  /** Multiples of the peak. */
  readonly factors: readonly number[];
  readonly heatMs: number;
  readonly measureMs: number;
  /** How long it is watched at the lowest rate after the highest. */
  readonly recoveryMs: number;
}

export interface OverloadStep {
  /** Multiple of the peak; null: the closed loop it was measured with. */
  readonly factor: number | null;
  /** Null: the closed loop. */
  readonly offeredPerSecond: number | null;
  /** What succeeded. */
  readonly goodputPerSecond: number;
  readonly percentOfPeak: number;
  /** Of what succeeded, from the intended start. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
  /** Of what succeeded; the clients' part alone as well: refusals cost them something. */
  readonly cpuMicrosPerOp: number;
  readonly clientCpuMicrosPerOp: number;
  /** Resident, of servers and nodes. */
  readonly serverMb: number;
  readonly clientMb: number;
  /** Owed between nodes at the end; null: not Quorate. */
  readonly hints: number | null;
  /** Nodes that died or do not serve any more. */
  readonly nodesLost: number | null;
  readonly slowConsumers: number | null;
  /**
   * What the nodes' own counters (`kv.status`) rose by, all nodes together, from before the load
   * until after it.
   */
  readonly counters: Readonly<Record<string, number>>;
}

export interface OverloadReport {
  readonly plan: OverloadPlan;
  readonly peakPerSecond: number;
  readonly steps: readonly OverloadStep[];
  /** Highest memory of servers and nodes under the highest load, by that at the peak. */
  readonly memoryRatio: number;
  /** At the lowest rate, before. */
  readonly usualP99Ms: number;
  /** After the end of the highest load; null: not while it was watched. */
  readonly recoveredAfterMs: number | null;
  /** p99 of each interval after the end of the highest load. */
  readonly recovery: readonly { readonly afterMs: number; readonly p99Ms: number | null }[];
}

const warmUpMs = 1_000;
const intervalMs = 500;
/** It is back when p99 was so near to the usual, so many intervals in a row. */
const usualFactor = 2;
const usualIntervals = 3;

export async function overload(options: {
  readonly plan: OverloadPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  readonly onStep: (step: OverloadStep) => void;
}): Promise<OverloadReport> {
  const { plan, directory, onProgress, onStep } = options;
  const { contender, keys, clients, seed, valueBytes } = plan;
  const surroundings = {
    contenders: [contender],
    systemOf,
    valueBytes: [valueBytes],
    keys,
    clients,
    seed,
    directory,
    onProgress,
  };
  return Stage.during(surroundings, (stage) => new Overload(plan, stage, onProgress, onStep).run());
}

class Overload {
  private readonly steps: OverloadStep[] = [];
  private readonly cluster: QuorateCluster | undefined;
  private complaintsBefore = 0;
  private countersBefore: Readonly<Record<string, number>> = {};

  constructor(
    private readonly plan: OverloadPlan,
    private readonly stage: Stage,
    private readonly onProgress: (text: string) => void,
    private readonly onStep: (step: OverloadStep) => void,
  ) {
    const running = stage.running(plan.contender);
    this.cluster = running instanceof QuorateCluster ? running : undefined;
  }

  async run(): Promise<OverloadReport> {
    const { plan } = this;
    const measured = await this.peak();
    const peak = {
      ...measured,
      goodputPerSecond: plan.peakPerSecond ?? measured.goodputPerSecond,
    };
    const [lowest, ...rest] = [...plan.factors].sort((a, b) => a - b);
    const highest = rest.pop() ?? lowest!;
    const usual = await this.step(lowest!, peak);
    for (const factor of rest) await this.step(factor, peak);
    const { step, recovery } = await this.highest({ highest, lowest: lowest!, peak });
    return {
      plan,
      peakPerSecond: peak.goodputPerSecond,
      steps: this.steps,
      memoryRatio: Number((step.serverMb / peak.serverMb).toFixed(2)),
      usualP99Ms: usual.p99Ms,
      recoveredAfterMs: recoveredAfterMs(recovery, usual.p99Ms),
      recovery,
    };
  }

  private async peak(): Promise<OverloadStep> {
    const { peakInFlight, heatMs, measureMs } = this.plan;
    this.onProgress('warming up');
    const hottest = Math.max(...peakInFlight);
    const heat: Load = { kind: 'closed', inFlight: hottest };
    await this.measure({ load: heat, warmUpMs: heatMs, measureMs: 1 });
    let best: OverloadStep | undefined;
    for (const inFlight of peakInFlight) {
      this.onProgress(`looking for the peak with ${inFlight} in flight`);
      const load: Load = { kind: 'closed', inFlight };
      const sample = await this.measure({ load, warmUpMs, measureMs });
      const step = await this.stepOf(sample, { factor: null, offered: null, peak: undefined });
      if (best === undefined || step.goodputPerSecond > best.goodputPerSecond) best = step;
    }
    this.tell(best!);
    return best!;
  }

  private async step(factor: number, peak: OverloadStep): Promise<OverloadStep> {
    const offered = Math.max(1, Math.round(factor * peak.goodputPerSecond));
    this.onProgress(`${factor} × the peak: ${offered}/s`);
    const load: Load = { kind: 'open', ratePerSecond: offered };
    const sample = await this.measure({ load, warmUpMs, measureMs: this.plan.measureMs });
    const step = await this.stepOf(sample, { factor, offered, peak });
    this.tell(step);
    return step;
  }

  /**
   * The highest load, and at once the lowest again: what is left over from the one is in the way of
   * the other.
   */
  private async highest(rates: {
    readonly highest: number;
    readonly lowest: number;
    readonly peak: OverloadStep;
  }): Promise<{ step: OverloadStep; recovery: OverloadReport['recovery'] }> {
    const { highest: factor, lowest, peak } = rates;
    const { measureMs, recoveryMs } = this.plan;
    const offered = Math.max(1, Math.round(factor * peak.goodputPerSecond));
    this.onProgress(`${factor} × the peak: ${offered}/s, and afterwards ${lowest} ×`);
    const calmRate = Math.max(1, Math.round(lowest * peak.goodputPerSecond));
    const sample = await this.measure({
      load: {
        kind: 'open',
        ratePerSecond: offered,
        afterwards: { fromMs: warmUpMs + measureMs, ratePerSecond: calmRate },
      },
      warmUpMs,
      measureMs: measureMs + recoveryMs,
    });
    const count = Math.round(measureMs / intervalMs);
    const whole = await this.stepOf(sample, { factor, offered, peak });
    const step = { ...whole, ...during(sample.intervals.slice(0, count), peak) };
    this.tell(step);
    const recovery = sample.intervals.slice(count).map(({ operations, latencies }, i) => ({
      afterMs: (i + 1) * intervalMs,
      p99Ms: operations === 0 ? null : percentileMs(latencies, 99),
    }));
    return { step, recovery };
  }

  private async measure(job: {
    readonly load: Load;
    readonly warmUpMs: number;
    readonly measureMs: number;
  }): Promise<Sample> {
    const { contender, workload, valueBytes } = this.plan;
    this.complaintsBefore = this.cluster?.complaints.length ?? 0;
    this.countersBefore = countersOf((await this.cluster?.status()) ?? []);
    return this.stage.run(contender, { workload, valueBytes, intervalMs, ...job });
  }

  private async stepOf(
    sample: Sample,
    of: {
      readonly factor: number | null;
      readonly offered: number | null;
      readonly peak: OverloadStep | undefined;
    },
  ): Promise<OverloadStep> {
    const goodput = Math.round((sample.operations * 1000) / sample.elapsedMs);
    const peak = of.peak?.goodputPerSecond ?? goodput;
    const { serverResidentBytes, residentBytes, latencies } = sample;
    const perOperation = (micros: number): number =>
      Math.round(micros / Math.max(1, sample.operations));
    return {
      factor: of.factor,
      offeredPerSecond: of.offered,
      goodputPerSecond: goodput,
      percentOfPeak: Math.round((100 * goodput) / peak),
      p50Ms: percentileMs(latencies, 50),
      p99Ms: percentileMs(latencies, 99),
      errors: sumOf(sample.errors),
      errorsByCode: sample.errors,
      cpuMicrosPerOp: perOperation(sample.cpuMicros),
      clientCpuMicrosPerOp: perOperation(sample.clientCpuMicros),
      serverMb: Math.round(serverResidentBytes / 2 ** 20),
      clientMb: Math.round((residentBytes - serverResidentBytes) / 2 ** 20),
      ...(await this.health()),
    };
  }

  private async health(): Promise<
    Pick<OverloadStep, 'hints' | 'nodesLost' | 'slowConsumers' | 'counters'>
  > {
    if (this.cluster === undefined)
      return { hints: null, nodesLost: null, slowConsumers: null, counters: {} };
    const rows = await this.cluster.status();
    const serving = rows.filter(({ status }) => status === 'serving').length;
    const news = this.cluster.complaints.slice(this.complaintsBefore);
    return {
      hints: rows.reduce((sum, { hints }) => sum + hints, 0),
      nodesLost: this.cluster.nodes - serving,
      slowConsumers: news.filter((line) => /slow consumer/i.test(line)).length,
      counters: risen(countersOf(rows), this.countersBefore),
    };
  }

  private tell(step: OverloadStep): void {
    this.steps.push(step);
    this.onStep(step);
  }
}

function countersOf(rows: readonly NodeStatusRow[]): Record<string, number> {
  return sumByKey(rows.map(({ counters }) => counters));
}

function risen(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const changes = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]);
  return Object.fromEntries(changes) as Record<string, number>;
}

/** The first part of a run that goes on otherwise; errors and usage are those of the whole. */
function during(
  intervals: Sample['intervals'],
  peak: OverloadStep,
): Pick<OverloadStep, 'goodputPerSecond' | 'percentOfPeak' | 'p50Ms' | 'p99Ms'> {
  const [first, ...others] = intervals;
  const latencies = first!.latencies;
  for (const other of others) latencies.add(other.latencies);
  const operations = intervals.reduce((sum, interval) => sum + interval.operations, 0);
  const goodput = Math.round((operations * 1000) / (intervals.length * intervalMs));
  return {
    goodputPerSecond: goodput,
    percentOfPeak: Math.round((100 * goodput) / peak.goodputPerSecond),
    p50Ms: percentileMs(latencies, 50),
    p99Ms: percentileMs(latencies, 99),
  };
}

/**
 * The end of the last interval that was not near the usual, provided that enough of those behind it
 * were.
 */
export function recoveredAfterMs(
  recovery: OverloadReport['recovery'],
  usualP99Ms: number,
): number | null {
  let calm = 0;
  for (const [i, { p99Ms }] of recovery.entries()) {
    calm = p99Ms !== null && p99Ms <= usualFactor * usualP99Ms ? calm + 1 : 0;
    if (calm === usualIntervals) return recovery[i - usualIntervals]?.afterMs ?? 0;
  }
  return null;
}
