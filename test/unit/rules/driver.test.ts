import { expect, test } from '@jest/globals';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import { driverOf, dueStep, type Seen, triesBefore } from '../../../actors/rules/driver.js';
import { begin, foundingConfiguration, moved, removal } from '../../../actors/rules/steps.js';

const place = (id: string): Place => ({ id, name: id, host: id, zone: '', weight: 1 });
const founded = foundingConfiguration(['a', 'b', 'c'].map(place), 4);

const seen: Seen = {
  targetsOf: () => ['d'],
  hasReceived: () => false,
  isHeardOf: () => true,
  isEmpty: () => false,
  hasEmptied: () => false,
  isDown: () => false,
  arrivals: [],
  isGone: () => false,
};

/** Who comes as another one, and does not ask first. */
const arrivals = (...ids: string[]): Seen['arrivals'] =>
  ids.map((id) => ({ place: place(id), wish: { join: 'auto', replaces: '' } }));

const down = (...ids: readonly string[]): Seen => ({ ...seen, isDown: (id) => ids.includes(id) });

function stepped(step: ReturnType<typeof dueStep>): Configuration {
  if (typeof step !== 'object') throw new Error(String(step));
  return step;
}

const growing = stepped(
  begin(founded, { members: [...founded.members, place('d')], ring: 1, removed: [] }),
);

const row = (name: string, closing: boolean) => ({ name, options: bucketOptionsDefault, closing });
const says = (hasEmptied: Seen['hasEmptied']): Seen => ({ ...seen, hasEmptied });

test('a removed bucket is gone once all members say that they hold nothing of it', () => {
  const rows = [row('gone', true), row('here', false), row('left', true)];
  const book = { defaults: bucketOptionsDefault, unknown: 'defaults', rows } as const;
  const closing = { ...founded, buckets: book };
  expect(
    dueStep(
      closing,
      says((node) => node !== 'b'),
    ),
  ).toBeUndefined();
  const next = stepped(
    dueStep(
      closing,
      says((_, bucket) => bucket !== 'left'),
    ),
  );
  expect(next.buckets!.rows.map(({ name }) => name)).toEqual(['here', 'left']);
  expect(next.layout).toBe(next.number);
});

test('keys of a bucket stay where they are when those that were to keep them alone are gone', () => {
  const book = { defaults: bucketOptionsDefault, unknown: 'defaults', rows: [] } as const;
  const { members, ring } = founded;
  const replicas = [{ name: '', n: 1, r: 1, w: 1 }];
  const to = { members, ring, removed: [], buckets: book, replicas };
  const shrinking = stepped(begin(founded, to));
  const some = stepped(moved(shrinking, [1, 2]));
  const lost: Seen = { ...seen, targetsOf: (partition) => (partition === 3 ? undefined : ['a']) };
  const back = stepped(dueStep(some, lost));
  expect(back.move!.replicas).toEqual([{ name: '', n: 3, r: 2, w: 2 }]);
  expect(back.move!.moved).toEqual([0, 3]);
  // Members can come in the stead of those that are gone.
  expect(dueStep(growing, lost)).toBeUndefined();
});

test('the first voter that lives drives', () => {
  expect(driverOf(['a', 'b', 'c'], (node) => node !== 'a')).toBe('b');
  expect(driverOf(['a', 'b'], () => false)).toBeUndefined();
});

test('each voter that lives has its turn after those before it', () => {
  const voters = ['a', 'b', 'c'];
  const turns = [...voters, 'x'].map((node) => triesBefore(node, voters, (voter) => voter !== 'b'));
  expect(turns).toEqual([0, undefined, 1, undefined]);
});

test('nothing is due where nothing moves, nobody left and nobody waits', () => {
  expect(dueStep(founded, seen)).toBeUndefined();
  expect(dueStep(founded, { ...seen, arrivals: arrivals('a') })).toBeUndefined();
});

test('nothing is declared moved to a node that is down, whatever it said', () => {
  const received = { ...seen, hasReceived: () => true };
  expect(dueStep(growing, { ...received, isDown: (node) => node === 'd' })).toBeUndefined();
  // Others may be.
  const next = stepped(dueStep(growing, { ...received, isDown: (node) => node === 'a' }));
  expect(next.move?.moved).toEqual([0, 1, 2, 3]);
});

test('a move does not end with a majority that is down of those who vote then', () => {
  const others = stepped(
    begin(founded, { members: ['d', 'e', 'f'].map(place), ring: 1, removed: [] }),
  );
  const all = stepped(moved(others, [0, 1, 2, 3]));
  expect(dueStep(all, down('d', 'e'))).toBeUndefined();
  expect(stepped(dueStep(all, down('d'))).move).toBeUndefined();
  // Once an operator has said that they are gone they are not waited for.
  const without = stepped(removal(all, ['d', 'e']));
  expect(stepped(dueStep(without, down('d', 'e'))).move).toBeUndefined();
});

test('all who wait are taken in at once', () => {
  const next = stepped(dueStep(founded, { ...seen, arrivals: arrivals('e', 'd') }));
  expect(next.move?.members.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('of a move those partitions have moved that all their targets have received', () => {
  expect(dueStep(growing, seen)).toBeUndefined();
  const some = { ...seen, hasReceived: (_: string, partition: number) => partition > 1 };
  expect(stepped(dueStep(growing, some)).move?.moved).toEqual([2, 3]);
  const two: Seen = {
    ...some,
    targetsOf: (partition) => (partition === 0 ? [] : ['d', 'e']),
    hasReceived: (node, partition) => node === 'd' || partition === 3,
  };
  expect(stepped(dueStep(growing, two)).move?.moved).toEqual([0, 3]);
});

test('when all have moved the move is over; meanwhile nobody else is taken in', () => {
  const waiting = { ...seen, arrivals: arrivals('e') };
  expect(dueStep(growing, waiting)).toBeUndefined();
  const all = stepped(moved(growing, [0, 1, 2, 3]));
  const over = stepped(dueStep(all, waiting));
  expect([over.move, over.members.map(({ id }) => id)]).toEqual([undefined, ['a', 'b', 'c', 'd']]);
});

test('nor before enough of those that owned what has moved have heard of it', () => {
  const all = stepped(moved(growing, [0, 1, 2, 3]));
  const few: Seen = { ...seen, isHeardOf: (partition) => partition !== 2 };
  expect(dueStep(all, few)).toBeUndefined();
});

test('a partition has not moved where nobody is left to own it; what others wait for goes on', () => {
  const lost: Seen = {
    ...seen,
    targetsOf: (partition) => (partition === 1 ? undefined : []),
    hasReceived: () => true,
  };
  expect(stepped(dueStep(growing, lost)).move?.moved).toEqual([0, 2, 3]);
});

test('a move over, whoever was removed meanwhile and is to own something goes with the next', () => {
  const without = stepped(removal(growing, ['d']));
  const over = stepped(dueStep(stepped(moved(without, [0, 1, 2, 3])), seen));
  expect([over.removed, over.leaving]).toEqual([['d'], []]);
  const next = stepped(dueStep(over, seen));
  expect(next.move?.members.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('who leaves and is empty is let go, who is not stays', () => {
  const leaving = { ...founded, leaving: ['x', 'y'] };
  expect(dueStep(leaving, seen)).toBeUndefined();
  const next = stepped(dueStep(leaving, { ...seen, isEmpty: (node) => node === 'y' }));
  expect(next.leaving).toEqual(['x']);
});

test('from who was removed before there were configurations the cluster moves on', () => {
  const before = stepped(removal(founded, ['b']));
  const next = stepped(dueStep(before, seen));
  expect(next.move?.members.map(({ id }) => id)).toEqual(['a', 'c']);
  expect(next.removed).toEqual(['b']);
});

test('who comes in the stead of a member is taken in, and that one is gone, once the others agree to that', () => {
  const wish = { join: 'auto', replaces: 'c' } as const;
  const coming: Seen = { ...seen, arrivals: [{ place: place('d'), wish }] };
  expect(dueStep(founded, coming)).toBeUndefined();
  const next = stepped(dueStep(founded, { ...coming, isGone: (node) => node === 'c' }));
  expect(next.move?.members.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
  expect(next.removed).toEqual(['c']);
  expect(next.leaving).toEqual([]);
});
