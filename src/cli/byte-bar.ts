/**
 * How far something long is, on one line of a terminal that is written over. Where standard error
 * is no terminal nothing is written: what reads it is no person that waits.
 */
import { commandLimits } from '../../actors/rules/limits/command.js';
import type { Clock } from '../seams/clock.js';

/** What of `process.stderr` is used. */
export interface BarScreen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const barCells = 24;
const lineColumns = 80;

export class ByteBar {
  private startedMs: number;
  /** Bytes that were there before this began. */
  private before = 0;
  private shownMs = Number.NEGATIVE_INFINITY;
  private isShown = false;

  constructor(
    private readonly screen: BarScreen,
    private readonly clock: Clock,
    /** What is on its way. */
    private readonly title: string,
  ) {
    this.startedMs = clock.monotonicMs();
  }

  /** So much was there before. */
  startAt(bytes: number): void {
    this.before = bytes;
    this.startedMs = this.clock.monotonicMs();
  }

  /** Bytes, those from before included. `size`: undefined while nobody knows it. */
  show(bytes: number, size: number | undefined): void {
    if (this.screen.isTTY !== true) return;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.shownMs < commandLimits.barIntervalMs && bytes !== size) return;
    this.shownMs = nowMs;
    const { title, before } = this;
    const seconds = (nowMs - this.startedMs) / 1000;
    const line = barLine({ title, bytes, size, rate: rateOf(bytes - before, seconds) });
    // A line that wraps could not be written over.
    const columns = Math.max(1, (this.screen.columns ?? lineColumns) - 1);
    this.screen.write(`\r${line.slice(0, columns)}\u001b[K`);
    this.isShown = true;
  }

  /** The line goes, so that what follows stands on its own. */
  end(): void {
    if (this.isShown) this.screen.write('\r\u001b[K');
    this.isShown = false;
  }
}

function rateOf(bytes: number, seconds: number): number | undefined {
  return seconds > 0 && bytes > 0 ? bytes / seconds : undefined;
}

/** `rate`: bytes a second. */
export function barLine(progress: {
  readonly title: string;
  readonly bytes: number;
  readonly size: number | undefined;
  readonly rate: number | undefined;
}): string {
  const { title, bytes, size, rate } = progress;
  const speed = rate === undefined ? '' : ` · ${sizeText(rate)}/s`;
  if (size === undefined) return `${title} · ${sizeText(bytes)}${speed}`;
  const share = size === 0 ? 1 : bytes / size;
  const full = Math.floor(share * barCells);
  const bar = '#'.repeat(full) + '-'.repeat(barCells - full);
  const left = rate === undefined ? '' : ` · ${leftText((size - bytes) / rate)}`;
  const done = `${Math.floor(100 * share)} % · ${sizeText(bytes)} of ${sizeText(size)}`;
  return `${title} [${bar}] ${done}${speed}${left}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${units[unit]!}`;
}

function leftText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s left`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
