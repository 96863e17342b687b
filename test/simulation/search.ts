/** Many seeds on all cores, each in a worker process, so that nothing one seed leaves behind reaches another. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedReport } from './run-seed.js';

export interface SearchOptions {
  /** Tried in this order. */
  readonly seeds: Iterable<string>;
  /** Real time after which no more seeds begin. */
  readonly msMax: number;
  readonly jobs: number;
  /** Arguments for node itself. */
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly onReport: (report: SeedReport) => void;
  /** Whether to go on. */
  readonly wanted: () => boolean;
  /** Ends the search at once; seeds under way are not reported. */
  readonly signal?: AbortSignal;
}

/** A seed uses a lot of code a little: baseline code at once, and room for what lives as short as a message, save a quarter of the time. */
const fastArgv = ['--always-sparkplug', '--max-semi-space-size=32'];

/** A seed that takes longer is taken for a process that hangs. Counted in ticks: while the whole machine stands still there are none. */
const seedTicksMax = 300;
const tickMs = 1000;
const exitGraceMs = 200;

export async function search(options: SearchOptions): Promise<void> {
  const started = Date.now();
  const seeds = options.seeds[Symbol.iterator]();
  const take = (): string | undefined => {
    const isOver = options.signal?.aborted === true || Date.now() - started > options.msMax;
    if (isOver || !options.wanted()) return undefined;
    const { done, value } = seeds.next();
    return done === true ? undefined : value;
  };
  await Promise.all(Array.from({ length: options.jobs }, () => runWorker(options, take)));
}

/** `count` may be Infinity. */
export function* seedsFrom(from: number, count: number): Generator<string, undefined> {
  for (let seed = from; seed < from + count; seed++) yield `${seed}`;
  return undefined;
}

function runWorker(options: SearchOptions, take: () => string | undefined): Promise<void> {
  return new Promise((resolve) => {
    let seed: string | undefined;
    let child: ChildProcess | undefined;
    let timer: NodeJS.Timeout | undefined;
    const abandon = (): void => {
      clearInterval(timer);
      seed = undefined;
      child?.kill('SIGKILL');
      resolve();
    };
    options.signal?.addEventListener('abort', abandon, { once: true });
    const advance = (): void => {
      clearInterval(timer);
      seed = take();
      if (seed === undefined) {
        child?.disconnect();
        resolve();
        return;
      }
      child ??= start();
      let ticks = 0;
      timer = setInterval(() => {
        if (++ticks >= seedTicksMax) child?.kill('SIGKILL');
      }, tickMs);
      child.send(seed);
    };
    const start = (): ChildProcess => {
      const path = fileURLToPath(new URL('worker.js', import.meta.url));
      const made = fork(path, {
        execArgv: [...fastArgv, ...(options.execArgv ?? [])],
        env: options.env ?? process.env,
        stdio: 'inherit',
      });
      made.on('message', (report) => {
        if (seed === undefined) return;
        options.onReport(report as SeedReport);
        advance();
      });
      // Sending to a process that is just ending fails; its end is what counts.
      made.on('error', () => undefined);
      made.on('exit', (code, signal) => {
        // Ctrl-C reaches every process of the terminal, and may have ended this one before the search hears of it.
        setTimeout(() => {
          if (seed === undefined || child !== made) return;
          child = undefined;
          options.onReport(brokenReport(seed, `the process ended (${signal ?? code})`));
          advance();
        }, exitGraceMs);
      });
      return made;
    };
    advance();
  });
}

function brokenReport(seed: string, what: string): SeedReport {
  const violation = { kind: 'crash', rule: 'process-ended', what, timeUs: 0 } as const;
  return { seed, violation, digest: '', virtualUs: 0, requests: 0, sometimes: [] };
}
