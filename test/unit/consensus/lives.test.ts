import { describe, expect, test } from '@jest/globals';
import {
  enrol,
  isEnrolled,
  type LifeName,
  type Lives,
  livesWith,
  remembering,
} from '../../../actors/consensus/lives.js';
import { majorityOf } from '../../../actors/consensus/voter.js';

const by = (nodes: string) => (node: string) => nodes.includes(node);

describe('a life is enrolled', () => {
  test('where none was before, and again', () => {
    const first = enrol(undefined, [7]);
    expect(first).toEqual({ last: 7, answer: { kind: 'enrolled' } });
    expect(enrol(first.last, [7])).toEqual(first);
  });

  test('after one that it knows of, also where some between were not', () => {
    expect(enrol(7, [7, 8, 9])).toEqual({ last: 9, answer: { kind: 'enrolled' } });
  });

  test('not after one that it does not know of; but when it knows of that', () => {
    const refused = { last: 8, answer: { kind: 'forgotten', life: 8 } };
    expect(enrol(8, [7, 9])).toEqual(refused);
    expect(enrol(8, remembering([7, 9], 8, 64))).toEqual({
      last: 9,
      answer: { kind: 'enrolled' },
    });
    // What the forgotten life asked for comes late.
    expect(enrol(9, [7, 8]).answer).toEqual({ kind: 'forgotten', life: 9 });
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

/** Of which life each of the others is asked first, second, or never. */
const orders = ['', 'x', 'y', 'xy', 'yx', 'xyx', 'yxy'] as const;

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
    for (const life of asked[i]!) {
      const enrolled = enrol(last, lives[life]!);
      ({ last } = enrolled);
      if (enrolled.answer.kind === 'enrolled') enrolledBy[life]!.add(voter);
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
    expect(mayBothVote(voters, ['x', 'y'], withItself)).toBe(true);
  });
});
