import { beforeEach, expect, test } from '@jest/globals';
import type { Configuration } from '../../actors/rules/configuration.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { placementOf } from '../../actors/rules/placement.js';
import { isHeardOf } from '../../actors/rules/transfer.js';
import { Problems } from '../../src/membership/problems.js';
import { Unheard } from '../../src/membership/unheard.js';
import { ManualClock } from '../support/manual-clock.js';

const partitions = 4;
const all = [0, 1, 2, 3];

let clock: ManualClock;
let problems: Problems;
let numbers: Map<string, number>;
let beliefs: Record<string, Reachability>;
let removed: Set<string>;
let unheard: Unheard;
let unanswering: string[];

beforeEach(() => {
  clock = new ManualClock();
  problems = new Problems();
  numbers = new Map();
  beliefs = {};
  removed = new Set();
  unanswering = [];
  unheard = new Unheard({
    clock,
    problems,
    view: { reachability: (node) => beliefs[node] ?? 'alive', removed },
    reports: { numberOf: (node) => numbers.get(node) },
    roster: { get: () => undefined },
    unanswering: () => unanswering,
  });
});

/** It moves from a, b, c to b, c, d. */
function review(number: number, moved: readonly number[] = all): void {
  const members = ['a', 'b', 'c'].map((id) => ({ id, name: id, host: id, zone: '', weight: 1 }));
  unheard.review({ number, partitions, members, move: { moved } } as unknown as Configuration);
}

const placement = placementOf(
  {
    preferenceList: () => ['a', 'b', 'c'],
    next: { preferenceList: () => ['b', 'c', 'd'], hasMoved: () => true },
  },
  0,
  3,
);

test('one that is heard and hears nothing is waited for a while, and then told of', () => {
  for (const node of ['b', 'c']) numbers.set(node, 7);
  review(7);
  clock.advance(transferLimits.unansweringMsMax - 1);
  review(7);
  expect(problems.texts()).toEqual([]);
  expect(isHeardOf(placement, 2, unheard)).toBe(false);
  clock.advance(1);
  review(7);
  expect(problems.texts()).toEqual([expect.stringMatching(/node a can be heard but .*remove a/)]);
  expect(isHeardOf(placement, 2, unheard)).toBe(true);
});

test('too few others know: it is told of, and waited for as long as it takes', () => {
  numbers.set('c', 7);
  review(7);
  clock.advance(10 * transferLimits.unansweringMsMax);
  review(7);
  expect(problems.texts()).toHaveLength(2);
  expect(isHeardOf(placement, 2, unheard)).toBe(false);
  // By R=1 all of them have to know.
  numbers.set('b', 7);
  review(7);
  expect(isHeardOf(placement, 1, unheard)).toBe(false);
  removed.add('a');
  review(7);
  expect(isHeardOf(placement, 1, unheard)).toBe(true);
  expect(problems.texts()).toEqual([]);
});

test('sources that do not answer are told of while that is so', () => {
  unanswering = ['b'];
  review(5, []);
  review(6, [0]);
  expect(problems.texts()).toEqual([expect.stringMatching(/node b .* does not send .*remove b/)]);
  unanswering = [];
  review(6, [0]);
  expect(problems.texts()).toEqual([]);
});

test('it hears after all, or another configuration follows: nothing is wrong any more', () => {
  for (const node of ['b', 'c']) numbers.set(node, 7);
  review(7);
  clock.advance(transferLimits.unansweringMsMax);
  review(7);
  numbers.set('a', 7);
  review(7);
  expect(problems.texts()).toEqual([]);
  review(8);
  expect(isHeardOf(placement, 2, unheard)).toBe(false);
  clock.advance(transferLimits.unansweringMsMax);
  review(8);
  expect(problems.texts()).toHaveLength(3);
  review(9, [0, 1]);
  expect(problems.texts()).toEqual([]);
});
