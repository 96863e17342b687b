/**
 * The commit log: frames in segment files, group commit. One write (with its sync) is under way;
 * what arrives meanwhile goes into the next one.
 *
 * Entries reach the disk in the order of the calls, and callbacks run in that order. A failed write
 * or sync is final: `onFatal` once, and nothing is acknowledged after it. Only a full disk may
 * pass: the group waits, the part of it that was written is cut, and it is tried again until there
 * is space.
 */
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { Clock } from '../seams/clock.js';
import type { LogDirectory, LogFile } from '../seams/log-file.js';
import type { Counter } from '../seams/metrics.js';
import { frameHead, frameHeadBytes } from './frame.js';
import { EntryKind, entryPayload, type LogEntry } from './log-entry.js';
import { segmentName, type Segment } from './log-recovery.js';
import { LogWatch } from './log-watch.js';
import type { OnDurable } from './store.js';

export interface CommitLogOptions {
  readonly clock: Clock;
  readonly directory: LogDirectory;
  readonly durability: Durability;
  readonly segmentBytesMax: number;
  readonly magic: Buffer;
  /** What recovery left: the segments still needed, and the last sequence in use. */
  readonly segments: readonly Segment[];
  readonly lastSequence: number;
  readonly syncs: Counter;
  readonly onFatal: (error: Error) => void;
  readonly onWritable: (writable: boolean) => void;
}

interface Group {
  readonly chunks: Uint8Array[];
  readonly callbacks: OnDurable[];
  readonly first: number;
  last: number;
  bytes: number;
  /** Begins a segment. */
  readonly fresh: boolean;
}

type Condition = 'running' | 'full' | 'failed' | 'closed';

export class CommitLog {
  private readonly closedSegments: Segment[];
  private file: LogFile | undefined;
  private segmentFirst = 0;
  private readonly queue: Group[] = [];
  private writing: Group | undefined;
  private nextGroupIsFresh = true;
  private segmentBytes = 0;
  private scheduled = false;
  private condition: Condition = 'running';
  private sequence: number;
  private unsynced = false;
  private syncArmed = false;
  private syncing = false;
  private syncWaiters: (() => void)[] = [];
  private idleWaiters: (() => void)[] = [];
  private timers = new Set<unknown>();
  readonly watch = new LogWatch();
  queuedBytes = 0;

  constructor(private readonly options: CommitLogOptions) {
    this.closedSegments = [...options.segments];
    this.sequence = options.lastSequence;
  }

  get lastSequence(): number {
    return this.sequence;
  }

  get full(): boolean {
    return this.condition === 'full';
  }

  get bytes(): number {
    let bytes = this.segmentBytes;
    for (const segment of this.closedSegments) bytes += segment.bytes;
    return bytes;
  }

  /** Returns the bytes it takes in the log. */
  append(entry: LogEntry, onDurable: OnDurable): number {
    const payload = entryPayload(entry);
    this.sequence += 1;
    const kind = EntryKind[entry.kind];
    const head = frameHead(this.options.magic, { sequence: this.sequence, kind, payload });
    let bytes = frameHeadBytes;
    for (const chunk of payload) bytes += chunk.length;
    const group = this.groupFor(bytes);
    group.chunks.push(head, ...payload);
    group.callbacks.push(onDurable);
    group.last = this.sequence;
    group.bytes += bytes;
    this.queuedBytes += bytes;
    this.segmentBytes += bytes;
    this.schedule();
    return bytes;
  }

  /** Calls back when all that was appended so far is as durable as it gets. */
  barrier(onDurable: OnDurable): void {
    const group = this.queue.at(-1) ?? this.writing;
    if (group !== undefined) group.callbacks.push(onDurable);
    else if (this.condition !== 'failed') this.options.clock.endOfTurn(onDurable);
  }

  /** Calls back when all that was appended so far is on disk, whatever the durability. */
  syncThrough(done: () => void): void {
    if (this.options.durability.kind === 'sync') this.barrier(done);
    else this.barrier(() => this.syncFile(done));
  }

  /** The next entry begins a segment. */
  rotate(): void {
    if (this.segmentBytes > 0) this.nextGroupIsFresh = true;
  }

  /** Segments whose entries are all in the tables go. */
  removeThrough(sequence: number): void {
    while (this.closedSegments.length > 0 && this.closedSegments[0]!.last <= sequence)
      this.options.directory.remove(this.closedSegments.shift()!.name);
  }

  /** All written and synced; then the file is closed. False: that can't be reached now. */
  async close(): Promise<boolean> {
    await this.idle();
    const whole = this.condition === 'running';
    if (whole) await this.synced();
    if (this.condition === 'running') this.condition = 'closed';
    for (const timer of this.timers) this.options.clock.clearTimeout(timer);
    if (this.file !== undefined) this.retire(this.file, this.sequence);
    return whole && this.condition === 'closed';
  }

  /** Resolves as well when the sync fails. */
  private synced(): Promise<void> {
    return new Promise((resolve) => {
      this.idleWaiters.push(resolve);
      this.syncThrough(resolve);
    });
  }

  /** Resolves once nothing is queued, or nothing more can be written. */
  private idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isIdle()) resolve();
      else this.idleWaiters.push(resolve);
    });
  }

  private isIdle(): boolean {
    if (this.condition === 'full') return this.writing === undefined;
    if (this.condition === 'failed') return true;
    return this.writing === undefined && this.queue.length === 0;
  }

  private groupFor(bytes: number): Group {
    const last = this.queue.at(-1);
    if (this.segmentBytes + bytes > this.options.segmentBytesMax) this.rotate();
    if (last !== undefined && !this.nextGroupIsFresh && last.bytes < storeLimits.logGroupBytesMax)
      return last;
    const group: Group = {
      chunks: [],
      callbacks: [],
      first: this.sequence,
      last: this.sequence,
      bytes: 0,
      fresh: this.nextGroupIsFresh,
    };
    if (group.fresh) this.segmentBytes = 0;
    this.nextGroupIsFresh = false;
    this.queue.push(group);
    return group;
  }

  /** Alone, an entry waits for the end of the turn: what else this turn brings shares its sync. */
  private schedule(): void {
    if (this.scheduled || this.writing !== undefined || this.condition !== 'running') return;
    this.scheduled = true;
    this.options.clock.endOfTurn(this.writeNext);
  }

  private readonly writeNext = (): void => {
    this.scheduled = false;
    if (this.writing !== undefined || this.condition !== 'running') return;
    const group = this.queue.shift();
    if (group === undefined) {
      this.tellIdle();
      return;
    }
    this.begin(group);
  };

  private begin(group: Group): void {
    this.writing = group;
    if (group.fresh && this.segmentFirst !== group.first)
      this.finishSegment(group, () => this.openSegment(group));
    else this.write(group);
  }

  private write(group: Group): void {
    const sync = this.options.durability.kind === 'sync';
    if (this.watch.isOn) this.watch.begin(this.options.clock);
    this.file!.append(group.chunks, { sync }, (error) => {
      if (error === undefined) this.written(group, sync);
      else if (error.code === 'ENOSPC') this.diskFull(group);
      else this.fail(error);
    });
  }

  private written(group: Group, synced: boolean): void {
    if (this.condition === 'failed') return;
    this.writing = undefined;
    this.queuedBytes -= group.bytes;
    if (synced) this.options.syncs.value += 1;
    else this.armSync();
    if (this.condition === 'full') this.setFull(false);
    if (this.watch.isTiming) this.watch.end(group.bytes, synced);
    this.writeNext();
    for (const callback of group.callbacks) callback();
  }

  private diskFull(group: Group): void {
    this.writing = undefined;
    this.queue.unshift(group);
    try {
      this.file?.truncate(this.file.length);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    if (this.condition === 'running') this.setFull(true);
    this.tellIdle();
    this.later(storeLimits.logRetryMs, () => this.retry());
  }

  private retry(): void {
    if (this.condition !== 'full' || this.writing !== undefined) return;
    const group = this.queue.shift();
    if (group !== undefined) this.begin(group);
  }

  private setFull(full: boolean): void {
    this.condition = full ? 'full' : 'running';
    this.options.onWritable(!full);
  }

  /**
   * Under `periodic` a segment is synced before the next one takes anything, so the log has no
   * holes.
   */
  private finishSegment(next: Group, then: () => void): void {
    const { file } = this;
    if (file === undefined) {
      then();
      return;
    }
    const finished = (): void => {
      this.retire(file, next.first - 1);
      then();
    };
    if (this.unsynced || this.syncing) this.syncFile(finished);
    else finished();
  }

  private retire(file: LogFile, last: number): void {
    const first = this.segmentFirst;
    this.closedSegments.push({ name: segmentName(first), first, last, bytes: file.length });
    this.file = undefined;
    try {
      file.close();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private openSegment(group: Group): void {
    try {
      this.file = this.options.directory.open(segmentName(group.first));
      this.segmentFirst = group.first;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') this.diskFull(group);
      else this.fail(error as Error);
      return;
    }
    this.write(group);
  }

  private armSync(): void {
    this.unsynced = true;
    const { durability } = this.options;
    if (durability.kind === 'sync' || this.syncArmed) return;
    this.syncArmed = true;
    this.later(durability.everyMs, () => {
      this.syncArmed = false;
      if (this.unsynced) this.syncFile(() => undefined);
    });
  }

  /**
   * One sync at a time; who asks while one is under way shares the next, if anything was written
   * since. A segment that was retired was synced before, and the next one holds nothing yet.
   */
  private syncFile(done: () => void): void {
    if (this.condition === 'failed') return;
    if (this.file === undefined || (!this.unsynced && !this.syncing)) {
      this.options.clock.endOfTurn(done);
      return;
    }
    this.syncWaiters.push(done);
    if (!this.syncing) this.startSync();
  }

  private startSync(): void {
    const { file, syncWaiters: waiters } = this;
    if (waiters.length === 0 || file === undefined) return;
    this.syncWaiters = [];
    this.unsynced = false;
    this.syncing = true;
    file.sync((error) => {
      this.syncing = false;
      if (error !== undefined) {
        this.fail(error);
        return;
      }
      this.options.syncs.value += 1;
      if (this.condition === 'failed') return;
      for (const waiter of waiters) waiter();
      if (this.file === file && this.unsynced) this.startSync();
      else for (const waiter of this.syncWaiters.splice(0)) waiter();
    });
  }

  private later(delayMs: number, callback: () => void): void {
    const timer = this.options.clock.setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, delayMs);
    this.timers.add(timer);
  }

  private fail(error: Error): void {
    if (this.condition === 'failed') return;
    this.condition = 'failed';
    this.queue.length = 0;
    this.tellIdle();
    this.options.onFatal(error);
  }

  private tellIdle(): void {
    if (!this.isIdle()) return;
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const waiter of waiters) waiter();
  }
}
