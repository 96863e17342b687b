import { describe, expect, test } from '@jest/globals';
import { afterAnswer, patienceMs, unknownRoundTrip } from '../../../actors/rules/round-trip.js';

function after(...tookMs: readonly number[]): number {
  return patienceMs(tookMs.reduce(afterAnswer, unknownRoundTrip));
}

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('patience', () => {
  test('nothing is known: none', () => {
    expect(patienceMs(unknownRoundTrip)).toBe(0);
  });

  test('the first answer counts threefold', () => {
    expect(after(10)).toBe(30);
  });

  test('answers that always take 10 ms: little more than that', () => {
    expect(after(...times(50, 10))).toBeLessThan(10.1);
  });

  test('answers between 5 and 15 ms: more than the slowest, less than three times that', () => {
    const uneven = times(60, 0).map((_, i) => (i % 2 === 0 ? 5 : 15));
    expect(after(...uneven)).toBeGreaterThan(15);
    expect(after(...uneven)).toBeLessThan(45);
  });

  test('everybody becomes 40 times slower: the first slow answers already stretch it beyond the next', () => {
    const calm = times(50, 5);
    expect(after(...calm, 200)).toBeGreaterThan(200);
    expect(after(...calm, 200, 200)).toBeGreaterThan(200);
    expect(after(...calm, ...times(60, 200))).toBeGreaterThanOrEqual(200);
  });

  test('and fast again: back below twice the usual after 40 answers', () => {
    expect(after(...times(50, 200), ...times(40, 5))).toBeLessThan(20);
  });
});
