/**
 * Entries of contexts of which nobody holds a value: all members said so at the moment that is
 * noted. In memory alone: who starts anew asks again. A key that finds no room is asked about
 * later.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Context } from '../../actors/rules/versions.js';

export interface Cleared {
  /** Monotonic clock. */
  readonly atMs: number;
  readonly entries: Context;
}

export class ClearedEntries {
  /** Oldest first. */
  private readonly keys = new Map<StorageKey, Cleared>();

  /** `graceMs`: from then on they may go; what nobody came back for as long again is dropped. */
  constructor(private readonly graceMs: number) {}

  of(key: StorageKey): Cleared | undefined {
    return this.keys.get(key);
  }

  hasRoom(nowMs: number): boolean {
    for (const [key, { atMs }] of this.keys) {
      if (this.keys.size < limits.clearedKeysMax || nowMs - atMs <= 2 * this.graceMs) break;
      this.keys.delete(key);
    }
    return this.keys.size < limits.clearedKeysMax;
  }

  /** What is noted already stays as it is. */
  note(key: StorageKey, cleared: Cleared): void {
    if (!this.keys.has(key) && this.hasRoom(cleared.atMs)) this.keys.set(key, cleared);
  }

  drop(key: StorageKey): void {
    this.keys.delete(key);
  }
}
