/** The most memory that processes had resident while they were watched, each by its name. */
import { memoryOf } from './processes.js';

const sampleEveryMs = 100;

export interface Peak {
  /** All that was resident, and of that what is the process's own (heap, stacks, buffers). */
  readonly residentBytes: number;
  readonly anonymousBytes: number;
}

export class MemoryWatch {
  private readonly peaks = new Map<string, Peak>();
  private readonly timer: NodeJS.Timeout;

  /** `pidsOf`: who they are now; those that are started anew go by the name of before. */
  constructor(private readonly pidsOf: () => ReadonlyMap<string, number>) {
    this.timer = setInterval(() => this.sample(), sampleEveryMs);
    this.sample();
  }

  end(): ReadonlyMap<string, Peak> {
    clearInterval(this.timer);
    this.sample();
    return this.peaks;
  }

  private sample(): void {
    for (const [name, pid] of this.pidsOf()) {
      const { anonymousBytes, fileBytes } = memoryOf([pid]);
      const before = this.peaks.get(name);
      this.peaks.set(name, {
        residentBytes: Math.max(before?.residentBytes ?? 0, anonymousBytes + fileBytes),
        anonymousBytes: Math.max(before?.anonymousBytes ?? 0, anonymousBytes),
      });
    }
  }
}
