/**
 * The store of one node: puts its parts together and keeps them in step.
 *
 * Writes are in `writes.ts`, recovery is in `recovery.ts`, what an entry of the log does in
 * `changes.ts`.
 */
import { inject, injectable } from 'tsyringe';
import type { DiskPart, NoWrites } from '../../actors/replica/lifecycle.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { OverloadedError } from '../errors.js';
import type { Durability } from '../../actors/rules/durability.js';
import { NodeOptions } from '../options/node-options.js';
import { storeBounds, type StoreBounds } from '../options/store-bounds.js';
import { Clock } from '../seams/clock.js';
import { LogDirectory } from '../seams/log-file.js';
import { Metrics } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { Tables } from '../seams/table.js';
import { ChunkPool, type Lease } from './arena.js';
import { Changes } from './changes.js';
import { Epochs } from './epochs.js';
import type { StoreTables } from './flush.js';
import { HashTrees } from './hash-trees.js';
import { HintIndex } from './hint-index.js';
import { HintLedger } from './hint-ledger.js';
import type { Removal } from './log-entry.js';
import { metaKeys } from './meta.js';
import { Records } from './records.js';
import { loadIdentity, recoverRecords } from './recovery.js';
import type {
  Expiries,
  HeldRecord,
  Hints,
  MintedRecord,
  OnDurable,
  RecoveryReport,
  Refusal,
  Store,
  StoreLoad,
  Trees,
} from './store.js';
import { StoreExpiries } from './store-expiries.js';
import { storeGauges, storeInstruments, type StoreInstruments } from './store-instruments.js';
import { WritePath } from './write-path.js';
import { Writes } from './writes.js';

type Damage = { readonly partitions: readonly number[]; readonly what: string };

const refusals: Readonly<Record<NoWrites, Refusal>> = {
  diskFull: { reason: 'diskFull', message: 'the disk is full' },
  diskFailed: { reason: 'closing', message: 'the disk failed' },
  closing: { reason: 'closing', message: 'the store is closed' },
};

@injectable()
export class DurableStore implements Store {
  readonly durability: Durability;
  readonly trees: Trees;
  readonly recent: Store['recent'];
  readonly hints: Hints;
  readonly expiries: Expiries;
  private identity = '';
  private readonly bounds: StoreBounds;
  private readonly instruments: StoreInstruments;
  private readonly hashTrees: HashTrees;
  private readonly named: StoreTables;
  private readonly records: Records;
  private readonly hintIndex: HintIndex;
  private readonly changes: Changes;
  private readonly epochs: Epochs;
  private path: WritePath | undefined;
  private writes: Writes | undefined;
  /** By the replica's chart. */
  private refused: Refusal | undefined = refusals.closing;
  private hasFailed = false;
  private isOwned: (key: StorageKey) => boolean = () => true;
  private isRefused: ((key: StorageKey) => boolean) | undefined;
  private readonly fatalListeners: ((error: Error) => void)[] = [];
  private readonly corruptListeners: ((damage: Damage) => void)[] = [];
  private readonly roomListeners: ((part: DiskPart, room: boolean) => void)[] = [];

  constructor(
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) private readonly random: Random,
    @inject(LogDirectory) private readonly directory: LogDirectory,
    @inject(Tables) private readonly tables: Tables,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Metrics) metrics: Metrics,
  ) {
    const { partitions } = options;
    storeGauges(metrics, {
      keys: () => this.keys,
      records: () => this.records,
      logBytes: () => this.path?.log.bytes ?? 0,
      hints: () => this.hints.total(),
    });
    this.instruments = storeInstruments(metrics);
    this.durability = options.durability;
    this.bounds = storeBounds(options.storeBounds);
    this.named = {
      meta: tables.open('meta'),
      records: tables.open('records'),
      trees: tables.open('trees'),
      hints: tables.open('hints'),
      due: tables.open('due'),
    };
    this.hashTrees = new HashTrees(partitions);
    this.trees = this.hashTrees;
    this.records = new Records({
      clock,
      table: this.named.records,
      due: this.named.due,
      tables,
      trees: this.hashTrees,
      chunks: new ChunkPool({
        memtableBytesMax: this.bounds.memtableBytesMax,
        scrub: options.scrubMemory,
      }),
      cacheBytesMax: this.bounds.cacheBytesMax,
      hashSeed: this.random.below(2 ** 31),
      bloomNegatives: this.instruments.bloomNegatives,
      onCorrupt: (partition, what) => this.tellCorrupt({ partitions: [partition], what }),
    });
    this.recent = this.records.recent;
    const { hintBytesMax } = this.bounds;
    this.hintIndex = new HintIndex(this.records, { partitions, bytesMax: hintBytesMax });
    this.changes = new Changes(this.records, this.hintIndex);
    this.expiries = new StoreExpiries(this.records, this.changes, () => this.admitted);
    this.epochs = new Epochs({
      clock,
      tables,
      meta: this.named.meta,
      onFatal: (error) => this.fail(error),
      onFull: (full) => this.tellRoom('lease', !full),
    });
    this.hints = new HintLedger({
      clock,
      index: this.hintIndex,
      records: this.records,
      changes: this.changes,
      isOwned: (key) => this.isOwned(key),
      append: (entry, onDurable) => this.running.append(entry, onDurable),
      settled: (onDurable) => this.running.log.barrier(onDurable),
    });
  }

  get nodeId(): NodeId {
    return this.identity;
  }

  get keys(): number {
    return this.hashTrees.keys;
  }

  get load(): StoreLoad {
    return this.running;
  }

  async recover(): Promise<RecoveryReport> {
    const startedMs = this.clock.monotonicMs();
    const { named, tables, directory, random } = this;
    const { partitions } = this.options;
    const loaded = await loadIdentity({ tables, meta: named.meta, random, partitions });
    this.identity = loaded.identity.nodeId;
    const recovered = await recoverRecords({
      directory,
      named,
      loaded,
      trees: this.hashTrees,
      records: this.records,
      hintIndex: this.hintIndex,
      changes: this.changes,
    });
    const clean = this.epochs.stoppedCleanly && recovered.replayed === 0 && !recovered.incomplete;
    let covered = 0;
    await this.epochs.start(() => {
      // The lease is on disk, and with it every commit before it.
      covered = recovered.covered;
      this.path?.log.removeThrough(covered);
    });
    const path = new WritePath({
      clock: this.clock,
      directory,
      tables,
      named,
      records: this.records,
      durability: this.durability,
      bounds: this.bounds,
      magic: loaded.identity.magic,
      recovered,
      instruments: this.instruments,
      onFatal: (error) => this.fail(error),
      onRoom: (part, room) => this.tellRoom(part, room),
    });
    this.path = path;
    const { records, hintIndex, changes, clock } = this;
    this.writes = new Writes({ clock, partitions, records, hintIndex, changes, path });
    path.log.removeThrough(covered);
    this.records.filters.start();
    path.flushReplayed();
    if (recovered.damaged.length > 0 && (await path.flushAll()))
      for (const name of recovered.damaged) directory.quarantine(name);
    return {
      clean,
      replayedRecords: recovered.replayed,
      cutBytes: recovered.cutBytes,
      quarantined: [...recovered.foreign, ...recovered.damaged],
      suspectPartitions: recovered.incomplete ? 'all' : recovered.suspectPartitions,
      durationMs: this.clock.monotonicMs() - startedMs,
    };
  }

  takeWrites(): void {
    this.refused = undefined;
  }

  refuseWrites(because: NoWrites): void {
    this.refused = refusals[because];
  }

  refusal(): Refusal | undefined {
    return this.refused ?? this.running.refusal();
  }

  read(key: StorageKey): HeldRecord | undefined {
    return this.records.read(key);
  }

  readAll(keys: readonly StorageKey[]): (HeldRecord | undefined)[] {
    return this.records.readAll(keys);
  }

  peek(key: StorageKey): HeldRecord | undefined {
    return this.records.peek(key);
  }

  drawEpoch(): number {
    return this.epochs.draw();
  }

  validEpoch(): number {
    return this.epochs.valid;
  }

  leasedEpochs(): number {
    return this.epochs.leasedTo;
  }

  skipEpochs(seen: number): Promise<void> {
    return this.epochs.skip(seen);
  }

  mint(records: readonly MintedRecord[], onDurable: OnDurable): Lease {
    return this.admitted.mint(records, onDurable);
  }

  merge(batch: Uint8Array, options: { readonly owedTo?: NodeId }, onDurable: OnDurable): boolean[] {
    const { isRefused } = this;
    if (isRefused === undefined) return this.admitted.merge(batch, options.owedTo, onDurable);
    return this.admitted.mergeSome(batch, isRefused, options.owedTo, onDurable);
  }

  owe(target: NodeId, batch: Buffer, onDurable: OnDurable): void {
    this.admitted.owe(target, batch, onDurable);
  }

  remove(records: readonly Removal[], onDurable: OnDurable): void {
    this.admitted.remove(records, onDurable);
  }

  settled(onDisk: OnDurable): void {
    this.running.log.syncThrough(onDisk);
  }

  scan: Store['scan'] = (range) => this.records.scan(range);

  readonly range: Store['range'] = (bounds) => this.records.range(bounds);

  readonly rootOf: Store['rootOf'] = (partition) => this.records.rootOf(partition);

  setOwned(isOwned: (key: StorageKey) => boolean): void {
    this.isOwned = isOwned;
  }

  readonly watchWrites: Store['watchWrites'] = (to) => this.running.log.watch.hear(to);

  readonly refuseKeys: Store['refuseKeys'] = (areRefused) => void (this.isRefused = areRefused);

  readonly hearOfNewKeys: Store['hearOfNewKeys'] = (to) => void (this.changes.newKeyListener = to);

  onFatal(listener: (error: Error) => void): void {
    this.fatalListeners.push(listener);
  }

  onCorrupt(listener: (damage: Damage) => void): void {
    this.corruptListeners.push(listener);
  }

  onRoom(listener: (part: DiskPart, room: boolean) => void): void {
    this.roomListeners.push(listener);
  }

  /** Whatever can't be flushed stays in the log; the next start is an unclean one then. */
  async close(): Promise<void> {
    this.records.stop();
    if (this.path !== undefined) {
      const whole = await this.path.close();
      const row = this.epochs.stop();
      if (whole) await this.commitClean(row);
    }
    await this.tables.close();
  }

  private commitClean(row: Buffer): Promise<void> {
    const { tables, named } = this;
    return new Promise((resolve) => {
      tables.commit(
        (batch) => batch.put(named.meta, metaKeys.epochs, row),
        () => resolve(),
      );
    });
  }

  private get running(): WritePath {
    if (this.path === undefined) throw new Error('the store has not recovered yet');
    return this.path;
  }

  private get admitted(): Writes {
    if (this.refused?.reason === 'closing') throw new OverloadedError('the store is closed');
    return this.writes!;
  }

  private tellRoom(part: DiskPart, room: boolean): void {
    for (const listener of this.roomListeners) listener(part, room);
  }

  private tellCorrupt(damage: Damage): void {
    for (const listener of this.corruptListeners) listener(damage);
  }

  private fail(error: Error): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.path?.flusher.stop();
    for (const listener of this.fatalListeners) listener(error);
  }
}
