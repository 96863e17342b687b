/** How far something is, on a line of a terminal that changes; nothing where there is none. */
import { importLimits } from '../../../actors/rules/limits/import.js';
import type { Clock } from '../../seams/clock.js';

const barColumns = 24;

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export class ImportBar {
  private readonly startMs: number;
  private drawnMs: number | undefined;

  constructor(
    private readonly label: string,
    private readonly clock: Clock,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.startMs = clock.monotonicMs();
  }

  show(progress: Progress): void {
    if (!this.stream.isTTY) return;
    const nowMs = this.clock.monotonicMs();
    if (this.drawnMs !== undefined && nowMs - this.drawnMs < importLimits.drawIntervalMs) return;
    this.drawnMs = nowMs;
    this.draw(progressLine(this.label, progress, nowMs - this.startMs));
  }

  /** The line is free for something else. */
  end(): void {
    if (this.drawnMs !== undefined) this.draw('');
    this.drawnMs = undefined;
  }

  private draw(line: string): void {
    const columns = this.stream.columns > 0 ? this.stream.columns - 1 : line.length;
    this.stream.write(`\r${line.slice(0, columns)}\u001b[K`);
  }
}

/** `orders [######------] 50 % · 10 000 of 20 000 · 4 000/s · 3 s left`. */
export function progressLine(label: string, { done, total }: Progress, elapsedMs: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * barColumns);
  const bar = '#'.repeat(full) + '-'.repeat(barColumns - full);
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0;
  const pace = rate > 0 ? ` · ${spaced(rate)}/s · ${restText((total - done) / rate)} left` : '';
  return `${label} [${bar}] ${Math.floor(share * 100)} % · ${spaced(done)} of ${spaced(total)}${pace}`;
}

function restText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`;
}

/** In groups of three digits. */
export function spaced(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ' ');
}
