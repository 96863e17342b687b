/**
 * What was written since the last freeze, by partition: the unit in which it is flushed and in
 * which records, hints and hash tree must agree on disk.
 */
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import type { Arena } from './arena.js';
import type { Hint, HintKey } from './hint-codec.js';
import type { FrozenTrees } from './hash-trees.js';
import type { Due } from './due.js';
import { DueQueue } from './due-queue.js';
import { hashOfKey, type KeyHash } from './key-hash.js';
import type { Held } from './record-codec.js';
import { SlotIndex } from './slot-index.js';

/**
 * What a key takes beside its bytes in the log: slot, held record, the key itself and its place in
 * the index, about.
 */
export const slotBytes = 256;

/**
 * Where the record of a key is found, and changed while its memtable is the active one: a key that
 * is written again and again is looked up once a write, and its place in the maps stays as it is.
 */
export class Slot implements KeyHash {
  readonly hi: number;
  readonly lo: number;

  constructor(
    readonly key: StorageKey,
    /** Undefined: there is none. */
    public record: Held | undefined,
    /** Undefined: what the slot says was found in the cache or in the tables, or nowhere. */
    readonly memtable?: Memtable,
    hash: KeyHash = hashOfKey(key),
    /** Of the record that this memtable's first word on the key replaced. */
    readonly dueBelow: Due = 0,
  ) {
    this.hi = hash.hi;
    this.lo = hash.lo;
  }

  get partition(): number {
    return partitionOfStorageKey(this.key);
  }
}

export interface MemtablePartition {
  readonly slots: Slot[];
  /** `null` says removed. */
  readonly hints: Map<HintKey, Hint | null>;
}

export class Memtable {
  readonly index = new SlotIndex<Slot>();
  private readonly parts: (MemtablePartition | undefined)[];
  /**
   * Log bytes it stands for, and `slotBytes` a key: what bounds memory (records are views into
   * whole batches), however small they are, and the time a replay takes, even when all writes go to
   * one key.
   */
  bytes = 0;
  /** Of these, what large records take (`largeRecordBytesMin`). */
  largeBytes = 0;
  /** Partitions with a change. */
  touched = 0;
  /** Its slots whose records hold values that expire, and those of which nothing lives. */
  readonly expiring = new DueQueue<Slot>();
  readonly dead = new DueQueue<Slot>();

  constructor(
    readonly partitions: number,
    /** Where the states lie that are written while it is the active one. */
    readonly arena: Arena,
  ) {
    this.parts = Array.from({ length: partitions });
  }

  /** Of a key that has no slot yet. */
  add(slot: Slot, hash: number): void {
    this.touch(slot.partition).slots.push(slot);
    this.index.add(slot, hash);
  }

  /** The slot's record is due at another second than the one before it. */
  isDue(slot: Slot, due: Due): void {
    if (due > 0) this.expiring.add(slot, due);
    else if (due < 0) this.dead.add(slot, -due);
  }

  part(partition: number): MemtablePartition | undefined {
    return this.parts[partition];
  }

  /** Also makes the partition's tree row part of the next flush. */
  touch(partition: number): MemtablePartition {
    let part = this.parts[partition];
    if (part === undefined) {
      part = { slots: [], hints: new Map() };
      this.parts[partition] = part;
      this.touched += 1;
    }
    return part;
  }
}

/** A memtable on its way into the tables. */
export interface FrozenMemtable {
  readonly memtable: Memtable;
  /** The trees that belong to exactly these records. */
  readonly trees: FrozenTrees;
  /** The log's last entry it holds. */
  readonly lastSequence: number;
}
