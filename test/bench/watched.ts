/**
 * What it costs requests that somebody watches the nodes: pairs of windows on one cluster, with and
 * without a watcher who wants all that a dashboard wants.
 */
import { NatsBus } from '../../src/bus/nats-bus.js';
import { nodeConnection } from '../../src/cli/connection.js';
import { NodeQuestions } from '../../src/dashboard/node-questions.js';
import type { Bus } from '../../src/seams/bus.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { decodeDocument } from '../../src/wire/message-pack.js';
import type { WorkloadName } from './load/mixes.js';
import type { Contender, Load } from './plan.js';
import {
  medianOf,
  percentileMs,
  round,
  spreadPercentOf,
  sumByKey,
  sumOf,
} from './report/statistics.js';
import { Stage, type Sample } from './stage.js';
import { quorate, QuorateCluster } from './systems/quorate.js';

export interface WatchedPlan {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly workload: WorkloadName;
  readonly load: Load;
  readonly clients: number;
  readonly durability: string;
  readonly seed: number;
  readonly heatMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly pairs: number;
}

export const states = ['unwatched', 'watched'] as const;
export type State = (typeof states)[number];

/** What the watcher was told, by all nodes. */
export interface Told {
  readonly notes: number;
  readonly dropped: number;
  readonly unshown: number;
}

export interface StateRow {
  readonly state: State;
  readonly opsPerSecond: number;
  readonly spreadPercent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of nodes and nats-server, without clients. */
  readonly cpuMicrosPerOp: number;
  readonly errors: number;
  readonly notesPerSecond: number;
  readonly unshownPerSecond: number;
}

export interface WatchedReport {
  readonly plan: WatchedPlan;
  readonly rows: readonly StateRow[];
  /** Of the pairs: the median, and half of what they lie apart. */
  readonly lostPercent: number;
  readonly lostSpread: number;
  readonly cpuMorePercent: number;
  readonly cpuMoreSpread: number;
  readonly told: Told;
}

type Measured = Pick<
  Sample,
  'operations' | 'elapsedMs' | 'latencies' | 'errors' | 'cpuMicros' | 'clientCpuMicros'
>;

const leaseMs = 20_000;
const renewMs = 5_000;

export async function watched(options: {
  readonly plan: WatchedPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
}): Promise<WatchedReport> {
  const { plan, directory, onProgress } = options;
  const { nodes, durability, valueBytes, keys, clients, seed, workload, load } = plan;
  const contender: Contender = { system: 'quorate', w: 2, r: 2, durability };
  const surroundings = {
    contenders: [contender],
    systemOf: () => quorate({ nodes, durability }),
    valueBytes: [valueBytes],
    keys,
    clients,
    seed,
    directory,
    onProgress,
  };
  return Stage.during(surroundings, async (stage) => {
    const cluster = stage.running(contender);
    if (!(cluster instanceof QuorateCluster)) throw new Error('only Quorate is watched here');
    const job = { workload, valueBytes, load };
    const { heatMs, warmUpMs, measureMs, pairs } = plan;
    onProgress('warming up');
    await stage.run(contender, { ...job, warmUpMs: heatMs, measureMs: 1 });
    const samples: Record<State, Sample[]> = { unwatched: [], watched: [] };
    const watcher = await Watcher.connect(cluster);
    try {
      for (let pair = 0; pair < pairs; pair++)
        // A B B A: whatever becomes slower with time meets both alike.
        for (const state of pair % 2 === 0 ? states : states.toReversed()) {
          onProgress(`${state}, ${pair + 1} of ${pairs}`);
          if (state === 'watched') await watcher.begin();
          else await watcher.end();
          samples[state].push(await stage.run(contender, { ...job, warmUpMs, measureMs }));
        }
    } finally {
      await watcher.close();
    }
    if (watcher.told.notes === 0) throw new Error('whoever watched was told nothing');
    return { plan, ...reportOf(samples, watcher.told), told: watcher.told };
  });
}

export function reportOf(
  samples: Readonly<Record<State, readonly Measured[]>>,
  told: Told,
): Omit<WatchedReport, 'plan' | 'told'> {
  const watchedMs = samples.watched.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const aSecond = (count: number): number => Math.round((1000 * count) / Math.max(1, watchedMs));
  const percents = (of: (sample: Measured) => number): number[] =>
    samples.watched.map((sample, at) => 100 * (of(sample) / of(samples.unwatched[at]!) - 1));
  const lost = percents(rateOf).map((percent) => -percent);
  const more = percents(cpuOf);
  return {
    rows: [
      { ...rowOf('unwatched', samples.unwatched), notesPerSecond: 0, unshownPerSecond: 0 },
      {
        ...rowOf('watched', samples.watched),
        notesPerSecond: aSecond(told.notes),
        unshownPerSecond: aSecond(told.unshown),
      },
    ],
    lostPercent: round(medianOf(lost), 1),
    lostSpread: round(halfRange(lost), 1),
    cpuMorePercent: round(medianOf(more), 1),
    cpuMoreSpread: round(halfRange(more), 1),
  };
}

const rateOf = ({ operations, elapsedMs }: Measured): number => (operations * 1000) / elapsedMs;
const cpuOf = ({ cpuMicros, clientCpuMicros, operations }: Measured): number =>
  (cpuMicros - clientCpuMicros) / Math.max(1, operations);

function halfRange(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2;
}

function rowOf(
  state: State,
  samples: readonly Measured[],
): Omit<StateRow, 'notesPerSecond' | 'unshownPerSecond'> {
  const latency = (percent: number): number =>
    round(medianOf(samples.map(({ latencies }) => percentileMs(latencies, percent))), 2);
  const rates = samples.map(rateOf);
  return {
    state,
    opsPerSecond: Math.round(medianOf(rates)),
    spreadPercent: round(spreadPercentOf(rates), 1),
    p50Ms: latency(50),
    p99Ms: latency(99),
    cpuMicrosPerOp: round(medianOf(samples.map(cpuOf)), 1),
    errors: sumOf(sumByKey(samples.map(({ errors }) => errors))),
  };
}

/** As a dashboard watches: charts of all nodes, read as they come. */
class Watcher {
  readonly told = { notes: 0, dropped: 0, unshown: 0 };
  private readonly inbox: string;
  private readonly questions: NodeQuestions;
  private timer: NodeJS.Timeout | undefined;

  static async connect(cluster: QuorateCluster): Promise<Watcher> {
    const servers = cluster.servers[0]!;
    const connection = nodeConnection({ servers }, cluster.directory);
    const ids = (await cluster.status()).map(({ id }) => id);
    return new Watcher(await NatsBus.connect({ ...connection, name: 'watcher' }), ids);
  }

  private constructor(
    private readonly bus: Bus & { close(): Promise<void> },
    private readonly ids: readonly string[],
  ) {
    this.inbox = bus.inbox();
    this.questions = new NodeQuestions({ bus, clock: new RealClock(), prefix: 'kv' });
    bus.subscribe(this.inbox, ({ data }) => this.take(data));
  }

  async begin(): Promise<void> {
    await this.ask(leaseMs);
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.ask(leaseMs), renewMs);
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.ask(1);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.bus.close();
  }

  private async ask(forMs: number): Promise<void> {
    const wish = { ask: 'watch', to: this.inbox, charts: true, leaseMs: forMs };
    const answers = await Promise.all(this.ids.map((id) => this.questions.insight(id, wish)));
    for (const answer of answers)
      if (typeof answer?.['until'] !== 'number')
        throw new Error(`a node is not watched: ${JSON.stringify(answer ?? 'no answer')}`);
  }

  private take(data: Uint8Array): void {
    const { notes, dropped, unshown } = decodeDocument(data) as unknown as {
      readonly notes: readonly unknown[];
      readonly dropped: number;
      readonly unshown: number;
    };
    this.told.notes += notes.length;
    this.told.dropped += dropped;
    this.told.unshown += unshown;
  }
}
