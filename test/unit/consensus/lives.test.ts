import { describe, expect, test } from '@jest/globals';
import {
  enrol,
  heldWith,
  isEnrolled,
  knowsOf,
  type LifeName,
  type Lives,
  livesWith,
  remembering,
} from '../../../actors/consensus/lives.js';
import { majorityOf } from '../../../actors/rules/voters.js';

const asked = (held: Lives, after: LifeName | undefined, life: LifeName): Lives =>
  heldWith(new Map([['b', held]]), { node: 'b', life, after, max: 3 }).get('b')!;

const by = (nodes: string) => (node: string) => nodes.includes(node);

describe('a life is enrolled', () => {
  test('after the one that was enrolled last, as its node says', () => {
    expect(enrol(undefined, { life: 7, after: undefined })).toBe(7);
    expect(enrol(7, { life: 9, after: 7 })).toBe(9);
    // Again, and what an earlier life asked for comes late.
    expect(enrol(9, { life: 9, after: 7 })).toBe(9);
    expect(enrol(9, { life: 8, after: 7 })).toBe(9);
    expect(enrol(9, { life: 8, after: undefined })).toBe(9);
  });

  test('after those alone that its disk knows of, as its own or as what others may hold', () => {
    const held = heldWith(new Map([['c', [4]]]), { node: 'b', life: 9, after: 7, max: 64 });
    const disk = { lives: [8, 9], held };
    expect([undefined, 4, 7, 8, 9, 6].map((said) => knowsOf(disk, said))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(knowsOf({ ...disk, lives: remembering([8, 9], 6, 64) }, 6)).toBe(true);
  });

  test('of those that another may hold what it said stays, and what it was asked after that', () => {
    expect(asked([], undefined, 1)).toEqual([1]);
    expect(asked([1], undefined, 2)).toEqual([1, 2]);
    expect(asked([1, 2], 1, 2)).toEqual([1, 2]);
    expect(asked([1, 2], 1, 3)).toEqual([1, 2, 3]);
    expect(asked([1, 2, 3], 1, 4)).toEqual([1, 3, 4]);
    // What was to follow 1 does not, any more.
    expect(asked([1, 2, 3], 3, 4)).toEqual([3, 4]);
    expect(asked([1, 2, 3], 9, 4)).toEqual([9, 4]);
  });

  test('by a majority of the others; of one that votes alone by nobody', () => {
    const three = { voters: ['a', 'b', 'c'], self: 'a' };
    expect(['', 'b', 'c', 'bc', 'ab'].map((nodes) => isEnrolled(three, by(nodes)))).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(isEnrolled({ voters: ['a'], self: 'a' }, by(''))).toBe(true);
    expect(isEnrolled({ voters: ['a', 'b'], self: 'a' }, by('b'))).toBe(true);
    expect(isEnrolled({ voters: ['a', 'b', 'c', 'd'], self: 'a' }, by('bc'))).toBe(true);
  });

  test('with the last ones of its node, itself always', () => {
    expect(livesWith([1, 2, 3], 4, 3)).toEqual([2, 3, 4]);
    expect(remembering([2, 3, 4], 9, 3)).toEqual([3, 9, 4]);
  });
});

/**
 * What each of the others is asked, in turn: by x and y which it has enrolled last; by X and Y to
 * enrol that life after the one that was heard of then.
 */
const orders = ['', 'xX', 'xXyY', 'yYxX', 'xyXY', 'xyYX', 'xXyYxX', 'xyXYyYxX'] as const;

/** Whether both of two lives may vote of which neither knows of the other, after that was asked. */
function mayBothVote(
  voters: readonly string[],
  asked: readonly string[],
  mayVote: (by: ReadonlySet<string>) => boolean,
): boolean {
  const lives: Readonly<Record<string, Lives>> = { x: [0, 1], y: [0, 2] };
  const enrolledBy: Record<string, Set<string>> = { x: new Set(), y: new Set() };
  voters.slice(1).forEach((voter, i) => {
    let last: LifeName | undefined = 0;
    const heard: Record<string, LifeName | undefined> = {};
    for (const step of asked[i]!) {
      const life = step.toLowerCase();
      const own = lives[life]!;
      if (step === life) heard[life] = last;
      else if (knowsOf({ lives: own, held: new Map() }, heard[life])) {
        last = enrol(last, { life: own.at(-1)!, after: heard[life] });
        if (last === own.at(-1)) enrolledBy[life]!.add(voter);
      }
    }
  });
  return mayVote(enrolledBy['x']!) && mayVote(enrolledBy['y']!);
}

function* asking(others: number): Generator<readonly string[]> {
  if (others === 0) yield [];
  else for (const rest of asking(others - 1)) for (const order of orders) yield [...rest, order];
}

describe('of two lives of one node of which neither knows of the other', () => {
  test.each([2, 3, 4, 5])('one at most may vote, among %i voters', (size) => {
    const voters = ['a', 'b', 'c', 'd', 'e'].slice(0, size);
    const rule = (by: ReadonlySet<string>): boolean =>
      isEnrolled({ voters, self: 'a' }, (node) => by.has(node));
    for (const asked of asking(size - 1)) expect(mayBothVote(voters, asked, rule)).toBe(false);
  });

  test('both might, were the own word one of a majority: of three each by another one', () => {
    const voters = ['a', 'b', 'c'];
    const withItself = (by: ReadonlySet<string>): boolean => by.size + 1 >= majorityOf(voters);
    expect(mayBothVote(voters, ['xX', 'yY'], withItself)).toBe(true);
  });
});
