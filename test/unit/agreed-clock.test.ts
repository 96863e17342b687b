import { expect, test } from '@jest/globals';
import { AgreedClock } from '../../src/seams/agreed-clock.js';
import type { Clock } from '../../src/seams/clock.js';

const nowMs = 1_767_225_600_000;

/** Monotonic and wall time are one, but for what the machine's wall clock is off by. */
function agreedClock(offMs = 0): AgreedClock {
  return new AgreedClock({ wallMs: () => nowMs + offMs, monotonicMs: () => nowMs } as Clock);
}

/** A node's wall clock, off by so much, as far as words about it tell. */
function off(ms: number) {
  return { leastMs: ms - 2, mostMs: ms + 2 };
}

test('a node that has heard of one wrong clock, and not of three that are there, goes by its own', () => {
  const clock = agreedClock();
  clock.expect(['n1', 'n2', 'n3', 'n5']);
  clock.told('n1', off(-44_037));
  expect(clock.wallMs()).toBe(nowMs);
  clock.told('n2', off(0));
  expect(clock.wallMs()).toBe(nowMs);
});

test('once most have told, who is off goes by them', () => {
  const clock = agreedClock(50_000);
  clock.expect(['n1', 'n2', 'n3', 'n5']);
  for (const node of ['n1', 'n2', 'n3']) clock.told(node, off(0));
  expect(Math.abs(clock.wallMs() - nowMs)).toBeLessThanOrEqual(2);
});

test('of two that are there, both go by the clock that is behind, whoever else is down', () => {
  const clock = agreedClock();
  clock.expect(['n1', 'n2']);
  clock.told('n1', off(-44_037));
  expect(clock.wallMs()).toBe(nowMs);
  clock.expect(['n1']);
  expect(Math.abs(clock.wallMs() - (nowMs - 44_037))).toBeLessThanOrEqual(2);
});

test('the time is told once most of those who are there have, or nobody is', () => {
  const clock = agreedClock();
  expect(clock.isTold).toBe(true);
  clock.expect(['n1', 'n2', 'n3', 'n5']);
  for (const node of ['n1', 'n2']) clock.told(node, off(0));
  expect(clock.isTold).toBe(false);
  clock.told('n3', off(0));
  expect(clock.isTold).toBe(true);
});
