import { expect, test } from '@jest/globals';
import {
  courseOf,
  isServed,
  mayReconcile,
  unsaid,
} from '../../../actors/rules/said-configuration.js';
import { limits } from '../../../actors/rules/limits.js';

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
  expect(mayReconcile(100, 99 + limits.configurationAgainMsMax)).toBe(false);
  expect(mayReconcile(100, 100 + limits.configurationAgainMsMax)).toBe(true);
});
