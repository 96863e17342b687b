/**
 * A list that forgets its oldest: each element has a number that stays its own, so whoever reads
 * on from where it was sees what came since.
 */
export class BoundedList<T> {
  private elements: T[] = [];
  /** The first of `elements` that is still there: they are moved seldom, not each time. */
  private offset = 0;
  private forgotten = 0;

  constructor(private readonly lengthMax: number) {}

  /** The number of the oldest one. */
  get first(): number {
    return this.forgotten;
  }

  /** The number that the next one will have. */
  get next(): number {
    return this.forgotten + this.length;
  }

  get length(): number {
    return this.elements.length - this.offset;
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.elements.at(-1);
  }

  /** By its number. */
  at(number: number): T | undefined {
    const index = number - this.forgotten;
    return index < 0 ? undefined : this.elements[this.offset + index];
  }

  /** From the number on, as far as they are still there. */
  since(number: number): T[] {
    return this.elements.slice(this.offset + Math.max(0, number - this.forgotten));
  }

  push(elements: readonly T[]): void {
    for (const element of elements) this.elements.push(element);
    const tooMany = this.length - this.lengthMax;
    if (tooMany <= 0) return;
    this.offset += tooMany;
    this.forgotten += tooMany;
    if (this.offset < this.lengthMax / 4) return;
    this.elements = this.elements.slice(this.offset);
    this.offset = 0;
  }

  clear(): void {
    this.forgotten = this.next;
    this.elements = [];
    this.offset = 0;
  }

  /**
   * The number of the first for which `isPast` holds, in a list where it holds for all after that.
   */
  firstWhere(isPast: (element: T) => boolean): number {
    let low = this.first;
    let high = this.next;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(this.at(middle)!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
