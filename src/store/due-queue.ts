/**
 * Slots of one memtable by the second at which they are to be looked at. What a slot holds may have
 * changed since: who takes it looks. A second is one list, so most calls cost no more than that.
 */
import { DueHeap, type Due } from './due-heap.js';

interface DueSecond<Slot> extends Due {
  readonly slots: Slot[];
}

export class DueQueue<Slot> {
  private readonly seconds = new Map<number, DueSecond<Slot>>();
  private readonly heap = new DueHeap<DueSecond<Slot>>();

  /** The least there is; Infinity: none. */
  get first(): number {
    return this.heap.first?.at ?? Infinity;
  }

  add(slot: Slot, second: number): void {
    const known = this.seconds.get(second);
    if (known !== undefined) {
      known.slots.push(slot);
      return;
    }
    const due = { at: second, order: 0, slots: [slot] };
    this.seconds.set(second, due);
    this.heap.push(due);
  }

  /** Those of seconds up to that, at most so many; they are in it no more. */
  take(second: number, limit: number): Slot[] {
    const taken: Slot[] = [];
    while (taken.length < limit && this.first <= second) {
      const { at, slots } = this.heap.first!;
      while (taken.length < limit && slots.length > 0) taken.push(slots.pop()!);
      if (slots.length > 0) break;
      this.seconds.delete(at);
      this.heap.pop();
    }
    return taken;
  }
}
