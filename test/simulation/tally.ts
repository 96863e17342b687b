/** What a search has found so far, and how it says so. */
import { constants } from 'node:os';
import { exitCodes } from './oracle/violations.js';
import type { SeedReport } from './run-seed.js';
import { sometimesWanted } from './sometimes.js';

export interface TallyEnd {
  /** A named rare situation that was never reached is a failure. */
  readonly demandSometimes: boolean;
  /** What ended the search before its time. */
  readonly interruptedBy: NodeJS.Signals | undefined;
}

const exitSometimesMissing = 13;
/** By convention, a process that a signal ended exits with this and the signal's number. */
const exitSignalled = 128;

export class Tally {
  readonly failures: SeedReport[] = [];
  private done = 0;
  private virtualUs = 0;
  private requests = 0;
  private readonly reached = new Set<string>();

  /** `seeds`: how many there will be; Infinity where time decides. */
  constructor(
    private readonly from: number,
    private readonly seeds: number,
  ) {}

  add(report: SeedReport): void {
    this.done++;
    this.virtualUs += report.virtualUs;
    this.requests += report.requests;
    for (const point of report.sometimes) this.reached.add(point);
    if (report.violation !== undefined) this.failures.push(report);
  }

  /** For a line that is drawn again and again. */
  bar(): string {
    if (!Number.isFinite(this.seeds)) return `${this.done} seeds `;
    const filled = Math.round((30 * this.done) / this.seeds);
    return `[${'#'.repeat(filled).padEnd(30)}] ${this.done}/${this.seeds} `;
  }

  /** For a line of its own. */
  line(realMs: number): string {
    const of = Number.isFinite(this.seeds) ? ` of ${this.seeds}` : '';
    return `${this.done}${of} seeds in ${Math.round(realMs / 1000)} s, ${this.failures.length} failed`;
  }

  summary(realMs: number, { interruptedBy }: Pick<TallyEnd, 'interruptedBy'>): string {
    const seconds = realMs / 1000;
    const virtualSeconds = this.virtualUs / 1e6;
    const ratio = Math.round(virtualSeconds / seconds);
    const missing = this.missing();
    return [
      ...(interruptedBy === undefined ? [] : [`interrupted by ${interruptedBy}`]),
      `${this.done} seeds from ${this.from}, ${this.requests} requests, ${Math.round(virtualSeconds)} virtual seconds in ${Math.round(seconds)} s (${ratio} times real time): ${this.failures.length} failed`,
      ...(missing.length === 0 ? [] : [`never reached: ${missing.join(' · ')}`]),
      ...this.failures.map(({ seed }) => `replay: npm run simulate -- --seed ${seed}`),
    ].join('\n');
  }

  exitCode({ demandSometimes, interruptedBy }: TallyEnd): number {
    const found = this.failures.map(({ violation }) => exitCodes[violation!.kind]);
    if (found.length > 0) return Math.min(...found);
    if (interruptedBy !== undefined) return exitSignalled + constants.signals[interruptedBy];
    return demandSometimes && this.missing().length > 0 ? exitSometimesMissing : 0;
  }

  private missing(): string[] {
    return sometimesWanted.filter((point) => !this.reached.has(point));
  }
}

/** One seed that failed, as it is told at once. */
export function failureLine({ seed, violation }: SeedReport): string {
  if (violation === undefined) throw new Error(`seed ${seed} did not fail`);
  const { kind, rule, what } = violation;
  return `seed ${seed}: ${kind} (${rule}) ${what.slice(0, 300)}`;
}
