import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Chance } from '../../bench/load/chance.js';
import { fnv64, ScrambledZipfian, Zipfian } from '../../bench/load/zipfian.js';

/** As YCSB's Java computes it. */
function fnv64ByBigInt(value: number): bigint {
  let hash = 0xcbf29ce484222325n;
  let rest = BigInt(value);
  for (let i = 0; i < 8; i++) {
    hash = BigInt.asUintN(64, (hash ^ (rest & 0xffn)) * 0x100000001b3n);
    rest >>= 8n;
  }
  const signed = BigInt.asIntN(64, hash);
  return signed < 0n ? -signed : signed;
}

describe('key choice: YCSB', () => {
  test('the 64-bit hash is FNV-1a over eight bytes, made positive', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (value) => {
        const { high, low } = fnv64(value);
        expect((BigInt(high) << 32n) | BigInt(low)).toBe(fnv64ByBigInt(value));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test('ranks of 1000 keys come as often as 1 / rank^0.99 says, within a tenth', () => {
    const draws = 400_000;
    const count = 1_000;
    const zipfian = new Zipfian(new Chance(3), count);
    const seen = Array.from({ length: count }, () => 0);
    for (let i = 0; i < draws; i++) seen[zipfian.next()]!++;
    let zeta = 0;
    for (let rank = 1; rank <= count; rank++) zeta += rank ** -0.99;
    const share = (from: number, to: number): number => {
      let sum = 0;
      for (let rank = from; rank <= to; rank++) sum += rank ** -0.99 / zeta;
      return sum;
    };
    const drawn = (from: number, to: number): number =>
      seen.slice(from - 1, to).reduce((sum, times) => sum + times, 0) / draws;
    for (const [from, to] of [
      [1, 1],
      [2, 2],
      [3, 10],
      [11, 100],
      [101, 1000],
    ] as const)
      expect(Math.abs(drawn(from, to) / share(from, to) - 1)).toBeLessThan(0.1);
  });

  test('whatever the number of keys, and however it grows, a rank is one of them', () => {
    const growth = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(growth, fc.integer(), (steps, seed) => {
        let count = steps[0]!;
        const zipfian = new Zipfian(new Chance(seed), count);
        for (const step of steps) {
          count += step;
          zipfian.grow(count);
          for (let i = 0; i < 50; i++) {
            const rank = zipfian.next();
            expect(Number.isInteger(rank) && rank >= 0 && rank < count).toBe(true);
          }
        }
      }),
      { seed: 2 },
    );
  });

  test('grown key by key it draws as if it had always been that large', () => {
    const grown = new Zipfian(new Chance(7), 1);
    for (let count = 2; count <= 300; count++) grown.grow(count);
    const whole = new Zipfian(new Chance(7), 300);
    for (let i = 0; i < 500; i++) expect(grown.next()).toBe(whole.next());
  });

  test('scrambled over 1 … 5000 keys: each choice is a key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer(), (count, seed) => {
        const scrambled = new ScrambledZipfian(new Chance(seed), count);
        for (let i = 0; i < 50; i++) {
          const index = scrambled.next();
          expect(Number.isInteger(index) && index >= 0 && index < count).toBe(true);
        }
      }),
      { seed: 3 },
    );
  });

  test('scrambled over 1000 keys: a few are hot, and they do not lie together', () => {
    const scrambled = new ScrambledZipfian(new Chance(5), 1_000);
    const seen = Array.from({ length: 1_000 }, () => 0);
    for (let i = 0; i < 100_000; i++) seen[scrambled.next()]!++;
    const hottest = seen
      .map((times, index) => ({ times, index }))
      .sort((a, b) => b.times - a.times)
      .slice(0, 3);
    expect(hottest[0]!.times).toBeGreaterThan(2_000);
    const [a, b, c] = hottest.map(({ index }) => index).sort((a, b) => a - b);
    expect(Math.max(b! - a!, c! - b!)).toBeGreaterThan(50);
  });
});
