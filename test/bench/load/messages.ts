/** Between the bench and its client processes, over Node's channel. */
import type { Cell } from '../plan.js';
import type { Target } from '../systems/system.js';

export type ToLoad =
  | { readonly kind: 'open'; readonly target: Target; readonly seed: number; readonly keys: number }
  /** Puts every key of the size once. */
  | { readonly kind: 'fill'; readonly valueBytes: number }
  | {
      readonly kind: 'run';
      readonly cell: Cell;
      readonly warmUpMs: number;
      readonly measureMs: number;
    }
  | { readonly kind: 'close' };

export type FromLoad =
  /** What was asked for is done; answers `open`, `fill` and `close`. */
  | { readonly kind: 'done' }
  /** The warm-up is over: CPU time counts from here. */
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };

export interface LoadResult {
  readonly operations: number;
  readonly errors: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}
