/** `LogDirectory` on a simulated disk, for one life of a node. */
import type { IoDone, LogDirectory, LogFile } from '../../../src/seams/log-file.js';
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { Trace } from '../core/trace.js';
import type { SimDisk } from './sim-disk.js';
import { SimFile } from './sim-disk.js';

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
    if (file === undefined) this.disk.files.set(name, (file = new SimFile(name)));
    return new OpenFile(file, this.disk, this.host);
  }

  read(name: string): Buffer {
    return this.existing(name).content();
  }

  remove(name: string): void {
    this.disk.removed.set(name, this.existing(name));
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
    if (file === undefined) throw errorOf('ENOENT', `no file ${name}`);
    return file;
  }

  private note(what: string): void {
    const { trace, scheduler, process } = this.host;
    trace.add(scheduler.nowUs, process.name, what);
  }
}

class OpenFile implements LogFile {
  private closed = false;

  constructor(
    private readonly file: SimFile,
    private readonly disk: SimDisk,
    private readonly host: Host,
  ) {}

  get length(): number {
    return this.file.length;
  }

  append(chunks: readonly Uint8Array[], options: { sync: boolean }, done: IoDone): void {
    this.check();
    const { faults } = this.disk;
    if (faults.full) {
      this.later(faults.writeUs, () => done(errorOf('ENOSPC', 'no space left on device')));
      return;
    }
    this.file.append(chunks);
    if (options.sync) this.sync(done);
    else this.later(faults.writeUs, () => done());
  }

  sync(done: IoDone): void {
    this.check();
    const { file, disk } = this;
    const { length } = file;
    const fails = disk.faults.failSyncs > 0;
    if (fails) disk.faults.failSyncs--;
    this.later(disk.faults.syncUs, () => {
      if (fails) {
        file.syncFailed = true;
        this.note(`sync of ${file.name} failed`);
        done(errorOf('EIO', 'input/output error'));
        return;
      }
      file.synced(length);
      disk.removed.clear();
      this.note(`synced ${file.name} to ${file.syncedLength}`);
      done();
    });
  }

  truncate(length: number): void {
    this.check();
    this.note(`truncated ${this.file.name} from ${this.file.length} to ${length}`);
    this.file.truncate(length);
  }

  close(): void {
    this.closed = true;
  }

  private later(typicalUs: number, run: () => void): void {
    const { scheduler, process } = this.host;
    const { file, disk } = this;
    file.busyUntilUs = Math.max(
      disk.completionUs(scheduler.nowUs, typicalUs),
      file.busyUntilUs + 1,
    );
    scheduler.in(file.busyUntilUs - scheduler.nowUs, process, run);
  }

  private check(): void {
    if (this.closed) throw errorOf('EBADF', `${this.file.name} is closed`);
  }

  private note(what: string): void {
    const { trace, scheduler, process } = this.host;
    trace.add(scheduler.nowUs, process.name, what);
  }
}

export function errorOf(code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${message}`);
  error.code = code;
  return error;
}
