/**
 * Log, memtables and flush in step: what is appended counts against the active memtable, a full one
 * is frozen together with the log's segment, and frozen ones go into the tables one after the
 * other.
 */
import type { DiskPart } from '../../actors/replica/lifecycle.machine.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import { OverloadedError } from '../errors.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { StoreBounds } from '../options/store-bounds.js';
import type { Clock } from '../seams/clock.js';
import type { LogDirectory } from '../seams/log-file.js';
import type { Tables } from '../seams/table.js';
import { CommitLog } from './commit-log.js';
import { Flusher, type StoreTables } from './flush.js';
import type { LogEntry } from './log-entry.js';
import type { Records } from './records.js';
import type { Recovered } from './recovery.js';
import type { StoreInstruments } from './store-instruments.js';
import type { OnDurable, Refusal, StoreLoad } from './store.js';

export interface WritePathOptions {
  readonly clock: Clock;
  readonly directory: LogDirectory;
  readonly tables: Tables;
  readonly named: StoreTables;
  readonly records: Records;
  readonly durability: Durability;
  readonly bounds: StoreBounds;
  readonly magic: Buffer;
  readonly recovered: Recovered;
  readonly instruments: StoreInstruments;
  readonly onFatal: (error: Error) => void;
  readonly onRoom: (part: DiskPart, room: boolean) => void;
}

export class WritePath implements StoreLoad {
  readonly log: CommitLog;
  readonly flusher: Flusher;
  private appended = 0;

  constructor(private readonly options: WritePathOptions) {
    const { clock, directory, tables, named, records, durability, recovered } = options;
    const { instruments, onFatal, onRoom } = options;
    this.log = new CommitLog({
      clock,
      directory,
      durability,
      segmentBytesMax: options.bounds.logSegmentBytesMax,
      magic: options.magic,
      segments: recovered.segments,
      lastSequence: recovered.lastSequence,
      syncs: instruments.syncs,
      onFatal,
      onWritable: (writable) => {
        if (!writable) this.flusher.logIsFull();
        onRoom('log', writable);
      },
    });
    this.flusher = new Flusher({
      clock,
      tables,
      named,
      log: this.log,
      records,
      flushes: instruments.flushes,
      onFatal,
      onFull: (full) => onRoom('tables', !full),
      onFlushed: () => this.freezeWhenFull(),
    });
  }

  append(entry: LogEntry, onDurable: OnDurable): void {
    this.appended++;
    this.options.records.memtables.active.bytes += this.log.append(entry, onDurable);
    this.freezeWhenFull();
  }

  /** While the disk is behind. */
  refusal(): Refusal | undefined {
    const { bounds } = this.options;
    if (this.fullness >= 1)
      return { reason: 'overloaded', message: 'the tables are behind the log' };
    if (this.log.queuedBytes >= bounds.logQueueBytesMax)
      return { reason: 'overloaded', message: 'the log is behind the writes' };
    return undefined;
  }

  get asked(): number {
    return this.appended + this.options.records.asked;
  }

  get backlog(): number {
    const { records, bounds } = this.options;
    const isBehind = records.memtables.frozen.length >= bounds.memtablesFrozenMax;
    const ofMemtable = isBehind ? this.fullness : 0;
    return Math.max(ofMemtable, this.log.queuedBytes / bounds.logQueueBytesMax);
  }

  /**
   * A second line behind `refusal()`, well above it: what is under way when a bound is reached
   * still goes through, but callers that do not ask can't grow memory without end.
   */
  admit(): void {
    const { records, bounds } = this.options;
    const fits =
      records.memtables.active.bytes <= storeLimits.memtableOverrunMax * bounds.memtableBytesMax &&
      this.log.queuedBytes <= storeLimits.logQueueOverrunMax * bounds.logQueueBytesMax;
    if (!fits) throw new OverloadedError('the disk is behind the writes');
  }

  /** Of the active memtable: 1 is as much as it may take while it can't be frozen. */
  private get fullness(): number {
    const { records, bounds } = this.options;
    const { bytes, largeBytes } = records.memtables.active;
    const { largeRecordsBytesMax, largeRecordsOverrunMax } = storeLimits;
    return Math.max(
      bytes / bounds.memtableBytesMax,
      largeBytes / (largeRecordsOverrunMax * largeRecordsBytesMax),
    );
  }

  private freezeWhenFull(): void {
    const { records, bounds } = this.options;
    const { bytes, largeBytes } = records.memtables.active;
    if (bytes < bounds.memtableBytesMax && largeBytes < storeLimits.largeRecordsBytesMax) return;
    if (records.memtables.frozen.length < bounds.memtablesFrozenMax) this.freeze();
  }

  private freeze(): void {
    this.options.records.freeze(this.log.lastSequence);
    this.log.rotate();
    this.flusher.wake();
  }

  /** What recovery replayed goes into the tables in the background. */
  flushReplayed(): void {
    if (this.options.records.memtables.active.touched > 0) this.freeze();
  }

  /**
   * Resolves with true when all that was written before the call is in the tables; false: that
   * can't be reached now.
   */
  flushAll(): Promise<boolean> {
    if (this.options.records.memtables.active.touched > 0) this.freeze();
    return this.flusher.flushed();
  }

  /** Resolves with true when the tables hold everything and the log is no longer needed. */
  async close(): Promise<boolean> {
    const flushed = await this.flushAll();
    const logged = await this.log.close();
    this.flusher.stop();
    if (flushed && logged) this.log.removeThrough(this.log.lastSequence);
    return flushed && logged;
  }
}
