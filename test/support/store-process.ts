/** Stores for tests, as one process after the other on the same data: stopped cleanly or killed. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actorOf } from '../../actors/rules/actor.js';
import { partitionOf, storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import { emptyState, mint, type KeyState } from '../../actors/rules/versions.js';
import { nodeOptionsDefault, type NodeOptions } from '../../src/options/node-options.js';
import type { TimerId } from '../../src/seams/clock.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import type { Table, TableBatch, Tables } from '../../src/seams/table.js';
import { DurableStore } from '../../src/store/durable-store.js';
import { LmdbTables } from '../../src/store/lmdb-tables.js';
import type { RecoveryReport } from '../../src/store/store.js';
import { decodeState, encodable } from '../../src/wire/key-state-codec.js';
import { encodeStates } from '../../src/wire/state-batch.js';
import { LoneReplica } from './lone-replica.js';
import { MemoryDisk, MemoryLogDirectory } from './memory-log-directory.js';
import { Metrics } from '../../src/seams/metrics.js';

export const testPartitions = 8;

/** Time that ends with the process. */
class MortalClock extends RealClock {
  private killed = false;
  private readonly timers = new Set<TimerId>();
  wallOffsetMs = 0;

  kill(): void {
    this.killed = true;
    for (const timer of this.timers) super.clearTimeout(timer);
  }

  override wallMs(): number {
    return super.wallMs() + this.wallOffsetMs;
  }

  override setTimeout(callback: () => void, delayMs: number): TimerId {
    if (this.killed) return undefined;
    const timer = super.setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, delayMs);
    this.timers.add(timer);
    return timer;
  }

  override endOfTurn(callback: () => void): void {
    super.endOfTurn(() => {
      if (!this.killed) callback();
    });
  }
}

export class MortalTables implements Tables {
  killed = false;
  commits = 0;
  /** Commits fail with it while it is set. */
  failure: NodeJS.ErrnoException | undefined;
  /** Commits wait while set. */
  held: (() => void)[] | undefined;

  constructor(readonly real: Tables) {}

  open(name: string): Table {
    return this.real.open(name);
  }

  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void {
    if (this.killed) return;
    const { failure } = this;
    if (failure !== undefined) {
      setImmediate(() => done(failure));
      return;
    }
    if (this.held !== undefined) {
      this.held.push(() => this.commit(write, done));
      return;
    }
    this.commits += 1;
    this.real.commit(write, (error) => {
      if (!this.killed) done(error);
    });
  }

  release(): void {
    const waiting = this.held ?? [];
    this.held = undefined;
    for (const run of waiting) run();
  }

  close(): Promise<void> {
    return this.real.close();
  }
}

export class StoreProcess {
  readonly clock = new MortalClock();
  readonly tables: MortalTables;
  readonly metrics = new Metrics();
  readonly store: DurableStore;
  readonly fatal: Error[] = [];
  readonly corrupt: { readonly partitions: readonly number[]; readonly what: string }[] = [];
  report!: RecoveryReport;
  private readonly replica: LoneReplica;

  constructor(
    readonly disk: MemoryDisk,
    options: NodeOptions,
  ) {
    this.tables = new MortalTables(new LmdbTables(options));
    this.store = new DurableStore(
      this.clock,
      new RealRandom(),
      new MemoryLogDirectory(disk),
      this.tables,
      options,
      this.metrics,
    );
    this.store.onFatal((error) => this.fatal.push(error));
    this.store.onCorrupt((damage) => this.corrupt.push(damage));
    this.replica = new LoneReplica(this.store);
  }

  async start(): Promise<this> {
    this.report = await this.replica.recover();
    return this;
  }

  /** False each time the disk was found full, true when it had room again. */
  get writable(): readonly boolean[] {
    return this.replica.writable;
  }

  /** `kill -9`, and the power as well: `keep` of each file's unsynced bytes survive. */
  async kill(keep?: (unsynced: number) => number): Promise<void> {
    this.clock.kill();
    this.tables.killed = true;
    this.disk.crash(keep);
    await this.tables.close();
  }
}

/**
 * A directory for tables and a disk for logs, with the processes that use them one after the other.
 */
export class StoreHome {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'quorate-store-'));
  disk = new MemoryDisk();

  start(options: Partial<NodeOptions> = {}): Promise<StoreProcess> {
    return this.prepare(options).start();
  }

  /** Not started yet. */
  prepare(options: Partial<NodeOptions> = {}): StoreProcess {
    return new StoreProcess(this.disk, this.optionsWith(options));
  }

  optionsWith(options: Partial<NodeOptions>): NodeOptions {
    return {
      ...nodeOptionsDefault,
      scrubMemory: true,
      partitions: testPartitions,
      name: 'n1',
      dataDir: this.dataDir,
      ...options,
    };
  }

  /** The same data once more, to be treated differently; no process may run on this one. */
  copy(): StoreHome {
    const home = new StoreHome();
    cpSync(this.dataDir, home.dataDir, { recursive: true });
    home.disk = this.disk.copy();
    return home;
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export function keyNamed(key: string, partitions = testPartitions): StorageKey {
  const name = { bucket: 'b', key };
  return storageKeyOf({ ...name, partition: partitionOf(name, partitions) });
}

/** A blind put on top of `local`. */
export function stateAfter(
  local: KeyState | undefined,
  put: { value: string | null; node?: string; epoch?: number; expiresAtMs?: number },
): KeyState {
  return mint({
    local: local ?? emptyState,
    seen: undefined,
    actor: actorOf(put.node ?? '0011223344556677', put.epoch ?? 1),
    value: put.value === null ? null : Buffer.from(put.value),
    writtenAtMs: 1,
    expiresAtMs: put.expiresAtMs ?? 0,
    operation: '',
  });
}

export function batchOf(records: readonly { key: StorageKey; state: KeyState }[]): Buffer {
  return encodeStates(records.map(({ key, state }) => ({ key, state: encodable(state) })));
}

/** Mints as a coordinator does; resolves when durable. */
export function put(
  store: DurableStore,
  key: StorageKey,
  value: string | null,
  onDurable: () => void = () => undefined,
  expiresAtMs = 0,
): Promise<void> {
  const held = store.read(key);
  const mark =
    held !== undefined && held.mark >= store.validEpoch() ? held.mark : store.drawEpoch();
  const state = stateAfter(held?.state, {
    value,
    node: store.nodeId,
    epoch: mark,
    expiresAtMs,
  });
  return new Promise((resolve) => {
    store.mint([{ key, state: encodable(state), mark }], () => {
      onDurable();
      resolve();
    });
  });
}

export function merge(
  store: DurableStore,
  records: readonly { key: StorageKey; state: KeyState }[],
  options: { owedTo?: string } = {},
): Promise<boolean[]> {
  return new Promise((resolve) => {
    const news: boolean[] = store.merge(batchOf(records), options, () => resolve(news));
  });
}

/** The one value of a key, or the values joined when there are several; undefined: not held. */
export function valueOf(store: DurableStore, key: StorageKey): string | undefined {
  const held = store.read(key);
  if (held === undefined) return undefined;
  const state = decodeState(held.bytes);
  return state.siblings
    .map(({ value }) => (value === null ? '∅' : Buffer.from(value).toString()))
    .join('|');
}
