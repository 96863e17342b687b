/**
 * When something was first seen, of so many keys at most; in memory alone: who starts anew looks
 * again.
 */
import type { StorageKey } from '../../actors/rules/key.js';

export class NotedMoments {
  /** Oldest first. */
  private readonly moments = new Map<StorageKey, number>();

  /** What was noted `keptMs` ago may make room for others. */
  constructor(
    private readonly countMax: number,
    private readonly keptMs: number,
  ) {}

  /** Since when it is noted, from now on if there is room; undefined: there is none. */
  note(key: StorageKey, nowMs: number): number | undefined {
    const known = this.moments.get(key);
    if (known !== undefined) return known;
    for (const [oldest, sinceMs] of this.moments) {
      if (this.moments.size < this.countMax || nowMs - sinceMs < this.keptMs) break;
      this.moments.delete(oldest);
    }
    if (this.moments.size >= this.countMax) return undefined;
    this.moments.set(key, nowMs);
    return nowMs;
  }

  drop(key: StorageKey): void {
    this.moments.delete(key);
  }
}
