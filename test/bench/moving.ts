/**
 * What it costs requests that a node comes and partitions move to it: throughput and latency before
 * it, while they move, while the former owners drop what has moved, and after; and what was moved.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkloadName } from './load/mixes.js';
import { newHistogram } from './load/recorder.js';
import type { Contender, Load } from './plan.js';
import { percentileMs, sumByKey, sumOf } from './report/statistics.js';
import { Stage, type Sample } from './stage.js';
import { growing, GrowingCluster, type RingSeen } from './systems/growing.js';
import type { NodeStatusRow } from './systems/quorate.js';

export interface MovingPlan {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly workload: WorkloadName;
  /** 0: nothing is asked while partitions move. */
  readonly inFlight: number;
  /** Instead of so many in flight: requests a second, whatever becomes of those before them. */
  readonly ratePerSecond?: number | undefined;
  readonly clients: number;
  readonly durability: string;
  /** Of each node; undefined: they share what there is. */
  readonly cores?: number | undefined;
  readonly seed: number;
  readonly heatMs: number;
  readonly warmUpMs: number;
  /** Before, and after. */
  readonly measureMs: number;
  /** While it moves it is measured window by window: its end is not known. */
  readonly windowMs: number;
  readonly moveMsMax: number;
}

export const phases = ['before', 'moving', 'releasing', 'after'] as const;
export type PhaseName = (typeof phases)[number];

export interface PhaseRow {
  readonly phase: PhaseName;
  readonly seconds: number;
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly cpuMicrosPerOp: number;
  /** Compared with before. */
  readonly throughputRatio: number;
  readonly p50Ratio: number;
  readonly p99Ratio: number;
}

export interface Moved {
  /** Sent for the move, by kind: streamed, because trees differed, by former owners. */
  readonly streamedBytes: number;
  readonly exchangedBytes: number;
  readonly releasedBytes: number;
  readonly streamedStates: number;
  readonly pulledStates: number;
  /** What the new node holds when it is over. */
  readonly shareKeys: number;
  readonly shareBytes: number;
  /** All that was sent by that share. */
  readonly ratio: number;
}

export interface MovingReport {
  readonly plan: MovingPlan;
  readonly rows: readonly PhaseRow[];
  /** The same of each window, one after the other: steps of the move are seen there. */
  readonly windows: readonly PhaseRow[];
  readonly moved: Moved;
  /** From the start of the new node until the ring has no move in it. */
  readonly joinedAfterMs: number;
  /** Of that, while a move was seen. */
  readonly moveMs: number;
  readonly megabytesPerSecond: number;
  readonly releasedAfterMs: number;
}

const pollMs = 250;

export async function moving(options: {
  readonly plan: MovingPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  readonly onRow: (row: PhaseRow) => void;
}): Promise<MovingReport> {
  const { plan, directory, onProgress } = options;
  const { nodes, durability, cores, valueBytes, keys, clients, seed } = plan;
  const contender: Contender = { system: 'quorate', w: 2, r: 2, durability };
  const surroundings = {
    contenders: [contender],
    systemOf: () => growing({ nodes, durability, cores }),
    valueBytes: [valueBytes],
    keys,
    clients,
    seed,
    directory,
    onProgress,
  };
  return Stage.during(surroundings, (stage) => {
    const cluster = stage.running(contender);
    if (!(cluster instanceof GrowingCluster)) throw new Error('only Quorate grows here');
    return new Moving(options, { stage, cluster, contender }).run();
  });
}

class Moving {
  private readonly rows: PhaseRow[] = [];
  private readonly windows: PhaseRow[] = [];

  constructor(
    private readonly options: Omit<Parameters<typeof moving>[0], 'directory'>,
    private readonly on: {
      readonly stage: Stage;
      readonly cluster: GrowingCluster;
      readonly contender: Contender;
    },
  ) {}

  async run(): Promise<MovingReport> {
    const { plan, onProgress } = this.options;
    const { cluster } = this.on;
    const { heatMs, warmUpMs, measureMs } = plan;
    onProgress('before');
    const before = await this.window({ warmUpMs: heatMs + warmUpMs, measureMs });
    this.tell('before', [before]);
    const countersBefore = countersOf(await cluster.status());
    const startedMs = performance.now();
    const joiner = cluster.launch();
    const move = watch(cluster, (ring) => moveOf(ring, plan.nodes + 1), plan.moveMsMax);
    this.tell('moving', await this.until(move, 'moving'));
    const { seenMs, overMs } = await move.over;
    const released = watch(cluster, () => releasedOf(cluster, plan), plan.moveMsMax);
    this.tell('releasing', await this.until(released, 'former owners drop what has moved'));
    const end = await released.over;
    onProgress('after');
    this.tell('after', [await this.window({ warmUpMs, measureMs })]);
    const rows = await cluster.status();
    const risen = risenBetween(countersBefore, countersOf(rows));
    const moved = movedOf(risen, rows.find(({ name }) => name === joiner)?.keys ?? 0);
    const moveMs = overMs - (seenMs ?? overMs);
    return {
      plan,
      rows: this.rows,
      windows: this.windows,
      moved,
      joinedAfterMs: Math.round(overMs - startedMs),
      moveMs: Math.round(moveMs),
      megabytesPerSecond: moved.shareBytes / 1e3 / Math.max(1, moveMs),
      releasedAfterMs: Math.round(end.overMs - overMs),
    };
  }

  /** Window by window, until it is over. */
  private async until(watched: Watched, what: string): Promise<Sample[]> {
    const samples: Sample[] = [];
    const { windowMs, inFlight, ratePerSecond } = this.options.plan;
    // What goes wrong surfaces where it is waited for.
    watched.over.catch(() => undefined);
    while (!watched.isOver) {
      this.options.onProgress(`${what}: ${watched.progress}`);
      if (inFlight === 0 && ratePerSecond === undefined) await sleep(pollMs);
      else samples.push(await this.window({ warmUpMs: 0, measureMs: windowMs }));
    }
    return samples;
  }

  private window(times: {
    readonly warmUpMs: number;
    readonly measureMs: number;
  }): Promise<Sample> {
    const { workload, valueBytes, inFlight, ratePerSecond } = this.options.plan;
    const load: Load =
      ratePerSecond === undefined
        ? { kind: 'closed', inFlight: Math.max(1, inFlight) }
        : { kind: 'open', ratePerSecond };
    return this.on.stage.goOn(this.on.contender, { workload, valueBytes, load, ...times });
  }

  private tell(phase: PhaseName, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    const row = rowOf(phase, samples, this.rows[0]);
    this.rows.push(row);
    for (const sample of samples) this.windows.push(rowOf(phase, [sample], this.rows[0]));
    this.options.onRow(row);
  }
}

interface Watched {
  /** `seenMs`: when it was seen to have begun. */
  readonly over: Promise<{ readonly seenMs: number | undefined; readonly overMs: number }>;
  readonly isOver: boolean;
  readonly progress: string;
}

interface Seen {
  readonly state: 'notYet' | 'underWay' | 'over' | 'unknown';
  readonly progress: string;
}

function watch(
  cluster: GrowingCluster,
  look: (ring: RingSeen | undefined) => Seen | Promise<Seen>,
  msMax: number,
): Watched {
  const watched = { isOver: false, progress: '' };
  const endMs = performance.now() + msMax;
  const follow = async (): Promise<{ seenMs: number | undefined; overMs: number }> => {
    let seenMs: number | undefined;
    try {
      while (performance.now() < endMs) {
        const { state, progress } = await look(await cluster.ring());
        watched.progress = progress;
        if (state === 'underWay') seenMs ??= performance.now();
        if (state === 'over') return { seenMs, overMs: performance.now() };
        await sleep(pollMs);
      }
      throw new Error(`not over after ${msMax} ms: ${watched.progress}`);
    } finally {
      watched.isOver = true;
    }
  };
  return Object.assign(watched, { over: follow() });
}

/** So many nodes are to own everything. */
export function moveOf(ring: RingSeen | undefined, owners: number): Seen {
  if (ring === undefined) return { state: 'unknown', progress: 'nobody tells the ring' };
  const { move, groups } = ring;
  if (move !== undefined) {
    const moved = move.moved.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    return { state: 'underWay', progress: `${moved} partitions have moved` };
  }
  const isOver = new Set(groups.flat()).size === owners;
  return { state: isOver ? 'over' : 'notYet', progress: 'no move is under way' };
}

/** Each key lies on three nodes and no more; a key that was just put may still be on its way. */
async function releasedOf(cluster: GrowingCluster, plan: MovingPlan): Promise<Seen> {
  const rows = await cluster.status();
  if (rows.length <= plan.nodes) return { state: 'unknown', progress: 'not all nodes answer' };
  const held = rows.reduce((sum, { keys }) => sum + keys, 0);
  const surplus = held - 3 * plan.keys;
  return { state: surplus > 0 ? 'underWay' : 'over', progress: `${surplus} keys to be dropped` };
}

export function rowOf(
  phase: PhaseName,
  samples: readonly Pick<
    Sample,
    'operations' | 'elapsedMs' | 'latencies' | 'errors' | 'cpuMicros'
  >[],
  before: PhaseRow | undefined,
): PhaseRow {
  const latencies = newHistogram();
  let [operations, elapsedMs, cpuMicros] = [0, 0, 0];
  for (const sample of samples) {
    latencies.add(sample.latencies);
    operations += sample.operations;
    elapsedMs += sample.elapsedMs;
    cpuMicros += sample.cpuMicros;
  }
  const opsPerSecond = (operations * 1000) / Math.max(1, elapsedMs);
  const [p50Ms, p99Ms] = [percentileMs(latencies, 50), percentileMs(latencies, 99)];
  return {
    phase,
    seconds: elapsedMs / 1000,
    opsPerSecond: Math.round(opsPerSecond),
    p50Ms,
    p99Ms,
    errors: sumOf(sumByKey(samples.map(({ errors }) => errors))),
    cpuMicrosPerOp: Math.round(cpuMicros / Math.max(1, operations)),
    throughputRatio: opsPerSecond / (before?.opsPerSecond ?? opsPerSecond),
    p50Ratio: p50Ms / (before?.p50Ms ?? p50Ms),
    p99Ratio: p99Ms / (before?.p99Ms ?? p99Ms),
  };
}

/** `risen`: by how much the nodes' counters rose, all together, while a node came. */
export function movedOf(risen: Readonly<Record<string, number>>, shareKeys: number): Moved {
  const of = (name: string): number => risen[name] ?? 0;
  const [streamedBytes, exchangedBytes] = [of('transfer.bytes'), of('exchange.bytes')];
  const releasedBytes = of('release.bytes');
  const pulledStates = of('exchange.pulled') + of('exchange.pushed');
  const states = of('transfer.states') + pulledStates + of('release.pushed');
  const sent = streamedBytes + exchangedBytes + releasedBytes;
  const shareBytes = (shareKeys * sent) / Math.max(1, states);
  return {
    streamedBytes,
    exchangedBytes,
    releasedBytes,
    streamedStates: of('transfer.states'),
    pulledStates,
    shareKeys,
    shareBytes,
    ratio: sent / Math.max(1, shareBytes),
  };
}

function countersOf(rows: readonly NodeStatusRow[]): Record<string, number> {
  return sumByKey(rows.map(({ counters }) => counters));
}

function risenBetween(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
}
