/** Whom rounds of node b turn to, of five nodes and N=3 where a test says nothing else. */
import { describe, expect, test } from '@jest/globals';
import {
  getPlan,
  lookUpPlan,
  putPlan,
  type Wanted,
} from '../../../actors/coordinator/round-plans.js';
import type { Reachability } from '../../../actors/rules/membership.js';
import { placementOf, type Layout } from '../../../actors/rules/placement.js';
import type { Removals } from '../../../actors/rules/removal.js';
import type { Belief } from '../../../actors/rules/routing.js';

const all = ['a', 'b', 'c', 'd', 'e'];
const resting: Layout = { preferenceList: () => all };
/** From a, b, c to b, c, d. */
const moving: Layout = {
  preferenceList: () => all,
  next: { preferenceList: () => ['b', 'c', 'd', 'a', 'e'], hasMoved: () => false },
};

function view(
  of: Readonly<Record<string, Reachability>> = {},
  removed: readonly string[] = [],
): Belief & Removals {
  return { reachability: (node) => of[node] ?? 'alive', removed: new Set(removed) };
}

function wanted(quorum: number, { layout = resting, strict = false } = {}): Wanted {
  return { placement: placementOf(layout, 0, 3), quorum, strict };
}

describe('a put', () => {
  test('goes to the primaries; fallbacks stand in clockwise, suspects last, the down never', () => {
    const believed = view({ c: 'down', d: 'suspect' });
    expect(putPlan(wanted(2), believed, 'b')).toEqual({
      self: 'b',
      primaries: ['a', 'b', 'c'],
      incoming: [],
      down: ['c'],
      fallbacks: ['e', 'd'],
      needed: 2,
      strict: false,
    });
    expect(putPlan(wanted(2), view({ e: 'down' }), 'd').fallbacks).toEqual([]);
  });

  test('its own node is never down to itself', () => {
    expect(putPlan(wanted(2), view({ b: 'down' }), 'b').down).toEqual([]);
  });

  test('to a partition that moves goes to both sides', () => {
    const plan = putPlan(wanted(2, { layout: moving }), view({ d: 'down' }), 'b');
    const { primaries, incoming, down, fallbacks } = plan;
    expect([primaries, incoming, down]).toEqual([['a', 'b', 'c'], ['b', 'c', 'd'], ['d']]);
    expect(fallbacks).toEqual(['e']);
  });

  test('nobody stands in for who was removed, as long as the others are W', () => {
    const believed = view({ c: 'down' }, ['c']);
    expect(putPlan(wanted(2), believed, 'b')).toMatchObject({ primaries: ['a', 'b'], down: [] });
    expect(putPlan(wanted(3), believed, 'b')).toMatchObject({
      primaries: ['a', 'b', 'c'],
      down: ['c'],
    });
  });

  test('each side of a move goes by whom it lost itself', () => {
    const plan = putPlan(wanted(3, { layout: moving }), view({}, ['a']), 'b');
    expect([plan.primaries, plan.incoming]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'd'],
    ]);
    const { primaries } = putPlan(wanted(2, { layout: moving }), view({}, ['a']), 'b');
    expect(primaries).toEqual(['b', 'c']);
  });
});

describe('a get', () => {
  test('asks itself, then the other readers clockwise from it, then fallbacks', () => {
    expect(getPlan(wanted(2), view(), 'b')).toEqual({
      self: 'b',
      primaries: ['a', 'b', 'c'],
      candidates: ['b', 'c', 'a', 'd', 'e'],
      down: [],
      needed: 2,
      strict: false,
    });
  });

  test('at a fallback asks itself first among the fallbacks, and not at all if it is strict', () => {
    expect(getPlan(wanted(2), view(), 'e').candidates).toEqual(['a', 'b', 'c', 'e', 'd']);
    const { candidates } = getPlan(wanted(2, { strict: true }), view(), 'e');
    expect(candidates).toEqual(['a', 'b', 'c']);
  });

  test('asks suspects after the others of their kind, and nobody that is down', () => {
    const { candidates, down } = getPlan(wanted(2), view({ c: 'suspect', d: 'down' }), 'b');
    expect([candidates, down]).toEqual([['b', 'a', 'c', 'e'], []]);
    expect(getPlan(wanted(2), view({ a: 'down' }), 'b').down).toEqual(['a']);
  });

  test('of a partition that has moved asks those who own it now', () => {
    const layout: Layout = { ...moving, next: { ...moving.next!, hasMoved: () => true } };
    const { primaries, candidates } = getPlan(wanted(2, { layout }), view(), 'b');
    expect([primaries, candidates]).toEqual([
      ['b', 'c', 'd'],
      ['b', 'c', 'd', 'a', 'e'],
    ]);
  });

  test('while the partition moves: the other side behind the readers, but not if it is strict', () => {
    const { candidates } = getPlan(wanted(2, { layout: moving }), view(), 'b');
    expect(candidates).toEqual(['b', 'c', 'a', 'd', 'e']);
    const there = getPlan(wanted(2, { layout: moving }), view({ a: 'down', b: 'down' }), 'd');
    expect(there.candidates).toEqual(['c', 'd', 'e']);
    const strict = getPlan(wanted(2, { layout: moving, strict: true }), view(), 'd');
    expect(strict.candidates).toEqual(['a', 'b', 'c']);
  });

  test('without a ring there is nobody, itself included', () => {
    const layout: Layout = { preferenceList: () => [] };
    expect(getPlan(wanted(2, { layout }), view(), 'b').candidates).toEqual([]);
  });
});

test('a look-up asks readers before all others, and nobody that was removed', () => {
  const placement = placementOf(resting, 0, 3);
  expect(lookUpPlan(placement, view({ c: 'down', d: 'down' }, ['a', 'd']), 'b')).toEqual({
    self: 'b',
    primaries: ['b', 'c'],
    fallbacks: ['e'],
    down: ['c'],
  });
});

test('a look-up asks both sides of a move before those who stand in for them', () => {
  const { primaries, fallbacks } = lookUpPlan(placementOf(moving, 0, 3), view(), 'b');
  expect([primaries, fallbacks]).toEqual([['a', 'b', 'c', 'd'], ['e']]);
});
