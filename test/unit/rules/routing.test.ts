import { describe, expect, test } from '@jest/globals';
import { assert, constantFrom, integer, property, shuffledSubarray, tuple } from 'fast-check';
import type { Reachability } from '../../../actors/rules/membership.js';
import { inOrder, placementOf, type Placement } from '../../../actors/rules/placement.js';
import {
  collectorOf,
  coordinatorOf,
  coordinatorToAsk,
  heirsOf,
  listensTo,
  nextCoordinator,
  ordererOf,
  readersToAsk,
  type Belief,
} from '../../../actors/rules/routing.js';

const all = ['a', 'b', 'c', 'd', 'e'];
const three = placementOf({ preferenceList: () => all }, 0, 3);

function belief(of: Readonly<Record<string, Reachability>> = {}): Belief {
  return { reachability: (node) => of[node] ?? 'alive' };
}

function down(...nodes: readonly string[]): Belief {
  return belief(Object.fromEntries(nodes.map((node) => [node, 'down'])));
}

function choice(
  self: string,
  how: { ordered?: boolean; full?: boolean; view?: Belief } = {},
): string {
  const { ordered: isOrdered = true, full: isFull = false, view = belief() } = how;
  return coordinatorOf(three, view, { self, isOrdered, isFull });
}

/** For node b. */
function next(behind?: string, view = belief()): string {
  return nextCoordinator(three, view, { self: 'b', behind });
}

function listening(n: number, ...nodes: readonly string[]): string[] {
  const placement = placementOf({ preferenceList: () => all }, 0, n);
  return all.filter((self) => listensTo(placement, down(...nodes), self));
}

function collector(...removed: readonly string[]): string | undefined {
  return collectorOf(three, { removed: new Set(removed) });
}

/** Who takes a hint that node b owes c. */
function heirs(
  of: Readonly<Record<string, Reachability>> = {},
  removed: readonly string[] = [],
  placement: Placement = three,
): readonly string[] | undefined {
  const view = { ...belief(of), removed: new Set(removed) };
  return heirsOf(placement, view, { self: 'b', target: 'c' });
}

describe('a put at a node', () => {
  test('that must be ordered: the first primary that is alive, for every node', () => {
    expect(all.map((self) => choice(self))).toEqual(['a', 'a', 'a', 'a', 'a']);
    const view = belief({ a: 'down', b: 'suspect' });
    expect(['c', 'd'].map((self) => choice(self, { view }))).toEqual(['c', 'c']);
  });

  test('with a context: any primary keeps it, another node passes it on', () => {
    expect(all.map((self) => choice(self, { ordered: false }))).toEqual(['a', 'b', 'c', 'a', 'a']);
  });

  test('nobody is alive: the node itself', () => {
    expect(choice('d', { view: down('a', 'b', 'c') })).toBe('d');
    const nobody = placementOf({ preferenceList: () => [] }, 0, 3);
    const put = { self: 'd', isOrdered: true, isFull: false };
    expect(coordinatorOf(nobody, belief(), put)).toBe('d');
  });

  test('and its disk is full: another primary, itself only when there is none', () => {
    expect(choice('a', { full: true })).toBe('b');
    expect(choice('b', { full: true, ordered: false })).toBe('a');
    expect(choice('a', { full: true, view: down('b', 'c') })).toBe('a');
  });

  test('that may be done already: the next primary alive, on behind who was asked, in the end itself', () => {
    expect([next(), next('a'), next('c')]).toEqual(['a', 'c', 'b']);
    expect(next(undefined, down('a'))).toBe('c');
    // It is no primary any more: from the start.
    expect(next('x')).toBe('a');
  });
});

describe('whom a client asks', () => {
  test('the first that is alive, primaries before fallbacks; else the first that may be', () => {
    expect(coordinatorToAsk(three, belief())).toBe('a');
    expect(coordinatorToAsk(three, down('a', 'b', 'c'))).toBe('d');
    const suspects = belief({ a: 'down', b: 'suspect', c: 'suspect', d: 'down', e: 'suspect' });
    expect(coordinatorToAsk(three, suspects)).toBe('b');
    expect(coordinatorToAsk(three, down(...all))).toBeUndefined();
  });

  test('for what they hold: primaries that are alive', () => {
    expect(readersToAsk(three, belief({ b: 'suspect', c: 'down' }))).toEqual(['a']);
  });
});

describe('who listens', () => {
  test('the first n of the list; a fallback for each that is down, which listens itself as long as it runs', () => {
    expect(listening(3)).toEqual(['a', 'b', 'c']);
    expect(listening(3, 'b')).toEqual(['a', 'b', 'c', 'd']);
    expect(listening(3, 'a', 'b', 'c', 'd')).toEqual(all);
    expect(listening(1)).toEqual(['a']);
    expect(listening(9)).toEqual(all);
  });
});

test('a partition moves: those with every acknowledged write are turned to, before and after; all owners listen', () => {
  const [from, to] = [
    ['a', 'b', 'c', 'd'],
    ['x', 'b', 'd', 'a'],
  ] as const;
  const moving = (moved: boolean): Placement => {
    const next = { preferenceList: () => to, hasMoved: () => moved };
    return placementOf({ preferenceList: () => from, next }, 0, 2);
  };
  const put = { self: 'b', isOrdered: true, isFull: false };
  const choices = [moving(false), moving(true)].map((placement) => ({
    puts: coordinatorOf(placement, belief(), put),
    asked: coordinatorToAsk(placement, belief()),
    listen: ['a', 'b', 'c', 'd', 'x'].filter((self) => listensTo(placement, belief(), self)),
  }));
  expect(choices).toEqual([
    { puts: 'a', asked: 'a', listen: ['a', 'b', 'x'] },
    { puts: 'x', asked: 'x', listen: ['a', 'b', 'x'] },
  ]);
  const view = down('b', 'x');
  expect(['c', 'd'].map((self) => listensTo(moving(true), view, self))).toEqual([true, false]);
});

test('nodes and clients that believe the same choose the same, and who is chosen keeps it and listens', () => {
  const nodes = [...all, 'f', 'g'];
  const beliefs = tuple(
    ...nodes.map(() => constantFrom<Reachability>('alive', 'alive', 'suspect', 'down')),
  );
  const holds = property(
    shuffledSubarray(nodes),
    shuffledSubarray(nodes),
    constantFrom('still', 'moving', 'moved'),
    integer({ min: 1, max: 5 }),
    beliefs,
    (from, to, state, n, states) => {
      const next = { preferenceList: () => to, hasMoved: () => state === 'moved' };
      const layout = { preferenceList: () => from, next: state === 'still' ? undefined : next };
      const placement = placementOf(layout, 0, n);
      const view = belief(Object.fromEntries(nodes.map((node, i) => [node, states[i]!])));
      const chosen = ordererOf(placement, view);
      const asked = coordinatorToAsk(placement, view);
      if (asked !== undefined) expect(inOrder(placement)).toContain(asked);
      if (chosen === undefined) return;
      expect(asked).toBe(chosen);
      expect(readersToAsk(placement, view)).toContain(chosen);
      expect(listensTo(placement, view, chosen)).toBe(true);
      for (const self of nodes)
        expect(coordinatorOf(placement, view, { self, isOrdered: true, isFull: false })).toBe(
          chosen,
        );
    },
  );
  assert(holds, { seed: 6, numRuns: 2000 });
});

test('keys are forgotten by the first primary that was not removed, else by its stand-in', () => {
  expect([collector(), collector('a'), collector('a', 'b', 'c')]).toEqual(['a', 'b', 'd']);
  expect(collector(...all)).toBeUndefined();
});

describe('a hint that its target does not fetch', () => {
  test('goes to all others that hold the key, one that is suspect included', () => {
    expect(heirs()).toEqual(['a']);
    expect(heirs({ a: 'suspect' })).toEqual(['a']);
    expect(heirs({}, ['c'])).toEqual(['a']);
  });

  test('stays while one of them is down, but for one that was removed', () => {
    expect(heirs({ a: 'down' })).toBeUndefined();
    expect(heirs({ a: 'down' }, ['a'])).toEqual([]);
  });

  test('stays where nobody else holds the key', () => {
    const alone = placementOf({ preferenceList: () => ['c', 'a', 'b'] }, 0, 1);
    expect(heirs({}, [], alone)).toBeUndefined();
  });

  test('goes to both sides while the partition moves', () => {
    const next = { preferenceList: () => ['b', 'c', 'd', 'a'], hasMoved: () => true };
    const moving = placementOf({ preferenceList: () => all, next }, 0, 3);
    expect(heirs({}, [], moving)).toEqual(['a', 'd']);
  });
});
