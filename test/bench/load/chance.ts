/** xorshift32 (Marsaglia 2003): cheap enough not to be measured itself. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  below(bound: number): number {
    return this.next() % bound;
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  private next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }
}
