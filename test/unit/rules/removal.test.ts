import { expect, test } from '@jest/globals';
import { mergeMember, type Member } from '../../../actors/rules/membership.js';
import { remaining, removalObjection } from '../../../actors/rules/removal.js';

const voters = ['a', 'b', 'c', 'd', 'e'];
const members = [...voters, 'f'];
const dead = { target: 'e', members, voters, removed: [], reachability: 'down' } as const;

test.each([
  ['it is down, four of five are left', dead, undefined],
  [
    'of those who vote one is removed',
    { ...dead, removed: ['d'], voters: ['a', 'b', 'e'] },
    undefined,
  ],
  ['one that does not vote', { ...dead, target: 'f' }, undefined],
  [
    'one of two',
    { ...dead, voters: ['a', 'e'] },
    /^1 of the 2 members .* a majority must be \(.*quorate recover\)$/,
  ],
  ['no member', { ...dead, target: 'x' }, /no such member/],
  ['the cluster is not founded', { ...dead, members: [], voters: [] }, /no such member/],
  ['alive', { ...dead, reachability: 'alive' as const }, /alive/],
  ['suspect', { ...dead, reachability: 'suspect' as const }, /silent/],
  ['the node itself', { ...dead, reachability: undefined }, /lives/],
  ['again', { ...dead, removed: ['e'] }, undefined],
  ['again, past the majority', { ...dead, removed: ['e'], voters: ['a'] }, undefined],
])('%s', (_, removal, objection) => {
  if (objection === undefined) expect(removalObjection(removal)).toBeUndefined();
  else expect(removalObjection(removal)).toMatch(objection);
});

test('whether a member was removed its row does not say, whoever tells it', () => {
  const place = { id: 'a', name: 'a', host: 'a', zone: '', weight: 1, pid: 1, epochs: 0 };
  const row: Member = { ...place, generation: 1, heartbeat: 1, status: 'active' };
  const removed: Member = { ...row, removed: true };
  const later: Member = { ...row, generation: 2 };
  expect(mergeMember(removed, later)).toEqual({ ...later, removed: true });
  expect(mergeMember(later, removed)).toBe(later);
  expect(mergeMember(row, { ...later, removed: true })).toEqual(later);
  expect(mergeMember(removed, removed)).toBe(removed);
});

test('who is left of some nodes: all but the removed', () => {
  const nodes = ['a', 'b', 'c'];
  expect(remaining(nodes, { removed: new Set(['b', 'x']) })).toEqual(['a', 'c']);
  expect(remaining(nodes, { removed: new Set() })).toBe(nodes);
});
