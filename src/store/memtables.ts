/**
 * The memtables, from the active one back to the one flushed last. The youngest word on a key
 * counts.
 *
 * Only slots of the active memtable change. What is frozen stays as it is until it is in the
 * tables: a write makes a slot in the active memtable, where it is found first.
 */
import { hashText, mixed } from '../../actors/rules/hash.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import { Arena, type ChunkPool } from './arena.js';
import type { FrozenTrees } from './hash-trees.js';
import { Memtable, Slot, slotBytes, type FrozenMemtable } from './memtable.js';
import type { Held } from './record-codec.js';

export interface MemtablesOptions {
  readonly partitions: number;
  readonly chunks: ChunkPool;
  /** Nobody else knows it: keys can't be chosen for their places in the indexes. */
  readonly hashSeed: number;
  /** Its records are found no more, but may still be looked at by who found them in this turn. */
  readonly onDropped: (memtable: Memtable) => void;
}

export class Memtables {
  active: Memtable;
  /** Oldest first. */
  readonly frozen: FrozenMemtable[] = [];
  /** In the tables already, but what was written a moment ago is what is read and written next. */
  private flushed: Memtable | undefined;
  /** Where `findAll` leaves what it loads to no other end. */
  private touched = 0;

  constructor(private readonly options: MemtablesOptions) {
    this.active = this.empty();
  }

  private empty(): Memtable {
    const { partitions, chunks } = this.options;
    return new Memtable(partitions, new Arena(chunks));
  }

  get bytes(): number {
    let { bytes } = this.active;
    for (const { memtable } of this.frozen) bytes += memtable.bytes;
    return bytes;
  }

  find(key: StorageKey): Slot | undefined {
    return this.findHashed(key, this.hashOf(key));
  }

  private hashOf(key: StorageKey): number {
    return mixed(hashText(this.options.hashSeed, key)) | 0;
  }

  private findHashed(key: StorageKey, hash: number): Slot | undefined {
    const slot = this.active.index.find(key, hash);
    if (slot !== undefined) return slot;
    for (let i = this.frozen.length - 1; i >= 0; i--) {
      const older = this.frozen[i]!.memtable.index.find(key, hash);
      if (older !== undefined) return older;
    }
    return this.flushed?.index.find(key, hash);
  }

  /**
   * As `find` of each. A record lies some ten cache lines away from its key, each found through the
   * one before: loops as short as these have the lines of many keys under way at once, where a loop
   * that also works with them waits for each key's.
   */
  findAll(keys: readonly StorageKey[]): (Slot | undefined)[] {
    const hashes = new Int32Array(keys.length);
    for (let i = 0; i < keys.length; i++) hashes[i] = this.hashOf(keys[i]!);
    this.touched ^= this.active.index.touch(hashes);
    const slots = keys.map((key, i) => this.findHashed(key, hashes[i]!));
    for (const slot of slots) if (slot?.record !== undefined) this.touched ^= slot.record.head;
    return slots;
  }

  /** `slot` is the youngest one of its key, or none of a memtable's when there is none. */
  set(slot: Slot, record: Held | undefined): void {
    const { active } = this;
    const due = record === undefined ? 0 : record.due;
    const dueBefore = slot.record === undefined ? 0 : slot.record.due;
    if (record !== undefined && record.length >= storeLimits.largeRecordBytesMin)
      active.largeBytes += record.length;
    if (slot.memtable === active) {
      slot.record = record;
      if (due !== dueBefore) active.isDue(slot, due);
      return;
    }
    const { key } = slot;
    const added = new Slot(key, record, active, slot, dueBefore);
    active.add(added, this.hashOf(key));
    active.bytes += slotBytes;
    if (due !== 0) active.isDue(added, due);
  }

  /** What is not in the tables yet, the youngest word on each key; undefined: removed. */
  unflushed(partition: number): Map<StorageKey, Held | undefined> {
    const words = new Map<StorageKey, Held | undefined>();
    for (const { memtable } of this.frozen) speak(memtable, partition, words);
    speak(this.active, partition, words);
    return words;
  }

  /** The active memtable becomes the youngest frozen one. */
  freeze(trees: FrozenTrees, lastSequence: number): void {
    this.frozen.push({ memtable: this.active, trees, lastSequence });
    this.active = this.empty();
  }

  /** The oldest frozen one is in the tables now; the one before it is dropped. */
  oldestIsFlushed(): void {
    this.dropFlushed();
    this.flushed = this.frozen.shift()?.memtable;
  }

  /** Whether what is known of the key is not in the tables yet. */
  isUnflushed(key: StorageKey): boolean {
    const memtable = this.find(key)?.memtable;
    return memtable !== undefined && memtable !== this.flushed;
  }

  /** From now on only the tables speak of what was flushed. */
  dropFlushed(): void {
    if (this.flushed !== undefined) this.options.onDropped(this.flushed);
    this.flushed = undefined;
  }
}

function speak(
  memtable: Memtable,
  partition: number,
  words: Map<StorageKey, Held | undefined>,
): void {
  const part = memtable.part(partition);
  if (part !== undefined) for (const { key, record } of part.slots) words.set(key, record);
}
