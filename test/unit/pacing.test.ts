import { expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { Pacing } from '../../src/membership/pacing.js';
import { idOf } from '../support/configurations.js';
import { ManualClock } from '../support/manual-clock.js';

test('for each node once in a while', () => {
  const clock = new ManualClock();
  const pacing = new Pacing(clock);
  expect([1, 2, 1].map((number) => pacing.may(idOf(number)))).toEqual([true, true, false]);
  clock.advance(limits.configurationAgainMsMax - 1);
  expect(pacing.may(idOf(1))).toBe(false);
  clock.advance(1);
  expect([1, 1].map((number) => pacing.may(idOf(number)))).toEqual([true, false]);
});

test('of more nodes than a cluster has, the one of longest ago is forgotten', () => {
  const clock = new ManualClock();
  const pacing = new Pacing(clock);
  for (let number = 0; number <= limits.membersMax; number++) pacing.may(idOf(number));
  expect([1, limits.membersMax].map((number) => pacing.may(idOf(number)))).toEqual([false, false]);
  expect(pacing.may(idOf(0))).toBe(true);
});
