import { expect, test } from '@jest/globals';
import {
  configurationOf,
  courseOf,
  isServed,
  mayReconcile,
  unsaid,
} from '../../../actors/rules/said-configuration.js';
import { limits } from '../../../actors/rules/limits.js';
import { ringOf } from '../../../actors/rules/ring.js';

const member = (id: string) => ({ id, host: id, zone: '', weight: 1 });

test('the same members in any order are one configuration of 32 bits, others another', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(member) as [ReturnType<typeof member>, never, never];
  const own = configurationOf(ringOf([a, b, c], 16));
  expect(configurationOf(ringOf([c, a, b], 16))).toBe(own);
  for (const others of [[], [a], [a, b], [a, b, { ...member('c'), host: 'b' }]])
    expect(configurationOf(ringOf(others, 16))).not.toBe(own);
  expect(own).toBe(own >>> 0);
});

test('a receiver serves its own configuration, and what says none', () => {
  expect(isServed(7, 7)).toBe(true);
  expect(isServed(unsaid, 7)).toBe(true);
  expect(isServed(8, 7)).toBe(false);
  expect(isServed(0, 7)).toBe(false);
});

test('a round is planned anew when its own node has learned, else the other is asked again', () => {
  expect(courseOf(7, 7)).toBe('again');
  expect(courseOf(7, 8)).toBe('anew');
});

test('a node that differs is told no more often than it is asked again', () => {
  expect(mayReconcile(-Infinity, 0)).toBe(true);
  expect(mayReconcile(100, 99 + limits.configurationAgainMs)).toBe(false);
  expect(mayReconcile(100, 100 + limits.configurationAgainMs)).toBe(true);
});
