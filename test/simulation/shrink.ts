/**
 * The shortest fault list that still breaks the same rule: delta debugging (Zeller and Hildebrandt,
 * 2002) over the faults, then fewer clients, then a shorter time. What is drawn from the seed
 * elsewhere stays as it is.
 */
import type { WorldOptions } from './world-options.js';

export interface Shrunk {
  readonly options: WorldOptions;
  readonly runs: number;
}

/** `fails` says whether a variant still breaks the rule. Stops after `runsMax` variants. */
export async function shrink(
  options: WorldOptions,
  fails: (variant: WorldOptions) => Promise<boolean>,
  runsMax: number,
): Promise<Shrunk> {
  let best = options;
  let runs = 0;
  const hasFaults = (): boolean => best.faults.length > 0;
  const spent = (): boolean => runs >= runsMax;
  const keep = async (variant: WorldOptions): Promise<boolean> => {
    if (spent()) return false;
    runs++;
    if (!(await fails(variant))) return false;
    best = variant;
    return true;
  };
  let parts = 2;
  while (hasFaults() && !spent()) {
    const size = Math.ceil(best.faults.length / parts);
    const removed = await removeParts(size, () => best, keep);
    if (size === 1 && !removed) break;
    parts = Math.min(Math.max(1, best.faults.length), removed ? Math.max(2, parts) : parts * 2);
  }
  if (best.forger !== undefined) await keep({ ...best, forger: undefined });
  if (best.lateFounderFaults !== undefined) await keep({ ...best, lateFounderFaults: undefined });
  const everyone = Array.from({ length: best.cluster.nodes }, (_, i) => `n${i + 1}`);
  if (best.core.length < everyone.length) await keep({ ...best, core: everyone });
  while (best.clients > 1 && (await keep({ ...best, clients: best.clients - 1 })));
  while (best.workUs > 2e6 && (await keep({ ...best, workUs: Math.floor(best.workUs / 2) })));
  return { options: best, runs };
}

/** Tries to do without each run of `size` faults; true when one was not needed. */
async function removeParts(
  size: number,
  best: () => WorldOptions,
  keep: (variant: WorldOptions) => Promise<boolean>,
): Promise<boolean> {
  let removed = false;
  let from = 0;
  while (from < best().faults.length) {
    const end = from + size;
    const rest = best().faults.filter((_, i) => i < from || i >= end);
    if (await keep({ ...best(), faults: rest })) removed = true;
    else from = end;
  }
  return removed;
}
