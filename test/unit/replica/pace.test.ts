import { beforeEach, expect, test } from '@jest/globals';
import { yieldingLimits } from '../../../actors/rules/limits/yielding.js';
import { Pace } from '../../../src/replica/pace.js';
import type { TimerId } from '../../../src/seams/clock.js';
import { ManualClock } from '../../support/manual-clock.js';

const { restShareCalm, restShareServing, restShareStrained, restMsMin, restMsMax, servingMs } =
  yieldingLimits;

/** Its timers fire so much too late. */
class LateClock extends ManualClock {
  lateMs = 0;

  override setTimeout(callback: () => void, delayMs: number): TimerId {
    return super.setTimeout(callback, delayMs + this.lateMs);
  }
}

let clock: LateClock;
let store: { asked: number; backlog: number };
let pace: Pace;

beforeEach(() => {
  clock = new LateClock();
  store = { asked: 0, backlog: 0 };
  pace = new Pace(clock, { load: store });
});

/** It takes so long, and asks the store that often itself. */
const work = (ms: number, asks = 1): string =>
  pace.work(() => {
    clock.advance(ms);
    store.asked += asks;
    return 'done';
  });

test('rests for what its own pieces took since the last rest, whoever they ask', () => {
  expect(work(2)).toBe('done');
  work(1);
  expect(pace.restMs()).toBe(3 * restShareCalm);
  clock.advance(restMsMax);
  expect(pace.restMs()).toBe(restMsMin);
});

test('a piece that fails counts, too', () => {
  expect(() =>
    pace.work(() => {
      clock.advance(4);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(pace.restMs()).toBe(4 * restShareCalm);
});

test('others ask the store: it rests longer, until nobody has for a while', () => {
  store.asked++;
  work(3);
  expect(pace.restMs()).toBe(3 * restShareServing);
  clock.advance(servingMs - 4);
  work(3);
  expect(pace.restMs()).toBe(3 * restShareServing);
  clock.advance(servingMs);
  work(3);
  expect(pace.restMs()).toBe(3 * restShareCalm);
});

test('the disk is behind: it rests for longest', () => {
  store.backlog = 1;
  work(3);
  expect(pace.restMs()).toBe(3 * restShareStrained);
});

test('timers fire late: it rests longer, and no timer is set while one is', () => {
  clock.lateMs = 50;
  for (let i = 0; i < 20; i++) {
    work(3);
    pace.restMs();
    pace.restMs();
    expect(clock.pending).toBe(1);
    clock.advance(restMsMax + clock.lateMs);
  }
  work(3);
  expect(pace.restMs()).toBe(3 * restShareStrained);
});
