import { expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import { OwnHealth } from '../../src/membership/own-health.js';

const { reviewIntervalMs, waitMsMax } = limits;

function health() {
  const state = { lagMs: 0 };
  const late: number[] = [];
  const timerRang = (ms: number): void => void late.push(ms);
  return { state, late, own: new OwnHealth({ lagMs: () => state.lagMs, timerRang }) };
}

test('a strike for each time it is late, or behind with what it reads; bounded, and forgiven', () => {
  const { own, state } = health();
  own.review(5_000);
  own.review(5_000 + reviewIntervalMs + 20);
  expect(own.strikes).toBe(0);
  own.review(5_020 + 3 * reviewIntervalMs);
  expect(own.strikes).toBe(1);
  state.lagMs = waitMsMax + 1;
  for (let i = 4; i < 20; i++) own.review(5_000 + i * reviewIntervalMs);
  expect(own.strikes).toBe(gossipLimits.strikesMax);
  for (let i = 0; i < gossipLimits.strikesMax; i++) own.forgive();
  expect(own.strikes).toBe(0);
  own.forgive();
  expect(own.strikes).toBe(0);
});

test('it tells how late it is each time: by what a timer rings late, in the steps of timers', () => {
  const { own, late } = health();
  own.review(1_000);
  own.review(1_256);
  own.review(1_256 + 256 + 700);
  expect(late).toEqual([0, 700]);
});

test('a rest is not late', () => {
  const { own, late } = health();
  own.review(0);
  own.rest();
  own.review(60_000);
  expect(own.strikes).toBe(0);
  expect(late).toEqual([]);
});
