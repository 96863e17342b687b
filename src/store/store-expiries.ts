import type { StorageKey } from '../../actors/rules/key.js';
import type { Changes } from './changes.js';
import { secondBy } from './due.js';
import type { Records } from './records.js';
import type { Emptied, Expiries, OnDurable, ScannedKey } from './store.js';
import type { Writes } from './writes.js';

/** `writes`: of the store that runs. */
export class StoreExpiries implements Expiries {
  constructor(
    private readonly records: Records,
    private readonly changes: Changes,
    private readonly writes: () => Writes,
  ) {}

  empty(untilMs: number, keysMax: number, onDurable: OnDurable): Emptied {
    return this.writes().empty(untilMs, keysMax, onDurable);
  }

  dead(
    untilMs: number,
    range: { readonly limit: number; readonly isWanted: (partition: number) => boolean },
  ): ScannedKey[] {
    const { records } = this;
    const second = secondBy(untilMs);
    const found: ScannedKey[] = [];
    for (const key of records.dues.dead(second, range.limit, range.isWanted)) {
      const held = records.peek(key);
      if (held !== undefined && held.due < 0 && -held.due <= second)
        found.push({ key, digest: held.digest });
    }
    return found;
  }

  hear(listener: ((key: StorageKey) => void) | undefined): void {
    this.changes.expiryListener = listener;
  }
}
