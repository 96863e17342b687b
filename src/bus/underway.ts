/**
 * What is under way for a short time: few at once, thousands a second, and mostly the oldest ends
 * first.
 *
 * An array and no `Map` or `Set`: when one of those makes room for what comes, it leaves a table
 * behind, still filled and referring to the next; one such table in V8's old space keeps all that
 * was ever under way later alive until the next full collection. A map of one turn is therefore
 * replaced, not cleared.
 */
export class Underway<T> {
  private readonly things: T[] = [];

  get size(): number {
    return this.things.length;
  }

  begin(thing: T): void {
    this.things.push(thing);
  }

  find(is: (thing: T) => boolean): T | undefined {
    return this.things.find(is);
  }

  /** False when it was over already. */
  end(thing: T): boolean {
    const index = this.things.indexOf(thing);
    if (index < 0) return false;
    this.things.splice(index, 1);
    return true;
  }

  /** Finds one and ends it. */
  take(is: (thing: T) => boolean): T | undefined {
    const index = this.things.findIndex(is);
    return index < 0 ? undefined : this.things.splice(index, 1)[0];
  }

  endAll(): void {
    this.things.length = 0;
  }

  /** A snapshot, oldest first, so that the loop over it may begin and end things. */
  all(): T[] {
    return [...this.things];
  }
}
