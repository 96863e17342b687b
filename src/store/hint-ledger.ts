/**
 * The hints as the rest of the node sees them: every change is in the log before anyone is told.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { sameDigest, type Digest } from '../../actors/rules/versions.js';
import type { Clock } from '../seams/clock.js';
import type { Changes } from './changes.js';
import type { HintIndex } from './hint-index.js';
import { HintWalk } from './hint-walk.js';
import type { LogEntry, Removal } from './log-entry.js';
import type { Records } from './records.js';
import type { HintedRecord, Hints, OnDurable } from './store.js';

export interface HintLedgerOptions {
  readonly clock: Clock;
  readonly index: HintIndex;
  readonly records: Records;
  readonly changes: Changes;
  readonly isOwned: (key: StorageKey) => boolean;
  readonly append: (entry: LogEntry, onDurable: OnDurable) => void;
  /** Nothing changed: calls back once all that was appended before is durable. */
  readonly settled: (onDurable: OnDurable) => void;
}

export class HintLedger implements Hints {
  constructor(private readonly options: HintLedgerOptions) {}

  targets(): NodeId[] {
    return this.options.index.targets();
  }

  counters(target: NodeId): ReturnType<Hints['counters']> {
    return this.options.index.counters(target, this.options.clock.wallMs());
  }

  total(): ReturnType<Hints['total']> {
    return this.options.index.total();
  }

  isCrowded(target: NodeId): boolean {
    return this.options.index.isCrowded(target);
  }

  holds(partition: number): boolean {
    return this.options.index.holds(partition);
  }

  owes(key: StorageKey): boolean {
    return this.options.index.owesAnyone(key);
  }

  owedTo(key: StorageKey): NodeId[] {
    return this.options.index.owedTo(key);
  }

  /**
   * Those whose record is gone (it was damaged) are settled on the way: there is nothing to send.
   */
  next(
    target: NodeId,
    bounds: { records: number; bytes: number },
    walk = new HintWalk(),
  ): HintedRecord[] {
    const { records, lost } = this.options.index.next(target, bounds, walk);
    if (lost.length > 0) this.logSettled({ target, keys: lost, removals: [] }, () => undefined);
    return records;
  }

  settle(
    target: NodeId,
    delivered: readonly { key: StorageKey; digest: Digest }[],
    onDurable: OnDurable,
  ): void {
    const { index, records } = this.options;
    const keys: StorageKey[] = [];
    const removals: Removal[] = [];
    for (const { key, digest } of delivered) {
      if (!index.owes(target, key)) continue;
      const record = records.peek(key);
      if (record !== undefined && !sameDigest(record.digest, digest)) continue;
      keys.push(key);
      index.settle(target, key);
      if (record !== undefined && this.isStray(key)) removals.push({ key, digest });
    }
    if (keys.length === 0) this.options.settled(onDurable);
    else this.logSettled({ target, keys, removals }, onDurable);
  }

  /** Held for others only, and nobody is owed it any more. */
  private isStray(key: StorageKey): boolean {
    const { index, isOwned } = this.options;
    return !isOwned(key) && !index.owesAnyone(key);
  }

  private logSettled(
    done: { target: NodeId; keys: StorageKey[]; removals: Removal[] },
    onDurable: OnDurable,
  ): void {
    const { index, changes, append } = this.options;
    for (const key of done.keys) index.settle(done.target, key);
    for (const removal of done.removals) changes.removed(removal);
    append({ kind: 'settled', ...done }, onDurable);
  }
}
