/**
 * The store of one node, as the rest of the node sees it. Implemented by `durable-store.ts`.
 *
 * Memory is updated before a call returns, so the next put on a key builds on it; `onDurable` is
 * called once the commit log holds the write as durably as `durability` promises. A failed sync
 * is reported through `onFatal` and ends the process; it is never retried.
 */
import type { DiskPart, NoWrites } from '../../actors/replica/lifecycle.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Digest, KeyState } from '../../actors/rules/versions.js';
import { OverloadedError, UnavailableError, type QuorateError } from '../errors.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { EncodedState } from '../wire/encoded-state.js';
import type { EncodableState } from '../wire/key-state-codec.js';
import type { Lease } from './arena.js';
import type { HintWalk } from './hint-walk.js';
import type { RecentChanges } from './recent-changes.js';

export interface StoredRecord {
  readonly state: KeyState;
  /** The encoded state. */
  readonly bytes: Buffer;
  /** As it lies there. */
  readonly span: EncodedState;
  /**
   * The epoch under which this node may mint for the key, 0 for none: set by a local mint, kept
   * while the record is held without a gap, never sent. Older than `validEpoch()`: void.
   */
  readonly mark: number;
}

/**
 * As `read` gives it: the digest is kept, so that nobody hashes twice. State and bytes are lent for
 * this turn of the event loop, its end included; who needs them longer keeps a copy.
 */
export interface HeldRecord extends StoredRecord {
  readonly digest: Digest;
  copy(): StoredRecord;
}

export interface MintedRecord {
  readonly key: StorageKey;
  readonly state: EncodableState;
  readonly mark: number;
}

export type OnDurable = () => void;

/** A write of the commit log that has ended. */
export interface LogWrite {
  readonly bytes: number;
  readonly tookMs: number;
  /** With its sync; else that comes later. */
  readonly isSynced: boolean;
}

export interface Refusal {
  readonly reason: 'diskFull' | 'overloaded' | 'closing';
  readonly message: string;
}

/** As who wanted to write is told. */
export function refused({ reason, message }: Refusal): QuorateError {
  return reason === 'overloaded' ? new OverloadedError(message) : new UnavailableError(message);
}

export interface Store {
  readonly nodeId: NodeId;
  readonly durability: Durability;

  /** Reads log, tables and lease; resolves when memory equals what was durable. */
  recover(): Promise<RecoveryReport>;
  /** Whether writes are taken is decided by the replica's chart; none are before it says so. */
  takeWrites(): void;
  refuseWrites(because: NoWrites): void;
  /**
   * Why writes are refused now: the chart says so, or the disk is behind; undefined when they are
   * not.
   */
  refusal(): Refusal | undefined;

  /**
   * Memtable, then cache, then Bloom filter, then LMDB; synchronous. A record that fails its
   * checksum counts as absent and is reported through `onCorrupt`.
   */
  read(key: StorageKey): HeldRecord | undefined;
  /** As `read` of each. Quicker: see `Memtables.findAll`. */
  readAll(keys: readonly StorageKey[]): (HeldRecord | undefined)[];
  /**
   * As `read`, leaving the cache as it is: background work must not push out what clients ask for.
   */
  peek(key: StorageKey): HeldRecord | undefined;

  /**
   * A fresh epoch for an actor, from a block leased from disk; throws `OverloadedError` when the
   * lease ran dry.
   */
  drawEpoch(): number;
  /** Marks below it are void: drawn before the start, or before epochs were skipped. */
  validEpoch(): number;
  /** Nothing was drawn from here on, and will not be before this has risen; on disk. */
  leasedEpochs(): number;
  /**
   * This disk is older than what others have seen of the node: voids all epochs and goes on beyond
   * `seen`, once that is on disk.
   */
  skipEpochs(seen: number): Promise<void>;

  /**
   * The writes below throw `OverloadedError` before anything is changed when the disk is far
   * behind: well past the point from which `refusal()` says so, and always once the store closes.
   * On a full disk they wait in memory.
   */

  /**
   * States this node minted: replaces the records. Returns the batch of their states
   * (`state-batch.ts`), encoded once for memory, log and wire.
   */
  mint(records: readonly MintedRecord[], onDurable: OnDurable): Lease;
  /**
   * Merges states from another node into what is held. What is kept of the batch is copied.
   * `owedTo`: this node takes them as a fallback, and owes them as hints to that primary.
   * Returns, per record of the batch, whether it told this node anything new.
   * Throws `MalformedError` before anything is changed, and `OverloadedError` when the hints are
   * full.
   */
  merge(batch: Uint8Array, options: { readonly owedTo?: NodeId }, onDurable: OnDurable): boolean[];
  /**
   * Notes that this node owes the states of the batch, which it minted, to `target`: at once, or
   * when nobody else would take the hint. What it holds no more (its other hints were settled) is
   * stored anew. Throws `OverloadedError` when the hints are full.
   */
  owe(target: NodeId, batch: Buffer, onDurable: OnDurable): void;
  /**
   * Removes records whose state still has the digest and that nobody is owed: collected tombstones,
   * strays.
   */
  remove(
    records: readonly { readonly key: StorageKey; readonly digest: Digest }[],
    onDurable: OnDurable,
  ): void;

  /** Calls back once all that was written before is on disk, whatever the durability. */
  settled(onDisk: OnDurable): void;

  readonly hints: Hints;
  readonly trees: Trees;
  /** Which keys changed last, whoever wrote them. */
  readonly recent: RecentChanges;
  readonly expiries: Expiries;

  /**
   * Records from `start` on and before `end`, both of one partition, in the order of their keys;
   * to be gone through within the turn, and no further than somebody wants to know. Lent as by
   * `peek`, and as that it leaves the cache alone.
   */
  range(bounds: StorageRange): Iterable<readonly [StorageKey, HeldRecord]>;
  /**
   * Of the partition's hash tree, if it counts exactly what `range` shows; undefined while a record
   * that was lost is counted still.
   */
  rootOf(partition: number): Digest | undefined;
  /** Keys of a partition with their digests, in order, memtable included; for tree exchange. */
  scan(range: { partition: number; after?: StorageKey; limit: number }): ScannedKey[];
  /** That are held, tombstones included. */
  readonly keys: number;
  readonly load: StoreLoad;
  /**
   * Which keys this node keeps for itself; a settled hint's state is dropped unless it is one of
   * them.
   */
  setOwned(isOwned: (key: StorageKey) => boolean): void;
  /**
   * Keys of which nothing is taken from other nodes any more: merged as if they had not been in the
   * batch. undefined: all are.
   */
  refuseKeys(areRefused: ((key: StorageKey) => boolean) | undefined): void;
  /** One hears of each key that is held from now on and was not before; undefined: nobody does. */
  hearOfNewKeys(listener: ((key: StorageKey) => void) | undefined): void;
  /**
   * One hears of each write of the log that begins from now on, in front of those who wait for it;
   * undefined: nobody does.
   */
  watchWrites(listener: ((write: LogWrite) => void) | undefined): void;
  onFatal(listener: (error: Error) => void): void;
  onCorrupt(
    listener: (damage: { readonly partitions: readonly number[]; readonly what: string }) => void,
  ): void;
  /** A part finds no room on the disk any more, or does again. */
  onRoom(listener: (part: DiskPart, room: boolean) => void): void;
  /** Flushes and closes: a clean stop. */
  close(): Promise<void>;
}

/**
 * What this node owes: (target, key) in an LMDB database of its own; the states are records of the
 * store.
 */
export interface Hints {
  targets(): NodeId[];
  counters(target: NodeId): {
    readonly count: number;
    readonly bytes: number;
    /** Age of the oldest; 0 when there is none. */
    readonly oldestMs: number;
  };
  total(): { readonly count: number; readonly bytes: number };
  /** Whether the target has used up half of its share of the room for hints. */
  isCrowded(target: NodeId): boolean;
  /** Whether any hint is out for the partition. */
  holds(partition: number): boolean;
  /** Whether anybody is owed the key. */
  owes(key: StorageKey): boolean;
  /** Who is owed the key. */
  owedTo(key: StorageKey): NodeId[];
  /** The next along the walk, else the oldest; in key order, with the states as they are now. */
  next(target: NodeId, bounds: { records: number; bytes: number }, walk?: HintWalk): HintedRecord[];
  /**
   * After the ack: those whose state still has the digest are gone, and with them strays nobody
   * else is owed.
   */
  settle(
    target: NodeId,
    delivered: readonly { key: StorageKey; digest: Digest }[],
    onDurable: OnDurable,
  ): void;
}

export interface HintedRecord {
  readonly key: StorageKey;
  readonly bytes: Buffer;
  readonly digest: Digest;
}

/** What time alone changes, found without a scan. */
export interface Expiries {
  /**
   * Drops the values that have expired by then (wall clock, ms) of the next keys, at most so many.
   * Throws as the other writes do, before anything is changed.
   */
  empty(untilMs: number, keysMax: number, onDurable: OnDurable): Emptied;
  /**
   * Of the next keys of these partitions, at most so many, those of which nothing has lived since
   * then; for as long as they are held they come again, with rests. Deletes alone are not among
   * them, and who restarts may wait for some.
   */
  dead(
    untilMs: number,
    range: { readonly limit: number; readonly isWanted: (partition: number) => boolean },
  ): ScannedKey[];
  /** One hears of each key whose last value was there, expired and is dropped. */
  hear(listener: ((key: StorageKey) => void) | undefined): void;
}

export interface Emptied {
  /** Fewer than were allowed: there are no more for now. */
  readonly looked: number;
  /** Keys of which values were dropped. */
  readonly emptied: number;
}

/** One hash tree a partition, kept up to date on every write. */
export interface Trees {
  readonly leaves: number;
  /** Keys the partition has, tombstones included. */
  keysOf(partition: number): number;
  root(partition: number): Digest;
  /** XOR of the mixed (key, digest) of the keys in each leaf. */
  leafDigests(partition: number): Digest[];
  leafOf(key: StorageKey): number;
}

export interface StoreLoad {
  /**
   * How often it was read or written, by whomever; but for `peek` and `scan`, with which background
   * work looks at it.
   */
  readonly asked: number;
  /**
   * How much waits for the disk, as a part of what may: at 1 puts are refused. Memtables count once
   * no more of them can be frozen.
   */
  readonly backlog: number;
}

export interface StorageRange {
  readonly start: StorageKey;
  readonly end: StorageKey;
}

export interface ScannedKey {
  readonly key: StorageKey;
  readonly digest: Digest;
}

export interface RecoveryReport {
  readonly clean: boolean;
  readonly replayedRecords: number;
  readonly cutBytes: number;
  readonly quarantined: readonly string[];
  /** Partitions to repair from peers because something of theirs may be lost. */
  readonly suspectPartitions: readonly number[] | 'all';
  readonly durationMs: number;
}

export const Store = Symbol('Store');
