import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import type { Reachability } from '../../../actors/rules/membership.js';
import {
  hangingAmong,
  hangingMsMin,
  hasMetAll,
  mayBeDoubled,
  queueGroup,
  refusesForAll,
  type ListeningMember,
} from '../../../actors/rules/listening.js';

type State = Reachability | 'absent' | 'absent and down';

function others(...states: readonly State[]): ListeningMember[] {
  return states.map((state, i) => {
    const isAbsent = state.startsWith('absent');
    const reachability =
      state === 'absent' ? 'suspect' : state === 'absent and down' ? 'down' : state;
    return { id: `n${i}`, reachability, isAbsent, isMet: true, isRemoved: false };
  });
}

describe('who hangs', () => {
  test.each<[what: string, members: ListeningMember[], hanging: string[]]>([
    ['all live: nobody', others('alive', 'alive'), []],
    ['one is down: it', others('down', 'alive'), ['n0']],
    [
      'a suspect, while another could be the second source: not yet',
      others('suspect', 'alive'),
      [],
    ],
    ['a suspect, and nobody else', others('suspect'), ['n0']],
    ['two suspects, and nobody else', others('suspect', 'suspect'), ['n0', 'n1']],
    ['one suspect and one down', others('suspect', 'down'), ['n0', 'n1']],
    ['NATS says that it is gone: what it listened to is gone too', others('absent', 'alive'), []],
    ['gone and down', others('absent and down', 'alive'), []],
    ['one is gone, one hangs', others('absent and down', 'down', 'alive'), ['n1']],
  ])('%s', (_, members, hanging) => {
    expect(hangingAmong(members)).toEqual(hanging);
  });
});

function doubled(...states: readonly State[]): boolean {
  return mayBeDoubled(others(...states));
}

test('a request may be done twice: somebody is silent and not gone, or this node is with the smaller part', () => {
  expect([
    doubled(),
    doubled('alive', 'alive'),
    doubled('alive', 'absent'),
    doubled('alive', 'alive', 'absent', 'absent and down'),
  ]).toEqual([false, false, false, false]);
  expect([doubled('alive', 'suspect'), doubled('absent', 'down')]).toEqual([true, true]);
  // With the smaller part: what the larger one does, and in which group, is not known here.
  expect([doubled('alive', 'absent', 'absent and down'), doubled('absent')]).toEqual([true, true]);
});

test('a node moves when each other was told: a beat more for each four others, in a large cluster as many as the word takes that is passed on', () => {
  const beatMs = limits.gossipIntervalMs;
  const leastMs = limits.hangingMsMin;
  const nodes = [2, 5, 6, 9, 10, 17, 25, 26, 100, 126, 256];
  expect(nodes.map((count) => (hangingMsMin(count) - leastMs) / beatMs)).toEqual([
    0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5,
  ]);
});

test('a refusal is for all: each of them is heard, or is gone and removed', () => {
  const [gone, hanging] = others('absent and down', 'down');
  expect(refusesForAll(others('alive', 'alive'))).toBe(true);
  for (const state of ['suspect', 'absent', 'absent and down', 'down'] as const)
    expect(refusesForAll(others('alive', state))).toBe(false);
  expect(refusesForAll([{ ...gone!, isRemoved: true }])).toBe(true);
  expect(refusesForAll([{ ...hanging!, isRemoved: true }])).toBe(false);
});

test('a node has met all: each has spoken to it, or is known to be gone', () => {
  const [someone] = others('alive');
  const other = { ...someone!, isMet: false };
  expect(hasMetAll([])).toBe(true);
  expect(hasMetAll([{ ...other, isMet: true }, other])).toBe(false);
  expect(
    hasMetAll([
      { ...other, isMet: true },
      { ...other, isAbsent: true },
    ]),
  ).toBe(true);
});

describe('the group', () => {
  test('nobody hangs: the usual one', () => {
    expect(queueGroup('quorate', [])).toBe('quorate');
  });

  test('the same for the same nodes in whatever order, another for others', () => {
    const [a, b] = ['a'.repeat(16), 'b'.repeat(16)];
    expect(queueGroup('q', [a, b])).toBe(queueGroup('q', [b, a]));
    const groups = [[], [a], [b], [a, b]].map((hanging) => queueGroup('q', hanging));
    expect(new Set(groups).size).toBe(4);
    expect(groups.slice(1)).toEqual(
      groups.slice(1).map(() => expect.stringMatching(/^q-[0-9a-f]{8}$/)),
    );
  });
});
