import { expect, test } from '@jest/globals';
import { mergeMember, type Member } from '../../../actors/rules/membership.js';
import { isRemaining, remaining, removalObjection } from '../../../actors/rules/removal.js';

const founders = ['a', 'b', 'c', 'd', 'e'];
const dead = { target: 'e', founders, removed: [], reachability: 'down' } as const;

test.each([
  ['it is down, four of five are left', dead, undefined],
  ['two of five', { ...dead, removed: ['d'] }, undefined],
  ['three of five', { ...dead, removed: ['c', 'd'] }, /^2 of the 5 members .* a majority must be$/],
  ['one of two', { ...dead, founders: ['a', 'e'] }, /^1 of the 2 members/],
  ['no member', { ...dead, target: 'x' }, /no such member/],
  ['the cluster is not founded', { ...dead, founders: [] }, /no such member/],
  ['alive', { ...dead, reachability: 'alive' as const }, /alive/],
  ['suspect', { ...dead, reachability: 'suspect' as const }, /silent/],
  ['the node itself', { ...dead, reachability: undefined }, /lives/],
  ['again', { ...dead, removed: ['e'] }, undefined],
  ['again, past the majority', { ...dead, removed: ['c', 'd', 'e'] }, undefined],
])('%s', (_, removal, objection) => {
  if (objection === undefined) expect(removalObjection(removal)).toBeUndefined();
  else expect(removalObjection(removal)).toMatch(objection);
});

test('a removed member stays removed, whoever tells otherwise', () => {
  const place = { id: 'a', name: 'a', host: 'a', zone: '', weight: 1, pid: 1, epochs: 0 };
  const row: Member = { ...place, generation: 1, heartbeat: 1, status: 'active' };
  const removed: Member = { ...row, removed: true };
  const later: Member = { ...row, generation: 2 };
  expect(mergeMember(removed, later)).toEqual({ ...later, removed: true });
  expect(mergeMember(later, removed)).toEqual({ ...later, removed: true });
  expect(mergeMember(removed, removed)).toBe(removed);
});

test('who is left of some nodes: all but the removed', () => {
  const nodes = ['a', 'b', 'c'];
  expect(remaining(nodes, { removed: new Set(['b', 'x']) })).toEqual(['a', 'c']);
  expect(remaining(nodes, { removed: new Set() })).toBe(nodes);
});

test('a member remains until it has left, or was removed', () => {
  const place = { id: 'a', name: 'a', host: 'a', zone: '', weight: 1, pid: 1, epochs: 0 };
  const row: Member = { ...place, generation: 1, heartbeat: 1, status: 'joining' };
  expect(isRemaining(row, { removed: new Set(['b']) })).toBe(true);
  expect(isRemaining(row, { removed: new Set(['a']) })).toBe(false);
  expect(isRemaining({ ...row, status: 'left' }, { removed: new Set() })).toBe(false);
});
