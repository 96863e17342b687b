/**
 * What an operation costs as the cluster grows: in keys, in bytes a value, in nodes; and what a
 * killed node needs to come back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from './measure/processes.js';
import type { Contender } from './plan.js';
import { percentileMs } from './report/statistics.js';
import { Stage } from './stage.js';
import { QuorateCluster, quorate, type NodeStatusRow } from './systems/quorate.js';

export interface GrowthSetting {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Kill a node when all is measured. */
  readonly kill: boolean;
}

export interface GrowthPlan {
  readonly settings: readonly GrowthSetting[];
  readonly inFlight: number;
  readonly heatMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly clients: number;
  readonly durability: string;
  readonly seed: number;
}

interface Cost {
  readonly opsPerSecond: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerOp: number;
}

export interface GrowthRow {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly put: Cost;
  readonly get: Cost;
  /**
   * Resident of one node, on the average: what it made itself, and its mapped files (LMDB's map
   * among them).
   */
  readonly anonymousMbPerNode: number;
  readonly mappedMbPerNode: number;
  /**
   * From `kill -9` of a node until it serves again, the wait of who starts it again included; null:
   * none was killed.
   */
  readonly recoveryMs: number | null;
}

const recoveryMsMax = 60_000;
const workloads = ['put', 'get'] as const;

export async function growth(options: {
  readonly plan: GrowthPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  readonly onRow: (row: GrowthRow) => void;
}): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const [i, setting] of options.plan.settings.entries()) {
    const directory = `${options.directory}/${i}`;
    const row = await measure({ ...options, directory }, setting);
    rows.push(row);
    options.onRow(row);
  }
  return rows;
}

async function measure(
  options: {
    readonly plan: GrowthPlan;
    readonly directory: string;
    readonly onProgress: (text: string) => void;
  },
  setting: GrowthSetting,
): Promise<GrowthRow> {
  const { plan, directory, onProgress } = options;
  const { nodes, keys, valueBytes, kill } = setting;
  const { durability, clients, seed } = plan;
  const contender: Contender = { system: 'quorate', w: 2, r: 2, durability };
  const surroundings = {
    contenders: [contender],
    systemOf: () => quorate({ durability, nodes, restarts: kill }),
    valueBytes: [valueBytes],
    keys,
    clients,
    seed,
    directory,
    onProgress,
  };
  return Stage.during(surroundings, async (stage) => {
    const cluster = stage.running(contender);
    if (!(cluster instanceof QuorateCluster)) throw new Error('only Quorate grows here');
    const [put, get] = await costs(stage, contender, { plan, setting, onProgress });
    const memory = memoryOf((await cluster.status()).map(({ pid }) => pid));
    const perNodeMb = (bytes: number): number => Math.round(bytes / nodes / 2 ** 20);
    onProgress('a node is killed');
    const recoveryMs = kill ? await killedAndBack(cluster) : null;
    return {
      nodes,
      keys,
      valueBytes,
      put: put!,
      get: get!,
      anonymousMbPerNode: perNodeMb(memory.anonymousBytes),
      mappedMbPerNode: perNodeMb(memory.fileBytes),
      recoveryMs,
    };
  });
}

async function costs(
  stage: Stage,
  contender: Contender,
  options: {
    readonly plan: GrowthPlan;
    readonly setting: GrowthSetting;
    readonly onProgress: (text: string) => void;
  },
): Promise<Cost[]> {
  const { plan, setting, onProgress } = options;
  const { nodes, keys, valueBytes } = setting;
  const load = { kind: 'closed', inFlight: plan.inFlight } as const;
  const found: Cost[] = [];
  for (const workload of workloads) {
    onProgress(`${workload}: ${nodes} nodes, ${keys} keys, ${valueBytes} bytes`);
    const warmUpMs = plan.warmUpMs + plan.heatMs / workloads.length;
    const job = { workload, valueBytes, load, warmUpMs, measureMs: plan.measureMs };
    const { operations, elapsedMs, latencies, cpuMicros } = await stage.run(contender, job);
    found.push({
      opsPerSecond: Math.round((operations * 1000) / elapsedMs),
      p99Ms: percentileMs(latencies, 99),
      cpuMicrosPerOp: Math.round(cpuMicros / Math.max(1, operations)),
    });
  }
  return found;
}

async function killedAndBack(cluster: QuorateCluster): Promise<number> {
  const [victim] = await cluster.status();
  const killedMs = performance.now();
  process.kill(victim!.pid, 'SIGKILL');
  const isBack = ({ name, pid, status }: NodeStatusRow): boolean =>
    name === victim!.name && pid !== victim!.pid && status === 'serving';
  for (;;) {
    const rows = await cluster.status(100);
    const ms = performance.now() - killedMs;
    if (rows.some(isBack)) return Math.round(ms);
    if (ms > recoveryMsMax)
      throw new Error(`${victim!.name} is not back after ${Math.round(ms)} ms`);
    await sleep(20);
  }
}
