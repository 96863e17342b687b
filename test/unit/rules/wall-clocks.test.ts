import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import {
  aheadOfMedianMs,
  boundsOf,
  isFarOff,
  medianBounds,
  nobodyTold,
  type ClockBounds,
} from '../../../actors/rules/wall-clocks.js';

const hour = 3_600_000;

function exactly(clocksMs: readonly number[]): ClockBounds[] {
  return clocksMs.map((ms) => ({ leastMs: ms, mostMs: ms }));
}

describe('the median of wall clocks', () => {
  test('is the lower median of all, the own included', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer(), { maxLength: 9 }), (own, others) => {
        const all = [own, ...others].sort((a, b) => a - b);
        const median = all[Math.ceil(all.length / 2) - 1]!;
        expect(own - aheadOfMedianMs(own, medianBounds(exactly(others)))).toBe(median);
      }),
      { seed: 20_261_128, numRuns: 500 },
    );
  });

  test.each([
    ['nobody has told anything', hour, [], 0],
    ['among others that agree', 3, [0, 5], 0],
    ['it jumped ahead', hour, [0, 5], hour - 5],
    ['it fell behind', -hour, [0, 5], -hour],
    ['one of the others jumped', 3, [0, hour], 0],
    ['two nodes, the own ahead', hour, [0], hour],
    ['two nodes, the own behind', 0, [hour], 0],
  ])('%s', (_what, own, others, aheadMs) => {
    const bounds = others.length === 0 ? nobodyTold : medianBounds(exactly(others));
    expect(aheadOfMedianMs(own, bounds)).toBe(aheadMs);
  });

  test('a clock within the bound counts as right', () => {
    const { wallSkewMsMax } = limits;
    expect([wallSkewMsMax, -wallSkewMsMax].map(isFarOff)).toEqual([false, false]);
    expect([wallSkewMsMax + 1, -wallSkewMsMax - 1].map(isFarOff)).toEqual([true, true]);
  });

  test('what is known badly says the least it can: the true median is never passed', () => {
    const clock = fc.record({ ms: fc.integer(), lateMs: fc.nat(9_000), earlyMs: fc.nat(9_000) });
    fc.assert(
      fc.property(fc.integer(), fc.array(clock, { maxLength: 9 }), (own, others) => {
        const exact = aheadOfMedianMs(own, medianBounds(exactly(others.map(({ ms }) => ms))));
        const told = others.map(({ ms, lateMs, earlyMs }) => {
          return boundsOf(ms - lateMs, ms + earlyMs);
        });
        const aheadMs = aheadOfMedianMs(own, medianBounds(told));
        expect(Math.abs(aheadMs)).toBeLessThanOrEqual(Math.abs(exact));
        expect(aheadMs * exact).toBeGreaterThanOrEqual(0);
      }),
      { seed: 20_261_128, numRuns: 500 },
    );
  });

  test('a clock of which nobody knows how far it is ahead at most makes nobody ahead of it', () => {
    const others = [0, 5].map((leastMs) => ({ leastMs, mostMs: Infinity }));
    expect(aheadOfMedianMs(hour, medianBounds(others))).toBe(0);
    expect(aheadOfMedianMs(-hour, medianBounds(others))).toBe(-hour);
  });
});
