import { describe, expect, test } from '@jest/globals';
import { assert, boolean, double, integer, property, record } from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import { yieldingLimits } from '../../../actors/rules/limits/yielding.js';
import { lateWith, restAfter, type Strain } from '../../../actors/rules/yielding.js';

const { restMsMin, restMsMax, restShareCalm, restShareServing, restShareStrained } = yieldingLimits;
const { lateMsStrained, backlogStrained } = yieldingLimits;
const calm: Strain = { isServing: false, lateMs: 0, backlog: 0 };

const strains = record({
  isServing: boolean(),
  lateMs: double({ min: 0, max: 1_000, noNaN: true }),
  backlog: double({ min: 0, max: 4, noNaN: true }),
});
const works = double({ min: 0, max: 10_000, noNaN: true });

describe('the rest after a piece of work', () => {
  test.each<[string, number, Strain, number]>([
    ['nobody asks anything', 5, calm, 5 * restShareCalm],
    ['requests come', 5, { ...calm, isServing: true }, 5 * restShareServing],
    ['they have to wait', 5, { ...calm, lateMs: lateMsStrained }, 5 * restShareStrained],
    ['the disk is behind', 5, { ...calm, backlog: backlogStrained }, 5 * restShareStrained],
    ['it took no time', 0, calm, restMsMin],
    ['it took very long', 1_000, { ...calm, lateMs: 1_000 }, restMsMax],
  ])('%s', (_, workMs, strain, expected) => {
    expect(restAfter(workMs, strain)).toBe(expected);
  });

  test('is never shorter for more work, nor for more that has to wait; and always ends', () => {
    const more = property(works, works, strains, strains, (work, moreWork, strain, other) => {
      const rest = restAfter(work, strain);
      expect(rest).toBeGreaterThanOrEqual(restMsMin);
      expect(rest).toBeLessThanOrEqual(restMsMax);
      const worse: Strain = {
        isServing: strain.isServing || other.isServing,
        lateMs: Math.max(strain.lateMs, other.lateMs),
        backlog: Math.max(strain.backlog, other.backlog),
      };
      expect(restAfter(work + moreWork, worse)).toBeGreaterThanOrEqual(rest);
    });
    assert(more, { seed: 19, numRuns: 2_000 });
  });
});

describe('how late timers fire', () => {
  test('nothing, as long as they fire as Node and the clock have them', () => {
    expect(lateWith(0, { restMs: 20, afterMs: 20.9 })).toBe(0);
    expect(lateWith(0, { restMs: 70, afterMs: 70 + limits.timerStepMs })).toBe(0);
    expect(lateWith(0, { restMs: 20, afterMs: 3 })).toBe(0);
  });

  test('on the average of the last ones: one standstill passes', () => {
    let late = lateWith(0, { restMs: 10, afterMs: 10 + 400 });
    expect(late).toBeGreaterThan(lateMsStrained);
    for (let i = 0; i < 20; i++) late = lateWith(late, { restMs: 10, afterMs: 10.5 });
    expect(late).toBeLessThan(lateMsStrained / 4);
  });

  test('comes near to what it always is, from wherever', () => {
    const usual = property(works, integer({ min: 0, max: 100 }), (before, always) => {
      let late = before;
      const { timerGrainMs } = yieldingLimits;
      for (let i = 0; i < 60; i++)
        late = lateWith(late, { restMs: 10, afterMs: 10 + timerGrainMs + always });
      expect(Math.abs(late - always)).toBeLessThan(0.01 + before / 1e6);
    });
    assert(usual, { seed: 19 });
  });
});
