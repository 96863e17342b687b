/** The rule of an acceptor, and what a voter makes of it. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  accept,
  answerOf,
  blankAcceptor,
  prepare,
  type Acceptor,
  type Question,
} from '../../../actors/consensus/acceptor.js';
import {
  ballotAfter,
  isAbove,
  isSameBallot,
  noBallot,
  reachOf,
  type Ballot,
} from '../../../actors/consensus/ballot.js';
import { mayVoteAfter, voteOf, votesNowhere, type Vote } from '../../../actors/consensus/voter.js';
import { consensusLimits } from '../../../actors/rules/limits/consensus.js';
import { majorityOf } from '../../../actors/rules/voters.js';

const { ballotLeapMax, ballotRoundMax } = consensusLimits;

function ballot(round: number, proposer = 'a'): Ballot {
  return { round, proposer };
}

/** Promised, and accepted under an earlier ballot. */
const acceptor: Acceptor<string> = {
  promised: ballot(5, 'b'),
  accepted: { ballot: ballot(3, 'c'), value: 'old' },
};

const ballots = fc.record({
  round: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: ballotRoundMax }),
    fc.integer({ min: ballotLeapMax - 2, max: ballotLeapMax + 2 }),
  ),
  proposer: fc.constantFrom('a', 'b', 'c'),
});

describe('ballots', () => {
  test('are in one order, and those of two proposers differ', () => {
    const inOrder = [noBallot, ballot(1), ballot(1, 'b'), ballot(2), ballot(10)];
    for (const [i, lower] of inOrder.entries()) {
      for (const [j, other] of inOrder.entries()) {
        expect(isAbove(other, lower)).toBe(j > i);
        expect(isSameBallot(other, lower)).toBe(j === i);
      }
    }
  });

  test('who is outvoted goes to the round after the one it heard of', () => {
    expect(ballotAfter(ballot(1), 7)).toEqual(ballot(8));
    expect(ballotAfter(ballot(7), 7)).toEqual(ballot(8));
    expect(ballotAfter(ballot(9), 0)).toEqual(ballot(10));
  });

  test('a round that was made up takes no proposer to the last ones', () => {
    expect(ballotAfter(ballot(1), ballotRoundMax)).toEqual(ballot(1 + ballotLeapMax));
    expect(reachOf(ballot(ballotRoundMax - 1))).toBe(ballotRoundMax);
  });
});

describe('an acceptor', () => {
  test('promises a ballot above all it has promised, and tells what it accepted', () => {
    const { next, answer } = prepare(acceptor, ballot(6));
    expect(answer).toEqual({ kind: 'promised', accepted: acceptor.accepted });
    expect(next).toEqual({ promised: ballot(6), accepted: acceptor.accepted });
    expect(prepare<string>(blankAcceptor, ballot(1)).answer).toEqual({
      kind: 'promised',
      accepted: undefined,
    });
  });

  test.each([ballot(5, 'b'), ballot(5, 'a'), ballot(4, 'z')])(
    'promises none twice and none below: %j',
    (lower) => {
      expect(prepare(acceptor, lower)).toEqual({
        next: acceptor,
        answer: { kind: 'outvoted', ballot: acceptor.promised },
      });
    },
  );

  test.each([ballot(5, 'b'), ballot(5, 'c'), ballot(9)])(
    'accepts under the ballot it promised and any above: %j',
    (good) => {
      const { next, answer } = accept(acceptor, good, 'new');
      expect(answer).toEqual({ kind: 'accepted' });
      expect(next).toEqual({ promised: good, accepted: { ballot: good, value: 'new' } });
    },
  );

  test('accepts nothing below its promise', () => {
    expect(accept(acceptor, ballot(5, 'a'), 'new')).toEqual({
      next: acceptor,
      answer: { kind: 'outvoted', ballot: acceptor.promised },
    });
  });

  test('what it accepted it promises to nobody else: an equal ballot is outvoted', () => {
    const { next } = accept<string>(blankAcceptor, ballot(2), 'new');
    expect(prepare(next, ballot(2)).answer).toEqual({ kind: 'outvoted', ballot: ballot(2) });
    expect(accept(next, ballot(2), 'new').answer).toEqual({ kind: 'accepted' });
  });

  test('never takes back a promise or forgets what it accepted, whatever it is asked', () => {
    const questions = fc.oneof(
      ballots.map((ballot): Question<string> => ({ kind: 'prepare', ballot })),
      ballots.map((ballot): Question<string> => ({ kind: 'accept', ballot, value: 'v' })),
    );
    fc.assert(
      fc.property(fc.array(questions, { maxLength: 20 }), (asked) => {
        let now: Acceptor<string> = blankAcceptor;
        for (const question of asked) {
          const { next, answer } = answerOf(now, question);
          expect(isAbove(now.promised, next.promised)).toBe(false);
          expect(next.promised.round).toBeLessThanOrEqual(now.promised.round + ballotLeapMax);
          if (answer.kind === 'accepted') expect(next.accepted?.ballot).toEqual(question.ballot);
          else expect(next.accepted).toBe(now.accepted);
          if (answer.kind === 'outvoted') expect(answer.ballot).toEqual(next.promised);
          else expect(next.promised).toEqual(question.ballot);
          now = next;
        }
      }),
      { seed: 20_261_129, numRuns: 400 },
    );
  });
});

describe('a ballot that was made up', () => {
  const far = ballot(ballotRoundMax, 'f');

  test.each([
    ['prepare', (now: Acceptor<string>) => prepare(now, far)],
    ['accept', (now: Acceptor<string>) => accept(now, far, 'forged')],
  ] as const)('%s: is refused, and takes an acceptor some rounds up', (_kind, ask) => {
    const { next, answer } = ask(acceptor);
    expect(next).toEqual({
      promised: ballot(5 + ballotLeapMax, 'f'),
      accepted: acceptor.accepted,
    });
    expect(answer).toEqual({ kind: 'outvoted', ballot: next.promised });
  });

  test('blocks nobody: who is told of it and goes on soon has a promise of all', () => {
    // One was asked alone, several times, and the others are where they were.
    let forged: Acceptor<string> = blankAcceptor;
    for (let i = 0; i < 3; i++) forged = prepare(forged, far).next;
    let acceptors: Acceptor<string>[] = [forged, blankAcceptor, acceptor];
    let own = ballot(1);
    for (let tries = 1; ; tries++) {
      const steps = acceptors.map((one) => prepare(one, own));
      acceptors = steps.map(({ next }) => next);
      if (steps.every(({ answer }) => answer.kind === 'promised')) break;
      const heard = steps.map(({ answer }) =>
        answer.kind === 'outvoted' ? answer.ballot.round : 0,
      );
      own = ballotAfter(own, Math.max(...heard));
      expect(tries).toBeLessThan(10);
    }
    expect(own.round).toBeLessThan(5 * ballotLeapMax);
  });

  test('the last round is the last', () => {
    const last: Acceptor<string> = { promised: far, accepted: undefined };
    expect(prepare(last, { round: ballotRoundMax + 1, proposer: 'a' }).next).toEqual(last);
    expect(prepare(last, ballot(ballotRoundMax, 'g')).answer.kind).toBe('promised');
  });
});

describe('a voter', () => {
  const question: Question<string> = { kind: 'prepare', ballot: ballot(6) };
  const voter = { instance: 4, acceptor, votesFrom: 0 };

  test('votes in the instance it is at', () => {
    const { next, answer } = prepare(acceptor, ballot(6));
    expect(voteOf(voter, 4, question)).toEqual({ acceptor: next, vote: answer });
    expect(voteOf({ ...voter, votesFrom: 4 }, 4, question).vote).toEqual(answer);
  });

  test.each([
    ['one that is over', 3, 0, 'superseded'],
    ['one that is over, with an old disk', 3, votesNowhere, 'superseded'],
    ['one it has not come to', 5, 0, 'behind'],
    ['one in which it may have voted', 4, 5, 'abstaining'],
    ['any, with an old disk', 5, votesNowhere, 'abstaining'],
  ] as const)('and not in %s', (_which, instance, votesFrom, kind) => {
    expect(voteOf({ ...voter, votesFrom }, instance, question)).toEqual({
      acceptor,
      vote: { kind },
    });
  });

  test('a majority: two of any have a voter in common, and a half is none', () => {
    const majorities = [1, 2, 3, 4, 5, 6, 7].map((count) => majorityOf(Array(count).fill('a')));
    expect(majorities).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  describe('with an old disk votes after an instance in which nobody can have gone on', () => {
    const nothing: Vote<string> = { kind: 'promised', accepted: undefined };
    const something: Vote<string> = { kind: 'promised', accepted: acceptor.accepted };
    test.each<readonly [boolean, string, Readonly<Record<string, Vote<string>>>]>([
      [true, 'both others of three have accepted nothing', { b: nothing, c: nothing }],
      [true, 'or have not come to it', { b: nothing, c: { kind: 'behind' } }],
      [false, 'one was not asked', { b: nothing }],
      [false, 'one has accepted', { b: nothing, c: something }],
      [false, 'one has forgotten', { b: nothing, c: { kind: 'abstaining' } }],
      [false, 'one knows more', { b: nothing, c: { kind: 'superseded' } }],
      [false, 'its own word is none', { a: nothing, b: nothing }],
    ])('%s: %s', (may, _what, votes) => {
      const voters = ['a', 'b', 'c'];
      expect(mayVoteAfter({ voters, self: 'a' }, new Map(Object.entries(votes)))).toBe(may);
    });

    test('of five, three others', () => {
      const voters = ['a', 'b', 'c', 'd', 'e'];
      const votes = new Map([
        ['b', nothing],
        ['c', nothing],
      ]);
      expect(mayVoteAfter({ voters, self: 'a' }, votes)).toBe(false);
      expect(mayVoteAfter({ voters, self: 'a' }, votes.set('d', nothing))).toBe(true);
    });
  });
});
