/**
 * Many seeds on all cores, each in a worker process, so that nothing one seed leaves behind reaches
 * another.
 */
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
  /** Other than real ones: the program that runs seeds, and how long it may take for one. */
  readonly worker?: URL;
  readonly seedTicksMax?: number;
}

/**
 * A seed uses a lot of code a little: baseline code at once, and room for what lives as short as a
 * message, save a quarter of the time.
 */
const fastArgv = ['--always-sparkplug', '--max-semi-space-size=32'];

/**
 * A seed that takes longer, twice, is taken for one that hangs. Counted in ticks: while the whole
 * machine stands still there are none.
 */
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
  const runWorker = (): Promise<void> =>
    new Promise((resolve) => void new Worker(options, take, resolve));
  await Promise.all(Array.from({ length: options.jobs }, runWorker));
}

/** `count` may be Infinity. `mark`: at the end of each. */
export function* seedsFrom(from: number, count: number, mark = ''): Generator<string, undefined> {
  for (let seed = from; seed < from + count; seed++) yield `${seed}${mark}`;
  return undefined;
}

/** One process after the other, each for as many seeds as it survives. */
class Worker {
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Under way; undefined when the search is over. */
  private seed: string | undefined;
  private heldUp = false;
  private tries = 0;

  constructor(
    private readonly options: SearchOptions,
    private readonly take: () => string | undefined,
    private readonly onEnd: () => void,
  ) {
    options.signal?.addEventListener('abort', () => this.abandon(), { once: true });
    this.advance();
  }

  private abandon(): void {
    clearInterval(this.timer);
    this.seed = undefined;
    this.child?.kill('SIGKILL');
    this.onEnd();
  }

  private advance(): void {
    this.tries = 0;
    this.seed = this.take();
    if (this.seed !== undefined) return this.run(this.seed);
    this.child?.disconnect();
    this.onEnd();
  }

  private run(seed: string): void {
    this.tries++;
    this.heldUp = false;
    this.child ??= this.start();
    let ticks = 0;
    this.timer = setInterval(() => {
      if (++ticks < (this.options.seedTicksMax ?? seedTicksMax)) return;
      this.heldUp = true;
      this.child?.kill('SIGKILL');
    }, tickMs);
    this.child.send(seed);
  }

  private start(): ChildProcess {
    const { worker, execArgv, env } = this.options;
    const child = fork(fileURLToPath(worker ?? new URL('worker.js', import.meta.url)), {
      execArgv: [...fastArgv, ...(execArgv ?? [])],
      env: env ?? process.env,
      stdio: 'inherit',
    });
    child.on('message', (report) => {
      if (this.seed !== undefined) this.reported(report as SeedReport);
    });
    // Sending to a process that is just ending fails; its end is what counts.
    child.on('error', () => undefined);
    // Ctrl-C reaches every process of the terminal, and may have ended this one before the search
    // hears of it.
    child.on('exit', (code, signal) =>
      setTimeout(() => this.ended(child, signal ?? `${code}`), exitGraceMs),
    );
    return child;
  }

  private ended(child: ChildProcess, how: string): void {
    const { seed } = this;
    if (seed === undefined || this.child !== child) return;
    this.child = undefined;
    clearInterval(this.timer);
    // Somebody may have stopped it for a while: a seed that hangs does so again.
    if (this.heldUp && this.tries === 1) this.run(seed);
    else this.reported(brokenReport(seed, `the process ended (${how})`));
  }

  private reported(report: SeedReport): void {
    clearInterval(this.timer);
    this.options.onReport(report);
    this.advance();
  }
}

function brokenReport(seed: string, what: string): SeedReport {
  const violation = { kind: 'crash', rule: 'process-ended', what, timeUs: 0 } as const;
  return { seed, violation, digest: '', virtualUs: 0, requests: 0, sometimes: [] };
}
