/**
 * What may be done to the processes of a cluster, by whoever started them and nobody else.
 * `src/cli/up/breaking.ts` does it.
 */
import type { BreakRequest, ChartInstance, ChartNote, ProcessPicture } from './wire.js';

/** What the chart of a process came to. */
export type MovedChart = Omit<ChartNote, 'atUs' | 'node'>;

export interface Breaking {
  /** By the name of the node: of those it started, none else. */
  processes(): ReadonlyMap<string, ProcessPicture>;
  /** Of all processes it looks after, as they are now. */
  charts(): readonly ChartInstance[];
  /** One at a time is told whenever one of them moves, until what it returns is called. */
  watch(moved: (chart: MovedChart) => void): () => void;
  /** Throws `BreakError` with a sentence. */
  break(request: BreakRequest): Promise<void>;
}

/** It is not done, and why. */
export class BreakError extends Error {}
