/**
 * A store in memory for tests of what stands on it: same contract, no disk. Its log takes `logMs`,
 * may be held back, and its refusal can be set. What it lends is overwritten as early as the
 * contract allows. It has no hash trees.
 */
import { actorOf, type NodeId } from '../../actors/rules/actor.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import {
  digestOf,
  emptyState,
  merge,
  sameDigest,
  type Digest,
  type KeyState,
} from '../../actors/rules/versions.js';
import { OverloadedError } from '../../src/errors.js';
import type { Clock } from '../../src/seams/clock.js';
import type { Lease } from '../../src/store/arena.js';
import { RecentChanges } from '../../src/store/recent-changes.js';
import type {
  Expiries,
  HeldRecord,
  HintedRecord,
  Hints,
  MintedRecord,
  OnDurable,
  RecoveryReport,
  StorageRange,
  Store,
  Trees,
} from '../../src/store/store.js';
import { stateIn } from '../../src/wire/encoded-state.js';
import { decodeState, encodeState } from '../../src/wire/key-state-codec.js';
import { decodeBatch, encodeStates } from '../../src/wire/state-batch.js';

export class MapStore implements Store {
  readonly durability = { kind: 'sync' } as const;
  readonly records = new Map<StorageKey, HeldRecord>();
  /** Target → keys. */
  readonly hintsTo = new Map<NodeId, Set<StorageKey>>();
  logMs = 1;
  /** Nothing becomes durable until it is released. */
  logHeld = false;
  hintsFull = false;
  /** Full for that target alone. */
  hintsFullFor: NodeId = '';
  refused: ReturnType<Store['refusal']>;
  lastEpoch = 100;
  firstValidEpoch = 0;
  readonly load = { asked: 0, backlog: 0 };
  readonly recent = new RecentChanges(256);
  mints = 0;
  merges = 0;
  private readonly held: OnDurable[] = [];

  constructor(
    readonly nodeId: NodeId,
    private readonly clock: Clock,
  ) {}

  recover(): Promise<RecoveryReport> {
    const report = { clean: true, replayedRecords: 0, cutBytes: 0, durationMs: 0 };
    return Promise.resolve({ ...report, quarantined: [], suspectPartitions: [] });
  }

  refusal(): ReturnType<Store['refusal']> {
    return this.refused;
  }

  read(key: StorageKey): HeldRecord | undefined {
    return this.lent(key);
  }

  readAll(keys: readonly StorageKey[]): (HeldRecord | undefined)[] {
    return keys.map((key) => this.lent(key));
  }

  peek(key: StorageKey): HeldRecord | undefined {
    return this.lent(key);
  }

  private lent(key: StorageKey): HeldRecord | undefined {
    const record = this.records.get(key);
    if (record === undefined) return undefined;
    const bytes = Buffer.from(record.bytes);
    this.clock.endOfTurn(() => this.clock.endOfTurn(() => bytes.fill(0xdb)));
    return heldOf(decodeState(bytes), record.mark, bytes);
  }

  drawEpoch(): number {
    return ++this.lastEpoch;
  }

  validEpoch(): number {
    return this.firstValidEpoch;
  }

  leasedEpochs(): number {
    return this.lastEpoch + 1;
  }

  async skipEpochs(seen: number): Promise<void> {
    this.lastEpoch = Math.max(this.lastEpoch, seen);
    this.firstValidEpoch = this.lastEpoch + 1;
  }

  mint(records: readonly MintedRecord[], onDurable: OnDurable): Lease {
    this.mints++;
    const batch = encodeStates(records);
    for (const [i, { key, bytes }] of decodeBatch(batch).entries())
      this.keep(key, Buffer.from(bytes), records[i]!.mark);
    this.log(onDurable);
    return { bytes: batch, release: () => void batch.fill(0xdb) };
  }

  private isRefused: (key: StorageKey) => boolean = () => false;

  merge(batch: Uint8Array, options: { readonly owedTo?: NodeId }, onDurable: OnDurable): boolean[] {
    this.merges++;
    const records = decodeBatch(Buffer.from(batch));
    const { owedTo } = options;
    if (owedTo !== undefined)
      this.note(
        owedTo,
        records.map(({ key }) => key),
      );
    const news = records.map(({ key, bytes }) => {
      const held = this.records.get(key);
      const before = held?.state ?? emptyState;
      const state = merge(before, decodeState(bytes));
      if (state === before || this.isRefused(key)) return false;
      this.keep(key, encodeState(state), held?.mark ?? 0);
      return true;
    });
    this.log(onDurable);
    return news;
  }

  owe(target: NodeId, batch: Buffer, onDurable: OnDurable): void {
    const records = decodeBatch(Buffer.from(batch));
    this.note(
      target,
      records.map(({ key }) => key),
    );
    for (const { key, bytes } of records) if (!this.records.has(key)) this.keep(key, bytes, 0);
    this.log(onDurable);
  }

  remove(
    records: readonly { readonly key: StorageKey; readonly digest: Digest }[],
    onDurable: OnDurable,
  ): void {
    for (const { key, digest } of records) {
      const held = this.records.get(key);
      if (held !== undefined && sameDigest(held.digest, digest)) this.records.delete(key);
    }
    this.log(onDurable);
  }

  private keep(key: StorageKey, bytes: Buffer, mark: number): void {
    this.records.set(key, heldOf(decodeState(bytes), mark, bytes));
  }

  release(): void {
    this.logHeld = false;
    for (const onDurable of this.held.splice(0)) this.log(onDurable);
  }

  private log(onDurable: OnDurable): void {
    if (this.logHeld) this.held.push(onDurable);
    else this.clock.setTimeout(onDurable, this.logMs);
  }

  private note(target: NodeId, keys: readonly StorageKey[]): void {
    if (this.hintsFull || this.hintsFullFor === target)
      throw new OverloadedError('the hints are full');
    const keysOwed = this.hintsTo.get(target) ?? new Set();
    for (const key of keys) keysOwed.add(key);
    this.hintsTo.set(target, keysOwed);
  }

  readonly hints: Hints = {
    targets: () => [...this.hintsTo.keys()],
    counters: (target) => ({ count: this.hintsTo.get(target)?.size ?? 0, bytes: 0, oldestMs: 0 }),
    total: () => {
      let count = 0;
      for (const keys of this.hintsTo.values()) count += keys.size;
      return { count, bytes: 0 };
    },
    isCrowded: () => false,
    holds: (partition) =>
      [...this.hintsTo.values()].some((keys) =>
        [...keys].some((key) => partitionOfStorageKey(key) === partition),
      ),
    owes: (key) => [...this.hintsTo.values()].some((keys) => keys.has(key)),
    owedTo: (key) => [...this.hintsTo].flatMap(([target, keys]) => (keys.has(key) ? target : [])),
    next: (target, bounds) => {
      const due: HintedRecord[] = [];
      for (const key of this.hintsTo.get(target) ?? []) {
        const held = this.records.get(key);
        if (held !== undefined && due.length < bounds.records)
          due.push({ key, bytes: held.bytes, digest: held.digest });
      }
      return due;
    },
    settle: (target, delivered, onDurable) => {
      for (const { key } of delivered) this.hintsTo.get(target)?.delete(key);
      if (this.hintsTo.get(target)?.size === 0) this.hintsTo.delete(target);
      this.log(onDurable);
    },
  };

  settled(onDurable: OnDurable): void {
    this.log(onDurable);
  }

  get trees(): Trees {
    throw new Error('this store has no trees');
  }

  *range({ start, end }: StorageRange): Generator<readonly [StorageKey, HeldRecord]> {
    const names = [...this.records.keys()].filter((name) => name >= start && name < end).sort();
    for (const name of names) yield [name, this.lent(name)!];
  }

  /** None, so what nodes list is compared key by key. */
  rootOf(): undefined {
    return undefined;
  }

  scan(): never {
    throw new Error('this store has no scan');
  }

  get keys(): number {
    return this.records.size;
  }

  setOwned(): void {}
  /** Nothing in it ever expires. */
  readonly expiries: Expiries = {
    empty: () => ({ looked: 0, emptied: 0 }),
    dead: () => [],
    hear: () => {},
  };

  hearOfNewKeys(): void {}

  refuseKeys(areRefused: ((key: StorageKey) => boolean) | undefined): void {
    this.isRefused = areRefused ?? (() => false);
  }
  watchWrites(): void {}
  onFatal(): void {}
  onCorrupt(): void {}
  onRoom(): void {}
  takeWrites(): void {}
  refuseWrites(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The actor a fresh store mints the first dot of its n-th key under. */
export function actorOfDraw(node: NodeId, n: number): string {
  return actorOf(node, 100 + n);
}

function heldOf(state: KeyState, mark: number, bytes: Buffer): HeldRecord {
  const record = { state, mark, bytes, span: stateIn(bytes), digest: digestOf(state) };
  return {
    ...record,
    copy: () => {
      const own = Buffer.from(bytes);
      return { state: decodeState(own), mark, bytes: own, span: stateIn(own) };
    },
  };
}
