/** Between the bench and its client processes, over Node's channel. */
import type { DriverName, Load } from '../plan.js';
import type { Quorum } from './drivers/driver.js';
import type { WorkloadName } from './mixes.js';

/** What a client process is told to connect to. */
export interface Target {
  readonly driver: DriverName;
  readonly servers: readonly string[];
}

export interface Job {
  readonly workload: WorkloadName;
  readonly valueBytes: number;
  readonly quorum: Quorum;
  readonly load: Load;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly intervalMs?: number | undefined;
}

export interface Share {
  /** Which of the client processes it is, and of how many. */
  readonly client: number;
  readonly clients: number;
}

export type ToLoad =
  | ({ readonly kind: 'open'; readonly target: Target } & Share & {
        readonly seed: number;
        readonly keys: number;
      })
  /** Puts its share of the keys of the size once. */
  | { readonly kind: 'fill'; readonly valueBytes: number; readonly quorum: Quorum }
  | { readonly kind: 'run'; readonly job: Job }
  | { readonly kind: 'close' };

/**
 * Where the measured time begins and ends: what the bench reads from the operating system, it reads
 * then.
 */
export type Edge = 'begin' | 'end';

export type FromLoad =
  /** What was asked for is done; answers `open`, `fill` and `close`. */
  | { readonly kind: 'done' }
  | { readonly kind: 'edge'; readonly edge: Edge }
  | { readonly kind: 'measured'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };

export interface Interval {
  /** That succeeded. */
  readonly operations: number;
  /** Of those, µs: a histogram as HdrHistogram's compressed base64. */
  readonly latencies: string;
}

export interface LoadResult extends Interval {
  readonly errors: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly intervals: readonly Interval[];
}
