/** What is due at a time; of several at one time, in an order. Neither changes while it is held. */
export interface Due {
  readonly at: number;
  readonly order: number;
}

/** A binary heap of what is due: the least first. */
export class DueHeap<D extends Due> {
  private readonly heap: D[] = [];

  get first(): D | undefined {
    return this.heap[0];
  }

  get size(): number {
    return this.heap.length;
  }

  push(due: D): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  /** Takes the first away. */
  pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}
