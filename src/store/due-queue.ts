/**
 * Slots of one memtable by the second at which they are to be looked at. What a slot holds may have
 * changed since: who takes it looks. A second is one list, so most calls cost no more than that.
 */
export class DueQueue<Slot> {
  private readonly slots = new Map<number, Slot[]>();
  /** Its seconds, as a binary heap: the least first. */
  private readonly heap: number[] = [];

  /** The least there is; Infinity: none. */
  get first(): number {
    return this.heap[0] ?? Infinity;
  }

  add(slot: Slot, second: number): void {
    const known = this.slots.get(second);
    if (known !== undefined) {
      known.push(slot);
      return;
    }
    this.slots.set(second, [slot]);
    this.push(second);
  }

  /** Those of seconds up to that, at most so many; they are in it no more. */
  take(second: number, limit: number): Slot[] {
    const taken: Slot[] = [];
    while (taken.length < limit && this.first <= second) {
      const of = this.slots.get(this.first)!;
      while (taken.length < limit && of.length > 0) taken.push(of.pop()!);
      if (of.length > 0) break;
      this.slots.delete(this.first);
      this.pop();
    }
    return taken;
  }

  private push(second: number): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(second);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= second) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = second;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
