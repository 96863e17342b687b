/**
 * What may be done to the processes of a cluster, by whoever started them and nobody else.
 * `src/cli/up/breaking.ts` does it.
 */
import type { BreakRequest, ProcessPicture } from './wire.js';

export interface Breaking {
  /** By the name of the node: of those it started, none else. */
  processes(): ReadonlyMap<string, ProcessPicture>;
  /** Throws `BreakError` with a sentence. */
  break(request: BreakRequest): Promise<void>;
}

/** It is not done, and why. */
export class BreakError extends Error {}
