/**
 * A disk for the commit log in memory: bytes written and not yet synced are known, and a crash
 * keeps a chosen prefix of them. Small on purpose; the simulator has the full one.
 */
import type { IoDone, LogDirectory, LogFile } from '../../src/seams/log-file.js';

export class MemoryDisk {
  readonly files = new Map<string, { bytes: Buffer; syncedBytes: number }>();
  readonly quarantined = new Map<string, Buffer>();
  /** Bytes the disk still takes. */
  spaceLeft = Infinity;
  failSyncs = false;
  /** Holds back completions until set to false and `release` is called. */
  held = false;
  writes = 0;
  private waiting: (() => void)[] = [];
  private life = 0;

  /**
   * The process and what it did not sync are gone, but for `keep` bytes of each file's unsynced
   * ones.
   */
  crash(keep: (unsynced: number) => number = () => 0): void {
    this.life += 1;
    this.waiting = [];
    for (const file of this.files.values()) {
      const kept = keep(file.bytes.length - file.syncedBytes);
      file.bytes = file.bytes.subarray(0, file.syncedBytes + kept);
      file.syncedBytes = file.bytes.length;
    }
  }

  complete(action: () => void): void {
    const { life } = this;
    const run = (): void => {
      if (life === this.life) action();
    };
    if (this.held) this.waiting.push(run);
    else setImmediate(run);
  }

  release(): void {
    this.held = false;
    for (const run of this.waiting.splice(0)) setImmediate(run);
  }

  copy(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [name, file] of this.files) disk.files.set(name, { ...file });
    return disk;
  }

  get totalBytes(): number {
    let total = 0;
    for (const { bytes } of this.files.values()) total += bytes.length;
    return total;
  }
}

export class MemoryLogDirectory implements LogDirectory {
  constructor(readonly disk: MemoryDisk) {}

  list(): string[] {
    return [...this.disk.files.keys()].sort();
  }

  open(name: string): LogFile {
    if (!this.disk.files.has(name))
      this.disk.files.set(name, { bytes: Buffer.alloc(0), syncedBytes: 0 });
    return new MemoryLogFile(this.disk, name);
  }

  read(name: string): Buffer {
    return Buffer.from(this.disk.files.get(name)!.bytes);
  }

  remove(name: string): void {
    this.disk.files.delete(name);
  }

  quarantine(name: string): void {
    this.disk.quarantined.set(name, this.read(name));
    this.disk.files.delete(name);
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

class MemoryLogFile implements LogFile {
  length: number;
  private error: NodeJS.ErrnoException | undefined;

  constructor(
    private readonly disk: MemoryDisk,
    private readonly name: string,
  ) {
    this.length = this.file.bytes.length;
  }

  private get file(): { bytes: Buffer; syncedBytes: number } {
    return this.disk.files.get(this.name)!;
  }

  append(chunks: readonly Uint8Array[], options: { sync: boolean }, done: IoDone): void {
    const { disk, file } = this;
    disk.writes += 1;
    const bytes = Buffer.concat(chunks);
    const taken = bytes.subarray(0, Math.min(bytes.length, disk.spaceLeft));
    disk.spaceLeft -= taken.length;
    file.bytes = Buffer.concat([file.bytes, taken]);
    disk.complete(() => {
      if (this.error === undefined && taken.length < bytes.length) {
        done(failure('ENOSPC'));
        return;
      }
      if (options.sync) this.makeDurable(file.bytes.length);
      if (this.error === undefined) this.length += bytes.length;
      if (this.error === undefined) done();
      else done(this.error);
    });
  }

  sync(done: IoDone): void {
    const { length } = this.file.bytes;
    this.disk.complete(() => {
      this.makeDurable(length);
      if (this.error === undefined) done();
      else done(this.error);
    });
  }

  private makeDurable(length: number): void {
    if (this.disk.failSyncs) this.error ??= failure('EIO');
    else this.file.syncedBytes = length;
  }

  truncate(length: number): void {
    const { file } = this;
    this.disk.spaceLeft += file.bytes.length - length;
    file.bytes = file.bytes.subarray(0, length);
    file.syncedBytes = Math.min(file.syncedBytes, length);
    this.length = length;
  }

  close(): void {}
}
