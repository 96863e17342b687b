/**
 * Which keys are popular, as in the Yahoo! Cloud Serving Benchmark (Cooper et al., SoCC 2010, and
 * its `ZipfianGenerator`, `ScrambledZipfianGenerator`, `SkewedLatestGenerator`): ranks after Gray
 * et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994).
 */
import type { Chance } from './chance.js';

/**
 * YCSB's constant: the most popular tenth of 10 000 keys gets about three quarters of the requests.
 */
const theta = 0.99;
const alpha = 1 / (1 - theta);

/** Ranks 0 … count − 1, rank 0 most often. The count may grow. */
export class Zipfian {
  private zetaN = 0;
  private eta = 0;
  private size = 0;

  constructor(
    private readonly chance: Chance,
    count: number,
    /** Σ 1 / i^theta for i = 1 … count, where it is known: the sum takes its time. */
    knownZeta?: number,
  ) {
    if (knownZeta === undefined) this.grow(count);
    else this.settle(count, knownZeta);
  }

  get count(): number {
    return this.size;
  }

  grow(count: number): void {
    let zeta = this.zetaN;
    for (let i = this.size + 1; i <= count; i++) zeta += 1 / i ** theta;
    this.settle(count, zeta);
  }

  next(): number {
    const u = this.chance.fraction();
    const uz = u * this.zetaN;
    if (uz < 1 || this.size === 1) return 0;
    if (uz < 1 + 0.5 ** theta) return 1;
    const rank = Math.floor(this.size * (this.eta * u - this.eta + 1) ** alpha);
    return Math.min(rank, this.size - 1);
  }

  private settle(count: number, zeta: number): void {
    const zeta2 = 1 + 0.5 ** theta;
    this.size = count;
    this.zetaN = zeta;
    this.eta = count <= 2 ? 1 : (1 - (2 / count) ** (1 - theta)) / (1 - zeta2 / zeta);
  }
}

/** YCSB draws from so many ranks whatever the number of keys, and knows their sum. */
const scrambledRanks = 10_000_000_000;
const scrambledZeta = 26.46902820178302;

/** Zipfian, but the popular keys lie anywhere among all. */
export class ScrambledZipfian {
  private readonly ranks: Zipfian;

  constructor(
    chance: Chance,
    private readonly count: number,
  ) {
    this.ranks = new Zipfian(chance, scrambledRanks, scrambledZeta);
  }

  next(): number {
    const { high, low } = fnv64(this.ranks.next());
    // (high × 2³² + low) mod count, in steps that stay exact.
    const { count } = this;
    return ((((high % count) * (2 ** 32 % count)) % count) + (low % count)) % count;
  }
}

/** The magnitude of a 64-bit hash. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/**
 * YCSB's `fnvhash64`: FNV-1a over the eight bytes, lowest first, and the absolute value of what
 * Java makes a signed number.
 */
export function fnv64(value: number): Hash64 {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  let rest = value;
  for (let i = 0; i < 8; i++) {
    low = (low ^ (rest % 256)) >>> 0;
    rest = Math.floor(rest / 256);
    // × 0x100000001b3 = 2⁴⁰ + 435
    const lowProduct = low * 435;
    high = (high * 435 + Math.floor(lowProduct / 2 ** 32) + ((low << 8) >>> 0)) % 2 ** 32;
    low = lowProduct % 2 ** 32;
  }
  if (high < 2 ** 31) return { high, low };
  const negated = low === 0 ? 0 : 2 ** 32 - low;
  return { high: (2 ** 32 - high - (low === 0 ? 0 : 1)) % 2 ** 32, low: negated };
}
