/**
 * Shows that a search lives: a bar where somebody watches, else a line now and then for who reads
 * the log.
 */
import type { Tally } from './tally.js';

export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const lineEveryMs = 60_000;

export class Progress {
  private readonly startedMs = Date.now();
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tally: Tally,
    private readonly stream: ProgressStream,
  ) {
    if (stream.isTTY !== true)
      this.timer = setInterval(() => stream.write(`${tally.line(this.realMs)}\n`), lineEveryMs);
  }

  get realMs(): number {
    return Date.now() - this.startedMs;
  }

  moved(): void {
    if (this.stream.isTTY === true) this.stream.write(`\r${this.tally.bar()}`);
  }

  /** The next line stands where the bar was. */
  clear(): void {
    if (this.stream.isTTY === true) this.stream.write('\r\u001b[K');
  }

  end(): void {
    clearInterval(this.timer);
    this.clear();
  }
}
