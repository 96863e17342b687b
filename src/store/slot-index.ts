/**
 * The slots of a memtable by key: open addressing with linear probing (Knuth, TAOCP 6.4, algorithm
 * L), the hash of a key beside the number of its slot. A search reads one cache line of the table
 * and the one slot it wants, where a `Map` reads every key it passes; and what a batch of searches
 * will read can be asked for at once.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';

export class SlotIndex<Slot extends { readonly key: StorageKey }> {
  private readonly slots: Slot[] = [];
  /**
   * Two numbers a cell: the hash of a key, and the number of its slot, from 1 on; 0: nobody's. At
   * least half of them are nobody's.
   */
  private cells = new Int32Array(2 * storeLimits.indexCellsMin);
  private mask = storeLimits.indexCellsMin - 1;

  /** `hash`: of the key, 32 bits signed; the same as when it was added. */
  find(key: StorageKey, hash: number): Slot | undefined {
    const { cells, mask } = this;
    for (let cell = hash & mask; ; cell = (cell + 1) & mask) {
      const number = cells[2 * cell + 1]!;
      if (number === 0) return undefined;
      if (cells[2 * cell] !== hash) continue;
      const slot = this.slots[number - 1]!;
      if (slot.key === key) return slot;
    }
  }

  /** Of a key that has none yet. */
  add(slot: Slot, hash: number): void {
    this.slots.push(slot);
    if (2 * this.slots.length > this.mask) this.grow();
    this.fill(hash, this.slots.length);
  }

  /**
   * For keys that are now searched one after the other: the processor fetches what lies on the way
   * to all of their slots. The result says nothing, but a load whose result goes nowhere would be
   * left out.
   */
  touch(hashes: Int32Array): number {
    const { cells, mask, slots } = this;
    let sum = 0;
    for (let i = 0; i < hashes.length; i++) sum ^= cells[2 * (hashes[i]! & mask)]!;
    for (let i = 0; i < hashes.length; i++) {
      const number = cells[2 * (hashes[i]! & mask) + 1]!;
      if (number !== 0) sum ^= slots[number - 1]!.key.length;
    }
    return sum;
  }

  private grow(): void {
    const before = this.cells;
    this.cells = new Int32Array(2 * before.length);
    this.mask = before.length - 1;
    for (let at = 0; at < before.length; at += 2)
      if (before[at + 1] !== 0) this.fill(before[at]!, before[at + 1]!);
  }

  private fill(hash: number, number: number): void {
    const { cells, mask } = this;
    let cell = hash & mask;
    while (cells[2 * cell + 1] !== 0) cell = (cell + 1) & mask;
    cells[2 * cell] = hash;
    cells[2 * cell + 1] = number;
  }
}
