/**
 * The one source of chance in a simulation: a seeded integer generator, forked by name for each
 * component, so that drawing more in one place does not shift what another draws.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand). Seeds are spread with MurmurHash3's finaliser.
 */
import type { Random } from '../../../src/seams/random.js';

export class SimRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(private readonly seed: string) {
    this.a = hashOf(seed, 0x9e3779b9);
    this.b = hashOf(seed, 0x85ebca6b);
    this.c = hashOf(seed, 0xc2b2ae35);
    for (let i = 0; i < 12; i++) this.next();
  }

  /**
   * Its own generator, a function of this one's seed and the label alone: not of how much was drawn
   * so far.
   */
  fork(label: string): SimRandom {
    return new SimRandom(`${this.seed}/${label}`);
  }

  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound <= 0) throw new RangeError(`below(${bound})`);
    if (bound <= 0x100000000) return Math.floor((this.next() / 0x100000000) * bound);
    const high = this.next() % 0x200000;
    return (high * 0x100000000 + this.next()) % bound;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    for (let i = 0; i < count; i++) bytes[i] = this.next() & 0xff;
    return bytes;
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `perMillion` of a million cases; draws nothing when that is 0. */
  chance(perMillion: number): boolean {
    return perMillion > 0 && this.below(1_000_000) < perMillion;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('pick from nothing');
    return item;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }

  /** Long tail: most draws near `typical`, a few many times it; integer ≥ 1. For latencies. */
  latency(typical: number): number {
    let value = this.between(Math.ceil(typical / 2), typical);
    while (value < typical * 100 && this.below(8) === 0) value += this.between(1, typical * 2);
    return Math.max(1, value);
  }

  private next(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }
}

function hashOf(text: string, salt: number): number {
  let hash = salt | 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0xcc9e2d51);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
