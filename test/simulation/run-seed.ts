/** One seed in this process: what the program, its workers and the tests share. */
import type { Violation } from './oracle/violations.js';
import { runWorld, type RunOptions, type WorldResult } from './world.js';
import type { WorldOptions } from './world-options.js';

/**
 * As `runWorld`; what escapes every handler (a rejection nobody takes, an error thrown from a timer
 * of a library) ends the run as a crash instead of ending this process.
 */
export async function runCaught(options: WorldOptions, run: RunOptions = {}): Promise<WorldResult> {
  const escaped: string[] = [];
  const note = (error: unknown): void =>
    void escaped.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  try {
    const result = await runWorld(options, run);
    // Rejections are reported a turn of the real event loop after they happen.
    await new Promise((resolve) => setImmediate(resolve));
    const what = escaped[0];
    if (what === undefined) return result;
    const violation: Violation = { kind: 'crash', rule: 'escaped', what, timeUs: result.virtualUs };
    return { ...result, violation, violations: [violation, ...result.violations] };
  } finally {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
}

/** What a worker reports of a seed. */
export interface SeedReport {
  readonly seed: string;
  readonly violation: Violation | undefined;
  readonly digest: string;
  readonly virtualUs: number;
  readonly requests: number;
  readonly sometimes: readonly string[];
}

export function reportOf(seed: string, result: WorldResult): SeedReport {
  const { violation, digest, virtualUs, requests, sometimes } = result;
  return { seed, violation, digest, virtualUs, requests, sometimes: [...sometimes].sort() };
}
