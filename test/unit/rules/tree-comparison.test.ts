import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  differingKeys,
  differingPositions,
  nextToVisit,
} from '../../../actors/rules/tree-comparison.js';

const digest = fc.record({ hi: fc.nat(1), lo: fc.nat(2) });

test('tree comparison: keys that differ, against a naive comparison of maps', () => {
  const side = fc.dictionary(fc.stringMatching(/^[a-f]{1,2}$/), digest);
  fc.assert(
    fc.property(side, side, (mine, theirs) => {
      const listOf = (map: typeof mine) =>
        Object.keys(map)
          .sort()
          .map((key) => ({ key, digest: map[key]! }));
      const all = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort();
      const expected = all.filter(
        (key) => JSON.stringify(mine[key]) !== JSON.stringify(theirs[key]),
      );
      expect(differingKeys(listOf(mine), listOf(theirs))).toEqual(expected);
    }),
    { seed: 7, numRuns: 2_000 },
  );
});

test('tree comparison: leaves that differ; a missing one differs', () => {
  const one = { hi: 1, lo: 1 };
  const two = { hi: 1, lo: 2 };
  expect(differingPositions([one, two, one], [one, one, one])).toEqual([1]);
  expect(differingPositions([one], [one, two])).toEqual([1]);
  expect(differingPositions([], [])).toEqual([]);
});

test('whom to compare with: each in its turn, first those with whom it is urgent', () => {
  const reachable = ['a', 'b', 'c'];
  const next = (last: string, ...urgent: readonly string[]) =>
    nextToVisit(reachable, new Set(urgent), last);
  expect(['', 'a', 'b', 'c'].map((last) => next(last))).toEqual(['a', 'b', 'c', 'a']);
  expect(['', 'a', 'b', 'c'].map((last) => next(last, 'b', 'c'))).toEqual(['b', 'b', 'c', 'b']);
  // Urgent, and not there.
  expect(next('a', 'd')).toBe('b');
  expect(nextToVisit([], new Set(['d']), 'a')).toBeUndefined();
});
