import { expect, test } from '@jest/globals';
import { highestOf } from '../../bench/expiring.js';

test('the longest of what a histogram counted is the bound of its last bar, and unknown above all', () => {
  const upTo = [1, 2, 4];
  expect(highestOf(undefined)).toBe(0);
  expect(highestOf({ upTo, counts: [0, 0, 0, 0], sum: 0 })).toBe(0);
  expect(highestOf({ upTo, counts: [9, 1, 0, 0], sum: 9 })).toBe(2);
  expect(highestOf({ upTo, counts: [9, 0, 0, 1], sum: 99 })).toBe(Infinity);
  expect(highestOf({ upTo, counts: [9, 2, 0, 1], sum: 99 }, [8, 1, 0, 1])).toBe(2);
});
