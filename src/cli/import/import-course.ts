/**
 * An import from its first entry to its last: what the source says of a key is what the target
 * holds of it afterwards.
 */
import { importLimits } from '../../../actors/rules/limits/import.js';
import { QuorateError } from '../../errors.js';
import type { Clock } from '../../seams/clock.js';
import { PutWindow } from './put-window.js';
import { keyOfSubject, restOfLife, type KvSource, type SourceEntry } from './source.js';
import type { ImportTarget } from './target.js';

/** A key that stays behind, and why. */
export interface Skipped {
  readonly key: string;
  readonly reason: string;
}

export interface ImportTotals {
  /** Entries of the source that were read; of a key that changed meanwhile there are several. */
  read: number;
  put: number;
  bytes: number;
  /** The source says that they are deleted; so many of them were there, and are no more. */
  deleted: number;
  removed: number;
  /** Their time was over. */
  expired: number;
  skipped: number;
}

export interface CourseParts {
  readonly source: KvSource;
  readonly target: ImportTarget;
  readonly clock: Clock;
  /** Of the source's bucket, ms; 0: for ever. */
  readonly maxAgeMs: number;
  /** Entries up to this one are in the target already. */
  readonly position: number | undefined;
  /** So many are read, and so many more are there. */
  readonly onProgress: (totals: Readonly<ImportTotals>, pending: number) => void;
  readonly onSkipped: (skipped: Skipped) => void;
  /** All entries up to this one are in the target. */
  readonly onPosition: (sequence: number) => void;
}

export class ImportCourse {
  readonly totals: ImportTotals = {
    read: 0,
    put: 0,
    bytes: 0,
    deleted: 0,
    removed: 0,
    expired: 0,
    skipped: 0,
  };
  private readonly window = new PutWindow();
  private stopped = false;
  private toldMs: number | undefined;

  constructor(private readonly parts: CourseParts) {}

  /** It reads no more, and ends when what it has begun is done. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Resolves to whether it came to the end of the source. Rejects with the first put that failed
   * for another reason than its own key or value. The position is told in either case.
   */
  async run(): Promise<boolean> {
    try {
      return await this.readAll();
    } finally {
      await this.window.settled().catch(() => undefined);
      this.tellPosition();
    }
  }

  private async readAll(): Promise<boolean> {
    const { source, position, onProgress } = this.parts;
    for await (const { entries, pending } of source.read(position)) {
      for (const entry of entries) {
        if (this.stopped) return false;
        await this.take(entry);
      }
      onProgress(this.totals, pending);
      this.tellPositionInTime();
    }
    await this.window.settled();
    return !this.stopped;
  }

  private async take(entry: SourceEntry): Promise<void> {
    const { clock, maxAgeMs } = this.parts;
    const { totals, window } = this;
    totals.read++;
    const key = keyOfSubject(entry.subject);
    if (key === undefined) {
      window.passed(entry.sequence);
      return this.skip(entry.subject, 'it is no key: not UTF-8, or not of a bucket');
    }
    const { value, sequence } = entry;
    const write = { sequence, key, bytes: value?.length ?? 0 };
    const isOver = (): boolean => (restOfLife(entry, maxAgeMs, clock.wallMs()) ?? 1) <= 0;
    if (value === null) totals.deleted++;
    else if (isOver()) totals.expired++;
    else return window.add(write, () => this.put(key, value, entry));
    return window.add(write, () => this.remove(key));
  }

  private async put(key: string, value: Uint8Array, entry: SourceEntry): Promise<void> {
    const { target, clock, maxAgeMs } = this.parts;
    const restMs = restOfLife(entry, maxAgeMs, clock.wallMs());
    await this.surely(key, async () => {
      // It may have waited for an earlier one of its key.
      await target.put(key, value, restMs === undefined ? undefined : Math.max(1, restMs));
      this.totals.put++;
      this.totals.bytes += value.length;
    });
  }

  private async remove(key: string): Promise<void> {
    await this.surely(key, async () => {
      if (await this.parts.target.remove(key)) this.totals.removed++;
    });
  }

  /**
   * What no other try could change is this key's alone: it stays behind. What may pass is tried
   * again for a while: nodes that are killed or stand still end no import.
   */
  private async surely(key: string, write: () => Promise<void>): Promise<void> {
    const { clock } = this.parts;
    const untilMs = clock.monotonicMs() + importLimits.putMsMax;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        const { code, message } = error;
        if (code === 400 || code === 413) return this.skip(key, message);
        const mayPass = code === 429 || code === 503 || code === 504;
        if (!mayPass || this.stopped || clock.monotonicMs() >= untilMs) throw error;
      }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, importLimits.putRestMs));
    }
  }

  private skip(key: string, reason: string): void {
    this.totals.skipped++;
    this.parts.onSkipped({ key, reason });
  }

  private tellPositionInTime(): void {
    const nowMs = this.parts.clock.monotonicMs();
    const isSoon =
      this.toldMs !== undefined && nowMs - this.toldMs < importLimits.positionIntervalMs;
    if (isSoon) return;
    this.toldMs = nowMs;
    this.tellPosition();
  }

  private tellPosition(): void {
    const position = this.window.position();
    if (position !== undefined) this.parts.onPosition(position);
  }
}
