/**
 * `Tables` on a simulated disk, for one life of a node. A commit becomes visible first and durable
 * a little later, as LMDB's do; a crash goes back to a commit at or after the last one that was
 * reported durable.
 */
import type { ByteString } from '../../../actors/rules/key.js';
import type {
  Table,
  TableBatch,
  TableBounds,
  TableEntry,
  Tables,
} from '../../../src/seams/table.js';
import type { SimDisk, TableMap, TableUndo } from './sim-disk.js';
import { fileError, type Host } from './sim-log-directory.js';

interface Write {
  readonly table: string;
  readonly key: ByteString;
  /** undefined: removed. */
  readonly value: Buffer | undefined;
}

export class SimTables implements Tables {
  private busyUntilUs = 0;
  private readonly opened = new Map<string, SimTable>();
  private waiting = 0;
  private onIdle: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly disk: SimDisk,
    private readonly host: Host,
  ) {}

  open(name: string): Table {
    let table = this.opened.get(name);
    if (table === undefined) {
      if (!this.disk.tables.has(name)) this.disk.tables.set(name, new Map());
      this.opened.set(name, (table = new SimTable(name, this.disk)));
    }
    return table;
  }

  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void {
    if (this.closed) throw new Error('the tables are closed');
    const { scheduler, process, trace } = this.host;
    const { disk } = this;
    this.waiting++;
    const finish = (error?: Error): void => {
      this.waiting--;
      done(error);
      if (this.waiting === 0) this.onIdle?.();
    };
    const visibleUs = Math.max(
      disk.completionUs(scheduler.nowUs, disk.faults.commitUs),
      this.busyUntilUs + 1,
    );
    const durableUs = visibleUs + disk.random.latency(disk.faults.syncUs);
    this.busyUntilUs = durableUs;
    const { full } = disk.faults;
    const startedUs = scheduler.nowUs;
    const writes = collect(write);
    const then = (delayUs: number, run: () => void): void =>
      void scheduler.in(delayUs, process, () => disk.complete(run, (run) => then(0, run)));
    then(visibleUs - scheduler.nowUs, () => {
      if (full) return finish(fileError('ENOSPC', 'no space left on device'));
      const undo = this.apply(writes);
      disk.unsynced.push(undo);
      then(durableUs - visibleUs, () => {
        disk.committed(undo);
        const bytes = writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
        disk.onDone?.({ what: 'commit', bytes, tookUs: scheduler.nowUs - startedUs });
        trace.add(scheduler.nowUs, process.name, `committed ${undo.length} writes`);
        finish();
      });
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (this.waiting > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  private apply(writes: readonly Write[]): TableUndo[] {
    const undo = writes.map(({ table, key, value }): TableUndo => {
      const map = this.mapOf(table);
      const before = map.get(key);
      if (value === undefined) map.delete(key);
      else map.set(key, Buffer.from(value));
      return { table, key, before };
    });
    this.disk.version++;
    return undo;
  }

  private mapOf(table: string): TableMap {
    const map = this.disk.tables.get(table);
    if (map === undefined) throw new Error(`table ${table} was never opened`);
    return map;
  }
}

class SimTable implements Table {
  private sorted: ByteString[] = [];
  private sortedVersion = -1;

  constructor(
    readonly name: string,
    private readonly disk: SimDisk,
  ) {}

  get(key: ByteString): Buffer | undefined {
    return this.map.get(key);
  }

  *range(bounds: TableBounds): Iterable<TableEntry> {
    for (const key of this.keys(bounds)) yield { key, value: this.map.get(key)! };
  }

  *keys(bounds: TableBounds): Iterable<ByteString> {
    const keys = this.ascending();
    const { start = '', end, limit = Infinity } = bounds;
    let at = firstFrom(keys, start);
    for (let left = limit; left > 0 && at < keys.length; left--, at++) {
      const key = keys[at]!;
      if (end !== undefined && key >= end) return;
      yield key;
    }
  }

  count(): number {
    return this.map.size;
  }

  private get map(): TableMap {
    return this.disk.tables.get(this.name)!;
  }

  private ascending(): readonly ByteString[] {
    if (this.sortedVersion !== this.disk.version) {
      this.sorted = [...this.map.keys()].sort();
      this.sortedVersion = this.disk.version;
    }
    return this.sorted;
  }
}

function firstFrom(keys: readonly ByteString[], start: ByteString): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

function collect(write: (batch: TableBatch) => void): Write[] {
  const writes: Write[] = [];
  write({
    put: (table, key, value) => writes.push({ table: table.name, key, value }),
    remove: (table, key) => writes.push({ table: table.name, key, value: undefined }),
  });
  return writes;
}
