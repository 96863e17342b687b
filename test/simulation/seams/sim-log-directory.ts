/** `LogDirectory` on a simulated disk, for one life of a node. */
import type { IoDone, LogDirectory, LogFile } from '../../../src/seams/log-file.js';
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { Trace } from '../core/trace.js';
import type { SimDisk } from './sim-disk.js';
import { SimFile } from './sim-disk.js';

type Range = SimFile['unsyncedRanges'][number];

export interface Host {
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly trace: Trace;
}

export class SimLogDirectory implements LogDirectory {
  constructor(
    private readonly disk: SimDisk,
    private readonly host: Host,
  ) {}

  list(): string[] {
    return [...this.disk.files.keys()].sort();
  }

  open(name: string): LogFile {
    let file = this.disk.files.get(name);
    const fresh = file === undefined;
    if (file === undefined) {
      const spare = this.disk.spares.pop();
      file = spare === undefined ? new SimFile(name) : SimFile.reusing(spare, name);
      this.disk.files.set(name, file);
    }
    // Found again, a file is as long as it is; what an older one left at its end can't be told
    // apart.
    if (!fresh) file.end = file.size;
    file.failure = undefined;
    return new OpenFile(file, this.disk, this.host);
  }

  read(name: string): Buffer {
    return this.existing(name).content();
  }

  remove(name: string): void {
    const file = this.existing(name);
    this.disk.removed.set(name, file);
    if (this.disk.spares.length < 2) this.disk.spares.push(file);
    this.disk.files.delete(name);
    this.note(`removed ${name}`);
  }

  quarantine(name: string): void {
    this.disk.quarantined.set(name, this.existing(name).content());
    this.disk.files.delete(name);
    this.note(`quarantined ${name}`);
  }

  private existing(name: string): SimFile {
    const file = this.disk.files.get(name);
    if (file === undefined) throw fileError('ENOENT', `no file ${name}`);
    return file;
  }

  private note(what: string): void {
    const { trace, scheduler, process } = this.host;
    trace.add(scheduler.nowUs, process.name, what);
  }
}

class OpenFile implements LogFile {
  private closed = false;
  length: number;

  constructor(
    private readonly file: SimFile,
    private readonly disk: SimDisk,
    private readonly host: Host,
  ) {
    this.length = file.end;
  }

  append(chunks: readonly Uint8Array[], options: { sync: boolean }, done: IoDone): void {
    this.check();
    const { disk, file } = this;
    const { faults } = disk;
    if (faults.full) {
      this.writePart(chunks);
      this.later(faults.writeUs, () => done(fileError('ENOSPC', 'no space left on device')));
      return;
    }
    const range = file.append(chunks);
    const fails = options.sync && this.syncFails();
    const startedUs = this.host.scheduler.nowUs;
    this.later(options.sync ? faults.syncUs : faults.writeUs, () => {
      this.done(options.sync ? 'sync' : 'append', [range], startedUs);
      if (fails) this.fail();
      // Only this write: what was written before it without a sync may still be lost.
      else if (options.sync && file.failure === undefined) this.durable([range]);
      if (file.failure === undefined) this.length = range.to;
      done(file.failure);
    });
  }

  sync(done: IoDone): void {
    this.check();
    const { file, disk } = this;
    const ranges = [...file.unsyncedRanges];
    const fails = this.syncFails();
    const startedUs = this.host.scheduler.nowUs;
    this.later(disk.faults.syncUs, () => {
      this.done('sync', ranges, startedUs);
      if (fails) this.fail();
      else if (file.failure === undefined) this.durable(ranges);
      done(file.failure);
    });
  }

  truncate(length: number): void {
    this.check();
    this.note(`truncated ${this.file.name} from ${this.file.size} to ${length}`);
    this.file.truncate(length);
    this.length = length;
  }

  close(): void {
    this.closed = true;
  }

  private syncFails(): boolean {
    if (this.disk.faults.failSyncs === 0) return false;
    this.disk.faults.failSyncs--;
    return true;
  }

  private fail(): void {
    this.file.failure ??= fileError('EIO', 'input/output error');
    this.note(`sync of ${this.file.name} failed`);
  }

  private durable(ranges: readonly Range[]): void {
    this.file.synced(ranges);
    for (const { from, to } of ranges) this.disk.onSynced?.(this.file.bytes.subarray(from, to));
    this.disk.removed.clear();
    this.note(`synced ${this.file.name} to ${this.file.end}`);
  }

  private done(what: 'append' | 'sync', ranges: readonly Range[], startedUs: number): void {
    const { disk, host } = this;
    if (disk.onDone === undefined) return;
    const bytes = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    disk.onDone({ what, bytes, tookUs: host.scheduler.nowUs - startedUs });
  }

  /** A disk that fills up takes the beginning of a write. */
  private writePart(chunks: readonly Uint8Array[]): void {
    const whole = Buffer.concat(chunks);
    this.file.append([whole.subarray(0, this.disk.random.below(whole.length + 1))]);
  }

  private later(typicalUs: number, run: () => void): void {
    const { scheduler, process } = this.host;
    const { file, disk } = this;
    file.busyUntilUs = Math.max(
      disk.completionUs(scheduler.nowUs, typicalUs),
      file.busyUntilUs + 1,
    );
    const then = (delayUs: number, run: () => void): void =>
      void scheduler.in(delayUs, process, () => disk.complete(run, (run) => then(0, run)));
    then(file.busyUntilUs - scheduler.nowUs, run);
  }

  private check(): void {
    if (this.closed) throw fileError('EBADF', `${this.file.name} is closed`);
  }

  private note(what: string): void {
    const { trace, scheduler, process } = this.host;
    trace.add(scheduler.nowUs, process.name, what);
  }
}

export function fileError(code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${message}`);
  error.code = code;
  return error;
}
