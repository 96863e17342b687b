/** The books of a proposer, alone. */
import { describe, expect, test } from '@jest/globals';
import type { Ballot } from '../../../actors/consensus/ballot.js';
import {
  anew,
  heard,
  missingOf,
  openProposal,
  silentToTheEnd,
  standingOf,
  toBeAccepted,
  valueToPropose,
  type Proposal,
  type Word,
} from '../../../actors/consensus/proposal.js';
import { consensusLimits } from '../../../actors/rules/limits/consensus.js';

const five = ['a', 'b', 'c', 'd', 'e'];
const three = ['a', 'b', 'c'];
const first: Ballot = { round: 1, proposer: 'a' };
const promised: Word<string> = { kind: 'promised', accepted: undefined };
const accepted: Word<string> = { kind: 'accepted' };
const gone: Word<string> = { kind: 'none', why: 'is not there' };

function promisedWith(round: number, value: string): Word<string> {
  return { kind: 'promised', accepted: { ballot: { round, proposer: 'z' }, value } };
}
function outvotedBy(round: number): Word<string> {
  return { kind: 'outvoted', ballot: { round, proposer: 'z' } };
}

/** What was said to the question at hand, by one after the other. */
function after(
  proposal: Proposal<string>,
  words: Readonly<Record<string, Word<string>>>,
): Proposal<string> {
  return Object.entries(words).reduce(
    (now, [voter, word]) => heard(now, { voter, question: proposal.question, word }),
    proposal,
  );
}

function open(voters = three): Proposal<string> {
  return openProposal(voters, 'wanted', first);
}

describe('where a proposal stands', () => {
  test.each<readonly [string, readonly string[], Readonly<Record<string, Word<string>>>]>([
    ['open', three, {}],
    ['open', three, { a: promised }],
    ['majority', three, { a: promised, b: promised }],
    ['majority', three, { a: promised, b: outvotedBy(2), c: promised }],
    ['open', three, { a: promised, b: outvotedBy(2) }],
    ['outvoted', three, { b: outvotedBy(2), c: outvotedBy(3) }],
    ['outvoted', three, { a: promised, b: outvotedBy(2), c: gone }],
    ['withoutMajority', three, { a: outvotedBy(2), b: gone, c: gone }],
    ['withoutMajority', three, { a: promised, b: gone, c: { kind: 'behind' } }],
    ['withoutMajority', three, { b: gone, c: { kind: 'abstaining' } }],
    ['open', five, { a: promised, b: promised, c: outvotedBy(2), d: gone }],
    ['majority', five, { a: promised, b: promised, c: outvotedBy(2), d: gone, e: promised }],
    ['outvoted', five, { a: promised, b: promised, c: outvotedBy(2), d: gone, e: gone }],
    ['withoutMajority', five, { a: promised, b: outvotedBy(2), c: gone, d: gone, e: gone }],
    ['open', ['a', 'b'], { a: promised }],
    ['withoutMajority', ['a', 'b'], { a: promised, b: gone }],
    ['majority', ['a'], { a: promised }],
    ['open', ['a', 'b', 'c', 'd'], { a: promised, b: promised }],
    ['withoutMajority', [], {}],
  ])('%s: of %j, said %j', (standing, voters, words) => {
    expect(standingOf(after(open([...voters]), words))).toBe(standing);
  });

  test('a word counts once, of a voter alone, and for what it was said to', () => {
    const one = after(open(), { a: promised });
    expect(after(one, { a: outvotedBy(9) })).toBe(one);
    expect(after(one, { stranger: promised })).toBe(one);
    const earlier = { kind: 'prepare', ballot: { round: 1, proposer: 'b' } } as const;
    expect(heard(one, { voter: 'b', question: earlier, word: promised })).toBe(one);
    const accepting = toBeAccepted(after(one, { b: promised }));
    expect(heard(accepting, { voter: 'c', question: open().question, word: promised })).toBe(
      accepting,
    );
  });

  test('who is silent to the end is missing', () => {
    const silent = silentToTheEnd(after(open(), { a: promised }));
    expect(standingOf(silent)).toBe('withoutMajority');
    expect(missingOf(silent)).toEqual([
      { voter: 'b', why: 'did not answer' },
      { voter: 'c', why: 'did not answer' },
    ]);
  });

  test('why others are missing; who outvotes is not', () => {
    const words = after(open(five), {
      a: promised,
      b: outvotedBy(2),
      c: gone,
      d: { kind: 'behind' },
      e: { kind: 'abstaining' },
    });
    expect(missingOf(words)).toEqual([
      { voter: 'c', why: 'is not there' },
      { voter: 'd', why: 'does not know yet what this follows' },
      { voter: 'e', why: 'does not vote, since its disk may be an old one' },
    ]);
  });
});

describe('what is proposed', () => {
  test('what is wanted, where nobody has accepted anything', () => {
    expect(valueToPropose(after(open(), { a: promised, c: promised }))).toBe('wanted');
  });

  test.each([
    [{ a: promisedWith(1, 'one'), b: promisedWith(3, 'three'), c: promisedWith(2, 'two') }],
    [{ a: promised, b: promisedWith(3, 'three'), c: promisedWith(1, 'one') }],
    [{ a: promisedWith(2, 'two'), b: promised, c: promisedWith(3, 'three') }],
  ])('what was accepted under the highest ballot, in whatever order it is told: %#', (words) => {
    const proposal = after(open(), words);
    expect(valueToPropose(proposal)).toBe('three');
    expect(toBeAccepted(proposal).question).toEqual({
      kind: 'accept',
      ballot: first,
      value: 'three',
    });
  });

  test('to be accepted by a majority of its own', () => {
    const accepting = toBeAccepted(after(open(), { a: promised, b: promised }));
    expect(standingOf(accepting)).toBe('open');
    expect(standingOf(after(accepting, { a: accepted }))).toBe('open');
    expect(standingOf(after(accepting, { a: accepted, c: accepted }))).toBe('majority');
    expect(standingOf(after(accepting, { a: outvotedBy(2), c: outvotedBy(2) }))).toBe('outvoted');
  });
});

describe('the next try', () => {
  test('asks all again, for what is wanted, in the round after the highest it heard of', () => {
    const outvoted = after(open(), { a: outvotedBy(4), b: outvotedBy(7), c: promisedWith(1, 'x') });
    expect(anew(outvoted)).toEqual(openProposal(three, 'wanted', { round: 8, proposer: 'a' }));
  });

  test('goes up without a word of others as well, and after having been outvoted late', () => {
    expect(anew(silentToTheEnd(open())).question.ballot.round).toBe(2);
    const accepting = toBeAccepted(after(open(), { a: promised, b: promised }));
    expect(anew(after(accepting, { a: outvotedBy(4) })).question.ballot.round).toBe(5);
  });

  test('does not follow a round that was made up', () => {
    const lied = after(open(), { a: outvotedBy(consensusLimits.ballotRoundMax) });
    expect(anew(lied).question.ballot.round).toBe(1 + consensusLimits.ballotLeapMax);
  });
});
