/**
 * Frozen memtables into the tables, in key order and in slices.
 *
 * A slice is one atomic commit of whole partitions: their records, their hints, and their tree row
 * with the log sequence it covers. So tree and records on disk always agree, and a replay skips,
 * partition by partition, what is already there. Nothing is committed before the log has it on
 * disk: the tables must never know more than the log. The last slice carries the sequence the
 * tables cover as a whole; then the log's segments up to it go.
 */
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Counter } from '../seams/metrics.js';
import type { Table, TableBatch, Tables } from '../seams/table.js';
import type { CommitLog } from './commit-log.js';
import { dueRow, dueRowOf } from './due-rows.js';
import { encodeHint } from './hint-codec.js';
import type { FrozenMemtable, Slot } from './memtable.js';
import { encodeCovered, metaKeys } from './meta.js';
import { SliceBlock } from './slice-block.js';
import { encodedRecordBytes, encodeRecord, partitionStart } from './record-codec.js';
import type { Records } from './records.js';

export interface StoreTables {
  readonly meta: Table;
  readonly records: Table;
  readonly trees: Table;
  readonly hints: Table;
  readonly due: Table;
}

export interface FlusherOptions {
  readonly clock: Clock;
  readonly tables: Tables;
  readonly named: StoreTables;
  readonly log: CommitLog;
  readonly records: Records;
  readonly flushes: Counter;
  readonly onFatal: (error: Error) => void;
  readonly onFull: (full: boolean) => void;
  /** A memtable is in the tables. */
  readonly onFlushed: () => void;
}

export class Flusher {
  private busy = false;
  private stopped = false;
  private nextPartition = 0;
  private retry: TimerId;
  private waiters: ((flushed: boolean) => void)[] = [];
  private readonly block = new SliceBlock();
  full = false;

  constructor(private readonly options: FlusherOptions) {}

  /** A memtable was frozen. */
  wake(): void {
    if (this.busy || this.stopped) return;
    const frozen = this.options.records.memtables.frozen[0];
    if (frozen === undefined) {
      this.tell(true);
      return;
    }
    this.busy = true;
    this.nextPartition = 0;
    this.options.log.syncThrough(() => this.slice(frozen));
  }

  /**
   * Resolves with true when nothing is frozen any more, with false when that can't be reached now.
   */
  flushed(): Promise<boolean> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
      if (this.full || this.stopped || this.options.log.full) this.tell(false);
      else this.wake();
    });
  }

  /**
   * The log can't go on, so neither can what waits for it: whoever wants everything flushed is told
   * no.
   */
  logIsFull(): void {
    this.tell(false);
  }

  /** Nothing is committed any more; the process is ending. */
  stop(): void {
    this.stopped = true;
    this.options.clock.clearTimeout(this.retry);
    this.tell(false);
  }

  private slice(frozen: FrozenMemtable): void {
    if (this.stopped) return;
    const { tables, named } = this.options;
    const end = this.sliceEnd(frozen);
    const last = end === frozen.memtable.partitions;
    const write = (batch: TableBatch): void => {
      this.block.begin();
      for (let partition = this.nextPartition; partition < end; partition++)
        this.writePartition(batch, frozen, partition);
      if (last) batch.put(named.meta, metaKeys.covered, encodeCovered(frozen.lastSequence));
    };
    tables.commit(write, (error) => {
      if (error !== undefined) {
        this.failed(error, frozen);
        return;
      }
      this.setFull(false);
      this.nextPartition = end;
      if (last) this.finish(frozen);
      else this.slice(frozen);
    });
  }

  /** Behind the last partition of the next slice. */
  private sliceEnd(frozen: FrozenMemtable): number {
    const { memtable } = frozen;
    let records = 0;
    let bytes = 0;
    let partition = this.nextPartition;
    for (; partition < memtable.partitions; partition++) {
      const part = memtable.part(partition);
      if (part === undefined) continue;
      if (records >= storeLimits.flushSliceRecordsMax || bytes >= storeLimits.flushSliceBytesMax)
        break;
      records += part.slots.length + part.hints.size;
      for (const { record } of part.slots) bytes += record?.length ?? 0;
    }
    return partition;
  }

  private writePartition(batch: TableBatch, frozen: FrozenMemtable, partition: number): void {
    const part = frozen.memtable.part(partition);
    if (part === undefined) return;
    const { records, hints, trees, due: dues } = this.options.named;
    const block = this.block.take(encodedBytes(part.slots));
    let at = 0;
    for (const { key, record, dueBelow } of part.slots.toSorted(byKey)) {
      const due = record === undefined ? 0 : record.due;
      if (due !== dueBelow) {
        if (dueBelow !== 0) batch.remove(dues, dueRowOf(dueBelow, key));
        if (due !== 0) batch.put(dues, dueRowOf(due, key), dueRow);
      }
      if (record === undefined) {
        batch.remove(records, key);
      } else {
        // LMDB joins pages that are hardly filled when something is removed, and never when it is
        // replaced by less: a few tombstones would keep the room of the values that were there.
        if (!record.holdsValue) batch.remove(records, key);
        const value = encodeRecord(record, block, at);
        at += value.length;
        batch.put(records, key, value);
      }
    }
    for (const key of [...part.hints.keys()].sort()) {
      const hint = part.hints.get(key)!;
      if (hint === null) batch.remove(hints, key);
      else batch.put(hints, key, encodeHint(key, hint));
    }
    const row = frozen.trees.row(partition, frozen.lastSequence);
    batch.put(trees, partitionStart(partition), row);
  }

  private finish(frozen: FrozenMemtable): void {
    const { records, log } = this.options;
    records.oldestIsFlushed();
    this.options.flushes.value += 1;
    this.busy = false;
    log.removeThrough(frozen.lastSequence);
    this.options.onFlushed();
    this.wake();
  }

  /**
   * A full disk may pass; the same slice is tried again, everything in it is still in memory and in
   * the log.
   */
  private failed(error: NodeJS.ErrnoException, frozen: FrozenMemtable): void {
    if (error.code !== 'ENOSPC') {
      this.stop();
      this.options.onFatal(error);
      return;
    }
    this.setFull(true);
    this.tell(false);
    this.retry = this.options.clock.setTimeout(() => this.slice(frozen), storeLimits.flushRetryMs);
  }

  private setFull(full: boolean): void {
    if (full === this.full) return;
    this.full = full;
    this.options.onFull(full);
  }

  private tell(flushed: boolean): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter(flushed);
  }
}

function encodedBytes(slots: readonly Slot[]): number {
  let bytes = 0;
  for (const { record } of slots) if (record !== undefined) bytes += encodedRecordBytes(record);
  return bytes;
}

/** One slot a key: no two are equal. */
function byKey(a: Slot, b: Slot): number {
  return a.key < b.key ? -1 : 1;
}
