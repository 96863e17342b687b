import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import {
  afterWord,
  momentThere,
  noMoment,
  type Moment,
  type ToldClock,
} from '../../../actors/rules/told-clock.js';

const process = 7;
const seed = 20_261_128;

describe('what is known of a clock', () => {
  test('is never ahead of it, however long words travel and at whatever rate it runs', () => {
    const words = fc.array(
      fc.record({
        betweenMs: fc.oneof(fc.nat(30_000), fc.nat(24 * 3_600_000)),
        onTheWayMs: fc.nat(9_000),
      }),
      { minLength: 1, maxLength: 40 },
    );
    const rate = fc.integer({ min: 1 - limits.clockRatePpmMax, max: limits.clockRatePpmMax - 1 });
    fc.assert(
      fc.property(words, rate, fc.nat(1e6), fc.nat(60_000), (list, ppm, startMs, aheadMs) => {
        const there = (ms: number): number => startMs + ms * (1 + ppm / 1e6);
        let known: ToldClock | undefined;
        let nowMs = 0;
        for (const { betweenMs, onTheWayMs } of list) {
          nowMs += betweenMs + onTheWayMs;
          const told: Moment = { process, ms: Math.floor(there(nowMs - onTheWayMs)) };
          known = afterWord(known, told, nowMs);
          const { ms } = momentThere(known, nowMs + aheadMs, nowMs);
          expect(ms).toBeLessThanOrEqual(there(nowMs) + aheadMs);
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  test('is as good as the quickest of the last words', () => {
    let known: ToldClock | undefined;
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 1_000) {
      const onTheWayMs = nowMs % 4_000 === 0 ? 1 : 700;
      known = afterWord(known, { process, ms: 500 + nowMs - onTheWayMs }, nowMs);
    }
    const behindMs = 20_500 - momentThere(known!, 20_000, 20_000).ms;
    expect(behindMs).toBeGreaterThanOrEqual(1);
    expect(behindMs).toBeLessThan(15);
  });

  test('is soon true again when the clock has stood still', () => {
    let known: ToldClock | undefined;
    for (let nowMs = 0; nowMs <= 30_000; nowMs += 1_000) {
      const stoodMs = nowMs < 10_000 ? 0 : 3_600;
      known = afterWord(known, { process, ms: 10_000 + nowMs - stoodMs }, nowMs);
    }
    const { ms } = momentThere(known!, 30_000, 30_000);
    expect(ms).toBeLessThanOrEqual(36_400);
    expect(ms).toBeGreaterThan(36_350);
  });

  test('is as good as a new word after a long silence', () => {
    let known: ToldClock | undefined;
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 1_000)
      known = afterWord(known, { process, ms: 500 + nowMs }, nowMs);
    const nowMs = 10 * 3_600_000;
    known = afterWord(known, { process, ms: 500 + nowMs - 1 }, nowMs);
    expect(500 + nowMs - momentThere(known, nowMs, nowMs).ms).toBeLessThan(15);
    // One that was late says less than is known.
    known = afterWord(known, { process, ms: 2 * nowMs - 90_000 }, 2 * nowMs);
    expect(500 + 2 * nowMs - momentThere(known, 2 * nowMs, 2 * nowMs).ms).toBeLessThan(40_000);
  });

  test('begins anew with each process', () => {
    const before = afterWord(undefined, { process, ms: 1e6 }, 10);
    const after = afterWord(before, { process: 8, ms: 5 }, 20);
    expect(momentThere(after, 120, 20)).toEqual({ process: 8, ms: 105 });
    expect(noMoment.process).toBe(0);
  });
});
