/**
 * The disk of one simulated node; it outlives the node's processes. Files of the commit log and the tables live here,
 * with what was synced kept apart from what was only written, so that a crash can take the rest.
 */
import type { SimRandom } from '../core/sim-random.js';

export interface DiskFaults {
  /** Typical time of a write that is not synced, and of a sync. */
  writeUs: number;
  syncUs: number;
  commitUs: number;
  /** Nothing completes before. */
  stalledUntilUs: number;
  /** So many of the next syncs fail; what they should have made durable never will be. */
  failSyncs: number;
  /** Writes are refused with ENOSPC. */
  full: boolean;
  /** At a crash: a chance in a million that all that was not synced is lost, and that all of it is kept. Else a seeded prefix. */
  loseAllPpm: number;
  keepAllPpm: number;
  /** At a crash: a chance in a million that the end of what is kept is garbage. */
  tornPpm: number;
}

export const diskFaultsNone: DiskFaults = {
  writeUs: 15,
  syncUs: 400,
  commitUs: 3_000,
  stalledUntilUs: 0,
  failSyncs: 0,
  full: false,
  loseAllPpm: 250_000,
  keepAllPpm: 250_000,
  tornPpm: 300_000,
};

/** Bytes of the unit in which a torn write is garbled. */
const sectorBytes = 512;

export class SimFile {
  bytes = Buffer.alloc(4096);
  length = 0;
  /** Bytes that a crash can't take. */
  syncedLength = 0;
  /** A sync failed: the kernel dropped the dirty pages, so no later sync helps. */
  syncFailed = false;
  /** Whether the directory entry survives a crash. */
  entryDurable = false;
  /** What a truncation cut off and no sync has confirmed since; a crash may bring it back. */
  cut: { readonly at: number; readonly tail: Buffer } | undefined;
  /** When the last operation of the file completes. */
  busyUntilUs = 0;

  constructor(readonly name: string) {}

  append(chunks: readonly Uint8Array[]): void {
    let total = this.length;
    for (const chunk of chunks) total += chunk.length;
    if (total > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(total, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    for (const chunk of chunks) {
      this.bytes.set(chunk, this.length);
      this.length += chunk.length;
    }
  }

  synced(length: number): void {
    if (this.syncFailed) return;
    this.syncedLength = Math.max(this.syncedLength, Math.min(length, this.length));
    this.entryDurable = true;
    this.cut = undefined;
  }

  truncate(length: number): void {
    if (length >= this.length) return;
    const tail = Buffer.from(this.bytes.subarray(length, this.length));
    this.cut ??= { at: length, tail };
    this.length = length;
    this.syncedLength = Math.min(this.syncedLength, length);
  }

  content(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }
}

export type TableMap = Map<string, Buffer>;

/** How to take a commit back that was applied and not yet durable. */
export interface TableUndo {
  readonly table: string;
  readonly key: string;
  readonly before: Buffer | undefined;
}

export class SimDisk {
  readonly files = new Map<string, SimFile>();
  readonly quarantined = new Map<string, Buffer>();
  readonly tables = new Map<string, TableMap>();
  /** Commits that are visible and not yet durable, oldest first. */
  readonly unsynced: TableUndo[][] = [];
  /** Removed since the last sync; a crash may bring them back. */
  readonly removed = new Map<string, SimFile>();
  /** Raised when tables change, so that sorted keys can be cached. */
  version = 0;

  constructor(
    readonly random: SimRandom,
    readonly faults: DiskFaults,
  ) {}

  /** The power goes: what is left is what was durable, and by luck a little more. */
  crash(): string {
    const lost: string[] = [];
    for (const [name, file] of this.removed)
      if (!this.files.has(name) && this.random.chance(500_000)) {
        this.files.set(name, file);
        lost.push(`${name} is back`);
      }
    this.removed.clear();
    for (const file of this.files.values()) {
      const what = this.crashFile(file);
      if (what !== '') lost.push(what);
    }
    const kept = this.random.below(this.unsynced.length + 1);
    for (const undo of this.unsynced.splice(0).slice(kept).toReversed()) this.takeBack(undo);
    this.version++;
    return lost.join(', ');
  }

  wipe(): void {
    this.files.clear();
    this.removed.clear();
    this.quarantined.clear();
    this.tables.clear();
    this.unsynced.length = 0;
    this.version++;
  }

  /** Flips one bit of what is on disk; returns where, or undefined when there is nothing to damage. */
  rot(within: 'files' | 'tables'): string | undefined {
    if (within === 'files') {
      const files = [...this.files.values()].filter(({ length }) => length > 0);
      if (files.length === 0) return undefined;
      const file = this.random.pick(files);
      const at = this.random.below(file.length);
      file.bytes[at]! ^= 1 << this.random.below(8);
      return `${file.name}@${at}`;
    }
    const records = [...this.tables].flatMap(([table, map]) =>
      [...map.keys()].sort().map((key) => ({ table, key })),
    );
    if (records.length === 0) return undefined;
    const { table, key } = this.random.pick(records);
    const value = Buffer.from(this.tables.get(table)!.get(key)!);
    if (value.length === 0) return undefined;
    const at = this.random.below(value.length);
    value[at]! ^= 1 << this.random.below(8);
    this.tables.get(table)!.set(key, value);
    return `${table}/${Buffer.from(key, 'latin1').toString('hex')}@${at}`;
  }

  /** When an operation that starts now and takes so long completes. */
  completionUs(nowUs: number, typicalUs: number): number {
    return Math.max(nowUs, this.faults.stalledUntilUs) + this.random.latency(typicalUs);
  }

  takeBack(undo: readonly TableUndo[]): void {
    for (const { table, key, before } of undo.toReversed()) {
      const map = this.tables.get(table)!;
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    }
    this.version++;
  }

  private crashFile(file: SimFile): string {
    const { random, faults } = this;
    if (!file.entryDurable && random.chance(500_000)) {
      this.files.delete(file.name);
      return `${file.name} is gone`;
    }
    if (file.cut !== undefined && file.length === file.cut.at && random.chance(300_000)) {
      file.append([file.cut.tail]);
      file.syncedLength = file.length;
    }
    const written = file.length;
    const unsynced = written - file.syncedLength;
    if (unsynced > 0) {
      let kept = random.below(unsynced + 1);
      if (random.chance(faults.loseAllPpm)) kept = 0;
      else if (random.chance(faults.keepAllPpm)) kept = unsynced;
      file.length = file.syncedLength + kept;
      if (kept > 0 && random.chance(faults.tornPpm)) this.tear(file, Math.min(kept, sectorBytes));
    }
    const lost = written - file.length;
    file.syncedLength = file.length;
    file.syncFailed = false;
    file.entryDurable = true;
    file.cut = undefined;
    file.busyUntilUs = 0;
    return unsynced === 0 ? '' : `${file.name} lost ${lost} of ${unsynced} unsynced`;
  }

  private tear(file: SimFile, most: number): void {
    const from = file.length - this.random.between(1, most);
    if (this.random.chance(500_000)) file.bytes.fill(0, from, file.length);
    else this.random.bytes(file.length - from).copy(file.bytes, from);
  }
}
