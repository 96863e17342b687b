import { describe, expect, test } from '@jest/globals';
import { assert, boolean, integer, property, shuffledSubarray, subarray } from 'fast-check';
import type { NodeId } from '../../../actors/rules/actor.js';
import type { Reachability } from '../../../actors/rules/membership.js';
import { placementOf, type Placement } from '../../../actors/rules/placement.js';
import {
  isComing,
  isHeardOf,
  isReceived,
  isStreamed,
  quotasOf,
  readCountsOf,
  replicaCountsOf,
  sourcesToAsk,
  targetsOf,
} from '../../../actors/rules/transfer.js';

const all = ['a', 'b', 'c', 'd', 'e', 'f'];

function moving(from: readonly string[], to: readonly string[], hasMoved = false) {
  return (n: number): Placement =>
    placementOf(
      {
        preferenceList: () => from,
        next: { preferenceList: () => to, hasMoved: () => hasMoved },
      },
      0,
      n,
    );
}

const viewOf = (
  beliefs: Partial<Record<NodeId, Reachability>> = {},
  removed: readonly NodeId[] = [],
) => ({
  reachability: (node: NodeId): Reachability => beliefs[node] ?? 'alive',
  removed: new Set(removed),
});

const three = [{ n: 3, w: 2 }];

const own = (node: NodeId, removals = viewOf()) => ({ node, removals });

describe('which partitions a node is to receive', () => {
  const placementFor = moving(['a', 'b', 'c', 'd'], ['b', 'x', 'c', 'a']);

  test('those it will own and did not, until they have moved', () => {
    const before = placementFor(3);
    expect(['a', 'b', 'c', 'd', 'x'].filter((node) => isComing(before, node))).toEqual(['x']);
    expect(quotasOf(placementFor, three, own('x'))).toHaveLength(1);
    const hasMoved = moving(['a', 'b', 'c', 'd'], ['b', 'x', 'c', 'a'], true);
    expect(isComing(hasMoved(3), 'x')).toBe(false);
    expect(quotasOf(hasMoved, three, own('x'))).toEqual([]);
    expect(targetsOf(hasMoved(3), viewOf())).toEqual(['x']);
  });

  test('nobody while nothing moves', () => {
    const placement = placementOf({ preferenceList: () => all }, 0, 3);
    expect(all.filter((node) => isComing(placement, node))).toEqual([]);
    expect(targetsOf(placement, viewOf({}, ['a']))).toEqual([]);
  });

  test('what it owns of one N and comes to own of another: only that', () => {
    const lists = moving(['a', 'b', 'c'], ['c', 'a', 'b']);
    expect(quotasOf(lists, [{ n: 1, w: 1 }, ...three], own('c'))).toEqual([
      { sources: ['a'], needed: 1 },
    ]);
  });

  test('cancelled: those of the other side, and of each partition the other half', () => {
    const from = ['a', 'b', 'c'];
    const to = ['b', 'c', 'x'];
    for (const hasMoved of [false, true]) {
      const back = moving(to, from, !hasMoved)(3);
      expect(isComing(moving(from, to, hasMoved)(3), 'x')).toBe(!hasMoved);
      expect(isComing(back, 'a')).toBe(hasMoved);
      expect(targetsOf(back, viewOf())).toEqual(['a']);
    }
  });

  test('where one that was to come is gone for good: all that are left, of all the others', () => {
    const lists = moving(['a', 'b', 'c'], ['c', 'x', 'y']);
    const gone = viewOf({}, ['y']);
    expect(targetsOf(lists(3), gone)).toEqual(['c', 'x']);
    // c has what it holds: one of the other two is enough.
    expect(quotasOf(lists, three, own('c', gone))).toEqual([{ sources: ['a', 'b'], needed: 1 }]);
    expect(quotasOf(lists, three, own('x', gone))).toEqual([
      { sources: ['a', 'b', 'c'], needed: 2 },
    ]);
    expect(quotasOf(lists, three, own('c'))).toEqual([]);
    const one = quotasOf(lists, [{ n: 3, w: 3 }], own('c', gone));
    expect(one).toEqual([{ sources: ['a', 'b'], needed: 0 }]);
    expect(isReceived(one, new Set(), viewOf({ a: 'down', b: 'down' }))).toBe(true);
    expect(isReceived(one, new Set(), viewOf({ a: 'down' }))).toBe(false);
  });

  test('nobody could, where all are gone and one that owned it is not', () => {
    const placement = moving(['a'], ['x'])(1);
    expect(targetsOf(placement, viewOf({}, ['x']))).toBeUndefined();
    expect(targetsOf(placement, viewOf({}, ['a', 'x']))).toEqual([]);
  });
});

test('the Ns in use, each with the smallest W of its buckets', () => {
  const buckets = [
    { n: 3, w: 2 },
    { n: 5, w: 3 },
    { n: 3, w: 1 },
    { n: 3, w: 3 },
  ];
  expect(replicaCountsOf(buckets)).toEqual([
    { n: 3, w: 1 },
    { n: 5, w: 3 },
  ]);
});

describe('when a partition is received', () => {
  const quotas = quotasOf(moving(['a', 'b', 'c'], ['b', 'c', 'x']), three, own('x'));

  test('of 3 owners and W=2 it takes 2, and all that can be reached', () => {
    expect(quotas).toEqual([{ sources: ['a', 'b', 'c'], needed: 2 }]);
    expect(isReceived(quotas, new Set(['a', 'b']), viewOf())).toBe(false);
    expect(isReceived(quotas, new Set(['a', 'b']), viewOf({ c: 'suspect' }))).toBe(false);
    expect(isReceived(quotas, new Set(['a', 'b']), viewOf({ c: 'down' }))).toBe(true);
    expect(isReceived(quotas, new Set(all), viewOf())).toBe(true);
  });

  test('N − W sources are too few, whoever is down', () => {
    const view = viewOf({ b: 'down', c: 'down' });
    expect(isReceived(quotas, new Set(['a']), view)).toBe(false);
    expect(sourcesToAsk(quotas, new Set(['a']), view)).toEqual([]);
  });

  test('W=1: all of them, who is down or not', () => {
    const lists = moving(['a', 'b', 'c'], ['b', 'c', 'x']);
    const each = quotasOf(lists, [{ n: 3, w: 1 }], own('x'));
    expect(isReceived(each, new Set(['a', 'b']), viewOf({ c: 'down' }))).toBe(false);
  });

  test('who was removed is not asked, and not waited for; the others all count', () => {
    const view = viewOf({ c: 'down' }, ['c']);
    expect(sourcesToAsk(quotas, new Set(), view)).toEqual(['a', 'b']);
    expect(isReceived(quotas, new Set(['a']), viewOf({ b: 'down' }, ['c']))).toBe(false);
    expect(isReceived(quotas, new Set(['a', 'b']), view)).toBe(true);
    expect(isReceived(quotas, new Set(['a']), viewOf({}, ['b', 'c']))).toBe(true);
  });

  test('fewer owners than W: all the same one at least', () => {
    const lone = quotasOf(moving(['a'], ['a', 'b']), [{ n: 2, w: 2 }], own('b'));
    expect(lone).toEqual([{ sources: ['a'], needed: 1 }]);
    expect(isReceived(lone, new Set(), viewOf({ a: 'down' }))).toBe(false);
  });

  test('with owners who hold a put at any W of them, whoever is enough has it', () => {
    const holds = property(
      shuffledSubarray(all, { minLength: 1 }),
      shuffledSubarray(all, { minLength: 1 }),
      integer({ min: 1, max: 4 }),
      integer({ min: 1, max: 4 }),
      subarray(all),
      subarray(all),
      subarray(all),
      boolean(),
      (from, to, n, w, had, down, acked, hasMoved) => {
        const placementFor = moving(from, to, hasMoved);
        const { primaries } = placementFor(n);
        const holders = primaries.filter((node) => acked.includes(node));
        if (w > n || holders.length < w) return;
        const beliefs = Object.fromEntries(down.map((node) => [node, 'down' as const]));
        for (const target of to.slice(0, n)) {
          const expected = quotasOf(placementFor, [{ n, w }], own(target));
          if (expected.length === 0) continue;
          if (isReceived(expected, new Set(had), viewOf(beliefs)))
            expect(holders.some((node) => had.includes(node))).toBe(true);
        }
      },
    );
    assert(holds, { seed: 19, numRuns: 2_000 });
  });
});

const heardBy = (nodes: string, down = '', removed = '') => ({
  ...viewOf(
    Object.fromEntries(down.split('').map((node) => [node, 'down' as const])),
    removed.split(''),
  ),
  hasHeard: (node: NodeId) => nodes.includes(node),
});

describe('who owned a partition has heard enough of it that it may cease to', () => {
  const placement = moving(['a', 'b', 'c'], ['b', 'c', 'x'], true)(3);
  test('R fewer than R of them have not, and nobody that can be reached', () => {
    expect(isHeardOf(placement, 2, heardBy('abc'))).toBe(true);
    expect(isHeardOf(placement, 2, heardBy('ab'))).toBe(false);
    expect(isHeardOf(placement, 2, heardBy('ab', 'c'))).toBe(true);
    expect(isHeardOf(placement, 2, heardBy('a', 'bc'))).toBe(false);
    expect(isHeardOf(placement, 1, heardBy('ab', 'c'))).toBe(false);
    expect(isHeardOf(placement, 3, heardBy('a', 'bc'))).toBe(true);
  });

  test('who was removed is not waited for', () => {
    expect(isHeardOf(placement, 1, heardBy('ab', 'c', 'c'))).toBe(true);
    expect(isHeardOf(placement, 1, heardBy('', 'abc', 'abc'))).toBe(true);
  });

  test('nothing has to be heard of what does not move', () => {
    expect(isHeardOf(placementOf({ preferenceList: () => all }, 0, 3), 1, heardBy(''))).toBe(true);
  });

  test('by the smallest R of any bucket: a strict put may say a larger W than its bucket', () => {
    const buckets = [
      { n: 4, r: 3 },
      { n: 4, r: 2 },
      { n: 3, r: 1 },
      { n: 1, r: 1 },
    ];
    expect(readCountsOf(buckets)).toEqual([
      { n: 1, r: 1 },
      { n: 3, r: 1 },
      { n: 4, r: 2 },
    ]);
  });
});

test('who holds little is sent all, who holds much compares', () => {
  expect(isStreamed(0, 1)).toBe(true);
  expect(isStreamed(0, 0)).toBe(false);
  expect(isStreamed(24, 100)).toBe(true);
  expect(isStreamed(25, 100)).toBe(false);
});
