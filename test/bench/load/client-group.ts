/** The client processes that drive one system together: what they do adds up to one load. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Load } from '../plan.js';
import type { Quorum } from './drivers/driver.js';
import { LoadProcess } from './load-process.js';
import type { Edge, Interval, Job, LoadResult, Target } from './messages.js';
import { newHistogram } from './recorder.js';

export interface GroupInterval {
  readonly operations: number;
  /** µs. */
  readonly latencies: Histogram;
}

export interface GroupResult extends GroupInterval {
  readonly errors: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly intervals: readonly GroupInterval[];
}

export class ClientGroup {
  private readonly processes: readonly LoadProcess[];

  constructor(
    private readonly clients: number,
    root: string,
  ) {
    this.processes = Array.from({ length: clients }, () => new LoadProcess(root));
  }

  get pids(): number[] {
    return this.processes.map(({ pid }) => pid);
  }

  async open(options: {
    readonly target: Target;
    readonly seed: number;
    readonly keys: number;
  }): Promise<void> {
    const { clients } = this;
    await this.each((process, client) =>
      process.ask({ kind: 'open', ...options, client, clients }),
    );
  }

  async fill(valueBytes: number, quorum: Quorum): Promise<void> {
    await this.each((process) => process.ask({ kind: 'fill', valueBytes, quorum }));
  }

  /** `onEdge`: when the first of them says so. */
  async run(job: Job, onEdge: (edge: Edge) => void): Promise<GroupResult> {
    const seen = new Set<Edge>();
    const onFirst = (edge: Edge): void => {
      if (!seen.has(edge)) onEdge(edge);
      seen.add(edge);
    };
    const shares = sharesOf(job.load, this.clients);
    const results = await Promise.all(
      shares.map((load, i) => this.processes[i]!.run({ ...job, load }, onFirst)),
    );
    return merged(results);
  }

  async close(): Promise<void> {
    await this.each((process) => process.close());
  }

  kill(): void {
    for (const process of this.processes) process.kill();
  }

  private async each(act: (process: LoadProcess, index: number) => Promise<void>): Promise<void> {
    await Promise.all(this.processes.map(act));
  }
}

/** One for each client that has something to do. */
export function sharesOf(load: Load, clients: number): Load[] {
  if (load.kind === 'open') {
    const { ratePerSecond, afterwards } = load;
    const share: Load = {
      kind: 'open',
      ratePerSecond: ratePerSecond / clients,
      ...(afterwards && {
        afterwards: { ...afterwards, ratePerSecond: afterwards.ratePerSecond / clients },
      }),
    };
    return Array.from({ length: clients }, () => share);
  }
  const { inFlight } = load;
  const busy = Math.min(clients, inFlight);
  return Array.from({ length: busy }, (_, i) => ({
    kind: 'closed',
    inFlight: Math.floor(inFlight / busy) + (i < inFlight % busy ? 1 : 0),
  }));
}

function merged(results: readonly LoadResult[]): GroupResult {
  const errors: Record<string, number> = {};
  for (const result of results)
    for (const [code, count] of Object.entries(result.errors))
      errors[code] = (errors[code] ?? 0) + count;
  const first = results[0]!;
  return {
    ...mergedInterval(results),
    errors,
    elapsedMs: first.elapsedMs,
    intervals: first.intervals.map((_, i) =>
      mergedInterval(results.map(({ intervals }) => intervals[i]!)),
    ),
  };
}

function mergedInterval(parts: readonly Interval[]): GroupInterval {
  const latencies = newHistogram();
  let operations = 0;
  for (const part of parts) {
    operations += part.operations;
    if (part.operations > 0) latencies.add(decodeFromCompressedBase64(part.latencies, 32));
  }
  return { operations, latencies };
}
