/** Since when targets are to receive what they are to receive now. */
import { expect, test } from '@jest/globals';
import type { Configuration } from '../../actors/rules/configuration.js';
import {
  begin,
  cancelled,
  foundingConfiguration,
  moved,
  removal,
} from '../../actors/rules/steps.js';
import { TargetsAsked } from '../../src/membership/targets-asked.js';
import { idOf, placesOf, taken } from '../support/configurations.js';

const founded = foundingConfiguration(placesOf(1, 2, 3), 4);
const begun = taken(begin(founded, { members: placesOf(1, 2, 3, 4), ring: 1, removed: [] }));
const first = taken(moved(begun, [1]));
const back = taken(cancelled(first));
const forth = taken(cancelled(back));
const without = taken(removal(forth, [idOf(3)]));

function sinces(...known: Configuration[]): number[] {
  const asked = new TargetsAsked();
  return known.map((configuration) => asked.review(configuration));
}

test('since the move began, whatever has moved', () => {
  expect(sinces(founded, begun, begun, first)).toEqual([1, 2, 2, 2]);
});

test('since a cancel, and since somebody was removed', () => {
  expect(sinces(begun, first, back, forth, without)).toEqual([2, 2, 4, 5, 6]);
});

test('of who has passed some over, since the one it knows: there may have been two cancels', () => {
  expect(sinces(first, forth)).toEqual([3, 5]);
});
