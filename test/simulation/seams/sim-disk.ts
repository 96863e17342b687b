/**
 * The disk of one simulated node; it outlives the node's processes. Files of the commit log and the
 * tables live here, with what was synced kept apart from what was only written, so that a crash can
 * take the rest.
 */
import type { SimRandom } from '../core/sim-random.js';

export interface DiskFaults {
  /** Typical time of a write that is not synced, and of a sync. */
  writeUs: number;
  syncUs: number;
  commitUs: number;
  /** Nothing completes. */
  stalled: boolean;
  /** So many of the next syncs fail; what they should have made durable never will be. */
  failSyncs: number;
  /** Writes are refused with ENOSPC. */
  full: boolean;
  /**
   * At a crash: a chance in a million that all that was not synced is lost, and that all of it is
   * kept. Else a seeded prefix.
   */
  loseAllPpm: number;
  keepAllPpm: number;
  /** At a crash: a chance in a million that the end of what is kept is garbage. */
  tornPpm: number;
  /** At a crash: a chance in a million that a write survives though an earlier one did not. */
  scatterPpm: number;
}

export const diskFaultsNone: DiskFaults = {
  writeUs: 15,
  syncUs: 400,
  commitUs: 3_000,
  stalled: false,
  failSyncs: 0,
  full: false,
  loseAllPpm: 250_000,
  keepAllPpm: 250_000,
  tornPpm: 300_000,
  scatterPpm: 100_000,
};

/** Bytes of the unit in which a torn write is garbled. */
const sectorBytes = 512;

/** Written and not known to be on disk. */
interface Range {
  readonly from: number;
  readonly to: number;
}

export class SimFile {
  bytes: Buffer = Buffer.alloc(4096);
  /** Bytes of the file, what an older file left behind the end included. */
  size = 0;
  /** Where the next append goes. */
  end = 0;
  /**
   * What stood here before: a file that is used again keeps its old bytes until they are written
   * over.
   */
  private leftover: Buffer = Buffer.alloc(0);
  private unsynced: Range[] = [];
  /** The first error other than ENOSPC: it is final. */
  failure: NodeJS.ErrnoException | undefined;
  /** Whether the directory entry survives a crash. */
  entryDurable = false;
  /** What a truncation cut off and no sync has confirmed since; a crash may bring it back. */
  private cut: { readonly at: number; readonly tail: Buffer } | undefined;
  /** When the last operation of the file completes. */
  busyUntilUs = 0;

  constructor(readonly name: string) {}

  /** A file whose blocks held another one. */
  static reusing(old: SimFile, name: string): SimFile {
    const file = new SimFile(name);
    file.leftover = old.content();
    file.bytes = old.content();
    file.size = file.bytes.length;
    return file;
  }

  append(chunks: readonly Uint8Array[]): Range {
    const from = this.end;
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, from);
    if (total > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(total, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.size);
      this.bytes = larger;
    }
    for (const chunk of chunks) {
      this.bytes.set(chunk, this.end);
      this.end += chunk.length;
    }
    this.size = Math.max(this.size, this.end);
    const range = { from, to: this.end };
    if (range.to > range.from) this.unsynced.push(range);
    return range;
  }

  get unsyncedRanges(): readonly Range[] {
    return this.unsynced;
  }

  /** The ranges are on disk now, and so is the length of the file. */
  synced(ranges: readonly Range[]): void {
    this.unsynced = this.unsynced.filter((range) => !ranges.includes(range));
    this.entryDurable = true;
    this.cut = undefined;
  }

  truncate(length: number): void {
    if (length < this.size && this.cut === undefined)
      this.cut = { at: length, tail: Buffer.from(this.bytes.subarray(length, this.size)) };
    this.size = Math.min(this.size, length);
    this.end = length;
    this.leftover = this.leftover.subarray(0, length);
    this.unsynced = this.unsynced
      .filter(({ from }) => from < length)
      .map(({ from, to }) => ({ from, to: Math.min(to, length) }));
  }

  content(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.size));
  }

  /** What a crash leaves; returns what it took, '' for nothing. */
  crash(random: SimRandom, faults: DiskFaults): string {
    let lost = 0;
    let written = 0;
    const gone: Range[] = [];
    const { cut } = this;
    if (cut !== undefined && this.size === cut.at && random.chance(300_000)) {
      this.append([cut.tail]);
      this.unsynced.pop();
    }
    for (const range of this.unsynced) {
      const length = range.to - range.from;
      written += length;
      // Behind a loss, later pages reach the disk only now and then.
      let kept = lost === 0 ? keptOf(length, random, faults) : 0;
      if (lost > 0 && random.chance(faults.scatterPpm)) kept = length;
      if (kept < length) gone.push({ from: range.from + kept, to: range.to });
      if (kept > 0 && random.chance(faults.tornPpm)) this.tear(range.from + kept, kept, random);
      lost += length - kept;
    }
    for (const range of gone.toReversed()) this.restore(range);
    this.unsynced = [];
    this.end = this.size;
    this.failure = undefined;
    this.entryDurable = true;
    this.cut = undefined;
    this.busyUntilUs = 0;
    return written === 0 ? '' : `${this.name} lost ${lost} of ${written} unsynced`;
  }

  /** Back to what stood there before; where nothing stood, the file ends or has a hole of zeros. */
  private restore({ from, to }: Range): void {
    const old = this.leftover.subarray(from, to);
    this.bytes.fill(0, from, to);
    this.bytes.set(old, from);
    if (to === this.size) this.size = from + old.length;
  }

  private tear(end: number, most: number, random: SimRandom): void {
    const from = end - random.between(1, Math.min(most, sectorBytes));
    if (random.chance(500_000)) this.bytes.fill(0, from, end);
    else random.bytes(end - from).copy(this.bytes, from);
  }
}

function keptOf(length: number, random: SimRandom, faults: DiskFaults): number {
  const kept = random.below(length + 1);
  if (random.chance(faults.loseAllPpm)) return 0;
  return random.chance(faults.keepAllPpm) ? length : kept;
}

export interface DiskWork {
  readonly what: 'append' | 'sync' | 'commit';
  readonly bytes: number;
  readonly tookUs: number;
}

export type TableMap = Map<string, Buffer>;

/** How to take a commit back that was applied and not yet durable. */
export interface TableUndo {
  readonly table: string;
  readonly key: string;
  readonly before: Buffer | undefined;
}

export interface DiskImage {
  readonly files: readonly (readonly [name: string, content: Buffer])[];
  readonly tables: readonly (readonly [
    name: string,
    entries: readonly (readonly [string, Buffer])[],
  ])[];
}

export class SimDisk {
  readonly files = new Map<string, SimFile>();
  readonly quarantined = new Map<string, Buffer>();
  readonly tables = new Map<string, TableMap>();
  /** Rows of which a bit was flipped. */
  private readonly rotten = new WeakSet<Buffer>();
  /** Commits that are visible and not yet durable, oldest first. */
  readonly unsynced: TableUndo[][] = [];
  /** Files done with, whose blocks serve again. */
  readonly spares: SimFile[] = [];
  /** Removed since the last sync; a crash may bring them back. */
  readonly removed = new Map<string, SimFile>();
  /** Sees what becomes durable; for oracles. */
  onSynced: ((bytes: Buffer) => void) | undefined;
  /** Sees rows of tables as they become durable; for oracles. */
  onCommitted: ((table: string, value: Buffer) => void) | undefined;
  /** Told what the disk has done, and in which time; for trace files. */
  onDone: ((work: DiskWork) => void) | undefined;
  private readonly held: (() => void)[] = [];
  /** Raised when tables change, so that sorted keys can be cached. */
  version = 0;

  constructor(
    readonly random: SimRandom,
    readonly faults: DiskFaults,
  ) {}

  /** The power goes: what is left is what was durable, and by luck a little more. */
  crash(): string {
    this.held.length = 0;
    const lost: string[] = [];
    for (const [name, file] of this.removed)
      if (!this.files.has(name) && this.random.chance(500_000)) {
        this.files.set(name, file);
        lost.push(`${name} is back`);
      }
    this.removed.clear();
    this.spares.length = 0;
    for (const file of this.files.values()) {
      const what = this.crashFile(file);
      if (what !== '') lost.push(what);
    }
    const kept = this.random.below(this.unsynced.length + 1);
    for (const undo of this.unsynced.splice(0).slice(kept).toReversed()) this.takeBack(undo);
    this.version++;
    return lost.join(', ');
  }

  /**
   * `kill -9`: what was written stays in the kernel's memory, where the next process finds it, and
   * is as unsynced as before.
   */
  kill(): void {
    this.held.length = 0;
    for (const file of this.files.values()) file.busyUntilUs = 0;
  }

  /** A copy of what a stopped node left, as a backup would take it. */
  image(): DiskImage {
    const files = [...this.files].map(([name, file]) => [name, file.content()] as const);
    const tables = [...this.tables].map(([name, map]) => [name, [...map]] as const);
    return { files, tables };
  }

  restore({ files, tables }: DiskImage): void {
    this.wipe();
    for (const [name, content] of files) {
      const file = new SimFile(name);
      file.synced([file.append([content])]);
      this.files.set(name, file);
    }
    for (const [name, entries] of tables) this.tables.set(name, new Map(entries));
  }

  wipe(): void {
    this.files.clear();
    this.removed.clear();
    this.spares.length = 0;
    this.quarantined.clear();
    this.tables.clear();
    this.unsynced.length = 0;
    this.version++;
  }

  /**
   * Flips one bit of what is on disk; returns where, or undefined when there is nothing to damage.
   * Not in the few rows without which a node refuses to start: that is what it should do, and it
   * would never come back. Not twice in a row of a table: no flip takes another back.
   */
  rot(within: 'files' | 'tables'): string | undefined {
    if (within === 'files') {
      const files = [...this.files.values()].filter(({ size }) => size > 0);
      if (files.length === 0) return undefined;
      const file = this.random.pick(files);
      const at = this.random.below(file.size);
      file.bytes[at]! ^= 1 << this.random.below(8);
      return `${file.name}@${at}`;
    }
    const records = ['hints', 'records', 'trees'].flatMap((table) =>
      [...(this.tables.get(table) ?? [])]
        .filter(([, value]) => !this.rotten.has(value))
        .map(([key]) => ({ table, key }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    if (records.length === 0) return undefined;
    const { table, key } = this.random.pick(records);
    const value = Buffer.from(this.tables.get(table)!.get(key)!);
    if (value.length === 0) return undefined;
    const at = this.random.below(value.length);
    value[at]! ^= 1 << this.random.below(8);
    this.tables.get(table)!.set(key, value);
    this.rotten.add(value);
    return `${table}/${Buffer.from(key, 'latin1').toString('hex')}@${at}`;
  }

  /**
   * When an operation that starts now and typically takes so long completes, if the disk does not
   * stall.
   */
  completionUs(nowUs: number, typicalUs: number): number {
    return nowUs + this.random.latency(typicalUs);
  }

  /**
   * Completes an operation now, or once the disk no longer stalls; `again` then gives it to its
   * process.
   */
  complete(run: () => void, again: (run: () => void) => void): void {
    if (this.faults.stalled) this.held.push(() => again(run));
    else run();
  }

  /** Ends a stall. */
  release(): void {
    this.faults.stalled = false;
    for (const run of this.held.splice(0)) run();
  }

  /** A commit is durable, and with it all before. */
  committed(undo: TableUndo[]): void {
    for (const rows of this.unsynced.splice(0, this.unsynced.indexOf(undo) + 1))
      for (const { table, key } of rows) {
        const value = this.onCommitted && this.tables.get(table)?.get(key);
        if (value !== undefined) this.onCommitted?.(table, value);
      }
  }

  private takeBack(undo: readonly TableUndo[]): void {
    for (const { table, key, before } of undo.toReversed()) {
      const map = this.tables.get(table)!;
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    }
    this.version++;
  }

  private crashFile(file: SimFile): string {
    if (!file.entryDurable && this.random.chance(500_000)) {
      this.files.delete(file.name);
      return `${file.name} is gone`;
    }
    return file.crash(this.random, this.faults);
  }
}
