import { describe, expect, test } from '@jest/globals';
import { assert, boolean, integer, property, shuffledSubarray } from 'fast-check';
import {
  inOrder,
  isMoving,
  isReadAlike,
  isReplica,
  placementOf,
  replicasOf,
  type Layout,
  type Placement,
} from '../../../actors/rules/placement.js';

const all = ['a', 'b', 'c', 'd', 'e', 'f'];

function moving(from: readonly string[], to: readonly string[], moved: readonly number[]): Layout {
  return {
    preferenceList: () => from,
    next: { preferenceList: () => to, hasMoved: (partition) => moved.includes(partition) },
  };
}

describe('nothing moves', () => {
  test('the first N own the partition and are read, the others stand in for them', () => {
    const placement = placementOf({ preferenceList: () => all }, 0, 3);
    const { primaries, fallbacks } = placement;
    expect(placement).toEqual({ primaries, incoming: [], readers: primaries, fallbacks });
    expect(primaries).toEqual(['a', 'b', 'c']);
    expect(fallbacks).toEqual(['d', 'e', 'f']);
    expect(isMoving(placement)).toBe(false);
    expect(inOrder(placement)).toEqual(all);
  });

  test('fewer nodes than replicas: all own it; no ring: nobody does', () => {
    const two = placementOf({ preferenceList: () => ['a', 'b'] }, 0, 3);
    expect(two).toMatchObject({ primaries: ['a', 'b'], fallbacks: [] });
    const none = placementOf({ preferenceList: () => [] }, 0, 3);
    expect(none).toEqual({ primaries: [], incoming: [], readers: [], fallbacks: [] });
  });

  test('who is written is the list of primaries itself, not another that is equal', () => {
    const placement = placementOf({ preferenceList: () => all }, 0, 3);
    expect(replicasOf(placement)).toBe(placement.primaries);
    expect(placement.readers).toBe(placement.primaries);
  });
});

describe('a partition moves', () => {
  const layout = moving(['a', 'b', 'c', 'd'], ['b', 'x', 'c', 'a', 'd'], [7]);

  test('both sides are written; the old owners are read until it has moved', () => {
    const placement = placementOf(layout, 0, 3);
    expect(placement).toEqual({
      primaries: ['a', 'b', 'c'],
      incoming: ['b', 'x', 'c'],
      readers: ['a', 'b', 'c'],
      fallbacks: ['d'],
      sideRead: 0,
    });
    expect(replicasOf(placement)).toEqual(['a', 'b', 'c', 'x']);
    expect(all.filter((node) => isReplica(placement, node))).toEqual(['a', 'b', 'c']);
    expect(isReplica(placement, 'x')).toBe(true);
    expect(isMoving(placement)).toBe(true);
    expect(inOrder(placement)).toEqual(['a', 'b', 'c', 'x', 'd']);
  });

  test('once it has moved, the new owners are read', () => {
    const { readers, ...others } = placementOf(layout, 7, 3);
    expect(readers).toEqual(['b', 'x', 'c']);
    expect(inOrder(placementOf(layout, 7, 3))).toEqual(['b', 'x', 'c', 'a', 'd']);
    expect(others).toMatchObject({ primaries: ['a', 'b', 'c'], incoming: ['b', 'x', 'c'] });
  });

  test('who does not know what has moved reads the other side; a cancel alone changes none', () => {
    const sides = property(shuffledSubarray(all), shuffledSubarray(all), (from, to) => {
      const at = (moved: boolean): Placement =>
        placementOf(moving(from, to, moved ? [0] : []), 0, 2);
      const back = (moved: boolean): Placement =>
        placementOf(moving(to, from, moved ? [0] : []), 0, 2);
      // Where the owners stay the same, or nobody is to come, it does not move.
      if (!isMoving(at(false)) || !isMoving(back(false))) return;
      expect(isReadAlike(at(false).sideRead, at(true))).toBe(false);
      expect(isReadAlike(at(false).sideRead, back(true))).toBe(true);
      expect(isReadAlike(at(true).sideRead, back(false))).toBe(true);
      expect(isReadAlike(at(true).sideRead, back(true))).toBe(false);
      expect(isReadAlike(undefined, at(false))).toBe(false);
      // Partitions of the same owners in another order: a round asks about both with one flag.
      const turned = placementOf(moving(from.slice(0, 2).toReversed(), to, []), 0, 2);
      if (from.length >= 2) expect(isReadAlike(at(false).sideRead, turned)).toBe(true);
    });
    assert(sides, { seed: 5, numRuns: 500 });
  });

  test('the same owners in another order: it does not move', () => {
    const placement = placementOf(moving(['a', 'b', 'c'], ['b', 'a', 'c'], []), 0, 2);
    expect(placement).toEqual(placementOf({ preferenceList: () => ['a', 'b', 'c'] }, 0, 2));
  });

  test('a partition that stays where it is: who comes stands in for its owners as well', () => {
    const still = placementOf(moving(['a', 'b', 'c', 'd'], ['c', 'a', 'b', 'x', 'd'], [0]), 0, 3);
    const { primaries } = still;
    expect(still).toEqual({ primaries, incoming: [], readers: primaries, fallbacks: ['d', 'x'] });
    expect(primaries).toEqual(['a', 'b', 'c']);
  });

  test('every node has one part: it is written, or it stands in; readers are owners of one side', () => {
    const lists = shuffledSubarray(all);
    const holds = property(
      lists,
      lists,
      integer({ min: 1, max: 5 }),
      boolean(),
      (from, to, n, moved) => {
        const placement = placementOf(moving(from, to, moved ? [0] : []), 0, n);
        const { primaries, incoming, readers, fallbacks } = placement;
        const replicas = replicasOf(placement);
        expect(primaries).toEqual(from.slice(0, n));
        expect(new Set([...primaries, ...incoming])).toEqual(new Set(replicas));
        expect([...replicas, ...fallbacks].sort()).toEqual([...new Set([...from, ...to])].sort());
        expect(readers).toEqual(moved && isMoving(placement) ? incoming : primaries);
      },
    );
    assert(holds, { seed: 3, numRuns: 1000 });
  });
});
