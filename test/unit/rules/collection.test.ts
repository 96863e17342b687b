import { describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import {
  agreeing,
  agreement,
  isCollectable,
  isPrunedFrom,
  clearedOf,
  type Grace,
  hasRested,
  holdings,
  isBusy,
  mayBeForgotten,
  surplusEntries,
  withoutEntries,
} from '../../../actors/rules/collection.js';
import { limits } from '../../../actors/rules/limits.js';
import { placementOf } from '../../../actors/rules/placement.js';
import type { Context, Dot, KeyState, Sibling } from '../../../actors/rules/versions.js';
import { covers, merge, sameState } from '../../../actors/rules/versions.js';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(16)) as [string, string, string];
const hour = 3_600_000;
const age = { nowMs: 100 * hour, graceMs: hour };

function sibling(dot: Dot, fields: Partial<Sibling> = {}): Sibling {
  return { dot, value: null, writtenAtMs: 0, expiresAtMs: 0, operation: '', ...fields };
}

function dot(node: string, epoch: number, counter = 1): Dot {
  return { actor: actorOf(node, epoch), counter };
}

function stateOf(context: readonly Dot[], siblings: readonly Sibling[]): KeyState {
  return { context: context.toSorted((x, y) => (x.actor < y.actor ? -1 : 1)), siblings };
}

/** One live value of `a` in its newest epoch, and `count` entries without siblings. */
function crowded(count: number, entry: (i: number) => Dot): KeyState {
  const live = dot(a, 1000);
  const entries = Array.from({ length: count }, (_, i) => entry(i));
  return stateOf([live, ...entries], [sibling(live, { value: Buffer.from('v') })]);
}
describe('collection: which states may go', () => {
  const one = dot(a, 1);
  const two = dot(b, 1);
  const value = Buffer.from('v');
  test.each([
    ['a tombstone past the grace', [sibling(one)], true],
    ['a tombstone within the grace', [sibling(one, { writtenAtMs: 99.5 * hour })], false],
    ['a value', [sibling(one, { value })], false],
    ['an expired value past the grace', [sibling(one, { value, expiresAtMs: 98 * hour })], true],
    ['a value that expired just now', [sibling(one, { value, expiresAtMs: 99.9 * hour })], false],
    ['a value that will expire', [sibling(one, { value, expiresAtMs: 200 * hour })], false],
    ['a tombstone beside a value', [sibling(one), sibling(two, { value })], false],
    [
      'two tombstones, one young',
      [sibling(one), sibling(two, { writtenAtMs: 99.5 * hour })],
      false,
    ],
    ['a context without siblings: its age is not known', [], false],
  ])('%s', (_, siblings, expected) => {
    expect(isCollectable(stateOf([one, two], siblings), age)).toBe(expected);
  });

  test('what can never be forgotten by waiting needs no second look', () => {
    expect(mayBeForgotten(stateOf([one], [sibling(one, { value })]))).toBe(false);
    expect(mayBeForgotten(stateOf([one], [sibling(one)]))).toBe(true);
    expect(mayBeForgotten(stateOf([one], [sibling(one, { value, expiresAtMs: 999 * hour })]))).toBe(
      true,
    );
  });
});

describe('collection: who must agree', () => {
  const { absent, equal, differs, hintOut } = holdings;
  test.each([
    ['all primaries equal, the rest absent', { a: equal, b: equal, c: absent }, ['a', 'b']],
    ['a fallback kept the same state', { a: equal, b: equal, c: equal }, ['a', 'b', 'c']],
    ['a primary lacks it', { a: equal, b: absent, c: absent }, undefined],
    ['a primary has another state', { a: equal, b: differs, c: absent }, undefined],
    ['a fallback has another state', { a: equal, b: equal, c: differs }, undefined],
    ['a hint is out', { a: equal, b: equal, c: hintOut }, undefined],
    ['a primary was not asked', { a: equal, c: absent }, undefined],
  ])('%s', (_, given, expected) => {
    const survey = { primaries: ['a', 'b'], holdings: new Map(Object.entries(given)) };
    expect(agreement(survey)).toEqual(expected);
  });
});

/** Of a state that rests; undefined: nothing of it may go. */
function prunedContext(
  state: KeyState,
  options: Grace & { readonly isFormer: (node: string) => boolean },
): Context | undefined {
  const surplus = surplusEntries(state, options.isFormer);
  if (surplus.length === 0 || !hasRested(state, options)) return undefined;
  return withoutEntries(state.context, surplus);
}

describe('pruning: which entries of a context may go', () => {
  const kept = limits.contextEntriesKept;
  const nobody = { ...age, isFormer: () => false };

  test('no more than are kept: nothing goes', () => {
    expect(
      prunedContext(
        crowded(kept - 1, (i) => dot(a, i + 1)),
        nobody,
      ),
    ).toBeUndefined();
  });

  test('epochs the node has left behind go, oldest first, down to the bound', () => {
    const context = prunedContext(
      crowded(kept + 2, (i) => dot(a, i + 1)),
      nobody,
    )!;
    expect(context).toHaveLength(kept);
    expect(covers(context, dot(a, 3))).toBe(false);
    expect(covers(context, dot(a, 4))).toBe(true);
    expect(covers(context, dot(a, 1000))).toBe(true);
  });

  test('the newest epoch of a node that is still there stays, whatever the length', () => {
    const nodes = Array.from({ length: kept + 5 }, (_, i) =>
      (i + 16).toString(16).padStart(16, '0'),
    );
    const state = crowded(nodes.length, (i) => dot(nodes[i]!, 1));
    expect(prunedContext(state, nobody)).toBeUndefined();
    const gone = prunedContext(state, { ...age, isFormer: (node) => node === nodes[3] })!;
    expect(gone).toHaveLength(state.context.length - 1);
    expect(covers(gone, dot(nodes[3]!, 1))).toBe(false);
  });

  test('an entry with a sibling stays', () => {
    const old = dot(b, 1);
    const state = crowded(kept + 2, (i) => dot(b, i + 1));
    const held = stateOf(state.context, [
      ...state.siblings,
      sibling(old, { value: Buffer.from('w') }),
    ]);
    expect(covers(prunedContext(held, nobody)!, old)).toBe(true);
  });

  test('a state that was written within the grace stays as it is', () => {
    const live = dot(a, 1000);
    const young = sibling(live, { value: Buffer.from('v'), writtenAtMs: 99.9 * hour });
    const { context } = crowded(kept + 2, (i) => dot(a, i + 1));
    expect(prunedContext(stateOf(context, [young]), nobody)).toBeUndefined();
  });

  test('busy is what was written within the grace, and has grown far beyond what is kept', () => {
    const live = dot(a, 1000);
    const young = sibling(live, { value: Buffer.from('v'), writtenAtMs: 99.9 * hour });
    const of = (length: number): Context => crowded(length, (i) => dot(a, i + 1)).context;
    expect(isBusy(stateOf(of(limits.contextEntriesBusy - 1), [young]), age)).toBe(false);
    expect(isBusy(stateOf(of(limits.contextEntriesBusy), [young]), age)).toBe(true);
    expect(
      isBusy(
        crowded(limits.contextEntriesBusy, (i) => dot(a, i + 1)),
        age,
      ),
    ).toBe(false);
  });

  test('cleared is an entry for as long as it does not grow', () => {
    const [one, other] = [dot(a, 1), dot(b, 1)];
    const grown = { ...one, counter: one.counter + 1 };
    expect(clearedOf([one, other], [one, other])).toEqual([one, other]);
    expect(clearedOf([grown, other], [one, other])).toEqual([other]);
    expect(clearedOf([one], [other])).toEqual([]);
  });

  test('a straggler brings pruned entries back, and nothing else', () => {
    const state = crowded(kept + 2, (i) => dot(a, i + 1));
    const shorter = { ...state, context: prunedContext(state, nobody)! };
    expect(sameState(merge(shorter, state), state)).toBe(true);
    expect(sameState(merge(state, shorter), state)).toBe(true);
  });

  test('what is put in place of a state must be a shorter form of it', () => {
    const state = crowded(kept + 2, (i) => dot(a, i + 1));
    const shorter = { ...state, context: prunedContext(state, nobody)! };
    expect(isPrunedFrom(shorter, state)).toBe(true);
    expect(isPrunedFrom({ ...shorter, siblings: [] }, state)).toBe(false);
    expect(isPrunedFrom(stateOf([...shorter.context, dot(c, 1)], shorter.siblings), state)).toBe(
      false,
    );
    expect(
      isPrunedFrom(
        { ...shorter, context: shorter.context.filter((e) => e.actor !== actorOf(a, 1000)) },
        state,
      ),
    ).toBe(false);
  });
});

/** For N=3. */
function agreeingOf(
  list: readonly string[],
  ...removed: readonly string[]
): readonly string[] | undefined {
  const placement = placementOf({ preferenceList: () => list }, 0, 3);
  return agreeing(placement, { removed: new Set(removed) });
}

test('who must agree are the primaries that were not removed, and all nodes where there are fewer', () => {
  expect(agreeingOf([a, b, c, 'd'])).toEqual([a, b, c]);
  expect(agreeingOf([a, b, c, 'd'], b)).toEqual([a, c]);
  expect(agreeingOf([a, b, c, 'd'], a, b, c)).toBeUndefined();
  expect(agreeingOf([a, b])).toEqual([a, b]);
  expect(agreeingOf([])).toBeUndefined();
});

test('nobody may agree while the partition moves', () => {
  const next = { preferenceList: () => [b, c, 'd'], hasMoved: () => true };
  const moving = placementOf({ preferenceList: () => [a, b, c, 'd'], next }, 0, 3);
  expect(agreeing(moving, { removed: new Set() })).toBeUndefined();
});
