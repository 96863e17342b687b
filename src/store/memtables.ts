/**
 * The memtables, from the active one back to the one flushed last, and one index over all of them: it leads to the
 * youngest word on a key at one lookup, however many of them have one.
 *
 * Only slots of the active memtable change. What is frozen stays as it is until it is in the tables: a write makes a slot in
 * the active memtable, which takes the older one's place in the index.
 */
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import type { FrozenTrees } from './hash-trees.js';
import { Memtable, Slot, type FrozenMemtable } from './memtable.js';
import type { Held } from './record-codec.js';

export class Memtables {
  active: Memtable;
  /** Oldest first. */
  readonly frozen: FrozenMemtable[] = [];
  /** In the tables already, but what was written a moment ago is what is read and written next. */
  private flushed: Memtable | undefined;
  /** By partition, so that growing one is never long. */
  private readonly index: readonly Map<StorageKey, Slot>[];

  constructor(partitions: number) {
    this.active = new Memtable(partitions);
    this.index = Array.from({ length: partitions }, () => new Map());
  }

  get bytes(): number {
    let { bytes } = this.active;
    for (const { memtable } of this.frozen) bytes += memtable.bytes;
    return bytes;
  }

  find(key: StorageKey): Slot | undefined {
    return this.index[partitionOfStorageKey(key)]?.get(key);
  }

  set(slot: Slot, record: Held | undefined): void {
    const { active } = this;
    if (slot.memtable === active) {
      slot.record = record;
      return;
    }
    const { key, partition } = slot;
    const successor = new Slot(key, record, active, slot);
    slot.memtable = undefined;
    active.touch(partition).slots.push(successor);
    this.index[partition]!.set(key, successor);
  }

  /** What is not in the tables yet, the youngest word on each key; undefined: removed. */
  unflushed(partition: number): Map<StorageKey, Held | undefined> {
    const records = new Map<StorageKey, Held | undefined>();
    for (const [key, { memtable, record }] of this.index[partition]!)
      if (memtable !== this.flushed) records.set(key, record);
    return records;
  }

  /** The active memtable becomes the youngest frozen one. */
  freeze(trees: FrozenTrees, lastSequence: number): void {
    this.frozen.push({ memtable: this.active, trees, lastSequence });
    this.active = new Memtable(this.active.partitions);
  }

  /** The oldest frozen one is in the tables now; the one before it is forgotten. */
  oldestIsFlushed(): void {
    this.forgetFlushed();
    this.flushed = this.frozen.shift()?.memtable;
  }

  /** From now on only the tables speak of what was flushed. */
  forgetFlushed(): void {
    const { flushed } = this;
    for (let partition = 0; partition < this.index.length; partition++)
      for (const { key, memtable } of flushed?.part(partition)?.slots ?? [])
        if (memtable === flushed) this.index[partition]!.delete(key);
    this.flushed = undefined;
  }
}
