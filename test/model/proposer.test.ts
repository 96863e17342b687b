/** The chart of a proposer, alone: each state and each transition. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import type { Question } from '../../actors/consensus/acceptor.js';
import type { Ballot } from '../../actors/consensus/ballot.js';
import type { Word } from '../../actors/consensus/proposal.js';
import {
  proposerChart,
  proposerMachine,
  type ProposerEffects,
  type Value,
} from '../../actors/consensus/proposer.machine.js';
import { consensusLimits } from '../../actors/rules/limits/consensus.js';
import { ManualClock } from '../support/manual-clock.js';
import { pathsOf } from '../support/machine-paths.js';
import { TakenTransitions } from '../support/taken-transitions.js';

const taken = new TakenTransitions();
const voters = ['a', 'b', 'c'];
const wanted: Value = Buffer.from('wanted');
const other: Value = Buffer.from('other');
const first: Ballot = { round: 1, proposer: 'a' };
const promised: Word<Value> = { kind: 'promised', accepted: undefined };
const accepted: Word<Value> = { kind: 'accepted' };
const gone: Word<Value> = { kind: 'none', why: 'is not there' };
const { answersMsMax, outvotedMsMin, outvotedMsMax } = consensusLimits;

function outvotedBy(round: number): Word<Value> {
  return { kind: 'outvoted', ballot: { round, proposer: 'z' } };
}

function effectsInto(done: string[], questions: Question<Value>[] = []): ProposerEffects {
  return {
    ask: (asked, question) => {
      questions.push(question);
      const value = question.kind === 'accept' ? ` ${Buffer.from(question.value).toString()}` : '';
      done.push(`${question.kind} ${question.ballot.round}${value} of ${asked.join('')}`);
    },
    giveUp: () => done.push('give up'),
    decided: (value) => done.push(`decided ${Buffer.from(value).toString()}`),
    lacksMajority: (missing) =>
      done.push(`lacks ${missing.map(({ voter, why }) => `${voter} ${why}`).join(', ')}`),
    superseded: () => done.push('superseded'),
    jitter: () => 0.5,
  };
}

function proposer() {
  const clock = new ManualClock();
  const done: string[] = [];
  const questions: Question<Value>[] = [];
  const chart = proposerChart(effectsInto(done, questions));
  const input = { self: 'a', voters, wanted };
  const actor = createActor(chart, { clock, input, inspect: taken.inspect }).start();
  expect(done.splice(0)).toEqual(['prepare 1 of abc']);
  return {
    clock,
    /** To what was asked last. */
    say: (voter: string, word: Word<Value>) => {
      actor.send({ type: 'voter.answered', voter, question: questions.at(-1)!, word });
      return done.splice(0);
    },
    sayTo: (question: Question<Value>, voter: string, word: Word<Value>) => {
      actor.send({ type: 'voter.answered', voter, question, word });
      return done.splice(0);
    },
    send: (type: 'instance.superseded' | 'node.stopping') => {
      actor.send({ type });
      return done.splice(0);
    },
    pass: (ms: number) => {
      clock.advance(ms);
      return done.splice(0);
    },
    state: () => actor.getSnapshot().value,
  };
}

type Proposer = ReturnType<typeof proposer>;

/** A majority has promised, and was asked to accept. */
function accepting(): Proposer {
  const it = proposer();
  it.say('a', promised);
  expect(it.say('c', promised)).toEqual(['give up', 'accept 1 wanted of abc']);
  return it;
}

test('what nobody else proposed is chosen in two questions', () => {
  const it = accepting();
  expect(it.say('b', accepted)).toEqual([]);
  expect(it.say('a', accepted)).toEqual(['give up', 'decided wanted']);
  expect(it.state()).toBe('decided');
  expect(it.clock.pending).toBe(0);
});

test('what somebody has accepted is proposed in place of what is wanted', () => {
  const it = proposer();
  it.say('b', {
    kind: 'promised',
    accepted: { ballot: { round: 1, proposer: '9' }, value: other },
  });
  expect(it.say('a', promised)).toEqual(['give up', 'accept 1 other of abc']);
  it.say('a', accepted);
  expect(it.say('c', accepted)).toEqual(['give up', 'decided other']);
});

test('outvoted: waits for a share of a delay, then asks in a higher round', () => {
  const it = proposer();
  expect(it.say('b', outvotedBy(6))).toEqual([]);
  expect(it.say('c', outvotedBy(4))).toEqual(['give up']);
  expect(it.state()).toBe('outvoted');
  expect(it.pass(outvotedMsMin * 0.75 - 1)).toEqual([]);
  expect(it.pass(1)).toEqual(['prepare 7 of abc']);
  it.say('a', promised);
  it.say('b', promised);
  it.say('a', outvotedBy(9));
  expect(it.say('c', outvotedBy(8))).toEqual(['give up']);
  expect(it.pass(outvotedMsMin * 1.5)).toEqual(['prepare 10 of abc']);
});

test('outvoted again and again: gives the others more and more time, up to a bound', () => {
  const it = proposer();
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    it.say('b', outvotedBy(1));
    it.say('c', outvotedBy(1));
    const begunMs = it.clock.monotonicMs();
    it.clock.fireNext();
    expect(it.state()).toBe('preparing');
    waits.push(it.clock.monotonicMs() - begunMs);
  }
  const doubled = [1, 2, 4, 8, 16].map((factor) => outvotedMsMin * factor);
  expect(waits).toEqual([...doubled, outvotedMsMax, outvotedMsMax].map((ms) => ms * 0.75));
});

test('without a majority: says who is missing and why, and tries again after a while', () => {
  const it = proposer();
  it.say('a', promised);
  expect(it.say('b', gone)).toEqual([]);
  expect(it.pass(answersMsMax)).toEqual(['give up', 'lacks b is not there, c did not answer']);
  expect(it.state()).toBe('withoutMajority');
  expect(it.pass(consensusLimits.withoutMajorityMsMin * 0.75)).toEqual(['prepare 2 of abc']);
});

test('without a majority that accepts: the same', () => {
  const it = accepting();
  it.say('a', accepted);
  it.say('b', { kind: 'behind' });
  expect(it.say('c', { kind: 'abstaining' })).toEqual([
    'give up',
    'lacks b does not know yet what this follows, c does not vote, since its disk may be an old one',
  ]);
  expect(it.clock.fireNext()).toBe(true);
  expect(it.state()).toBe('preparing');
});

test('nobody accepts in time: asked anew, and what a voter may have accepted is found', () => {
  const it = accepting();
  expect(it.pass(answersMsMax)).toEqual([
    'give up',
    'lacks a did not answer, b did not answer, c did not answer',
  ]);
  it.clock.fireNext();
  it.say('b', { kind: 'promised', accepted: { ballot: first, value: wanted } });
  expect(it.say('c', promised).at(-1)).toBe('accept 2 wanted of abc');
});

test('silence of some decides nothing where enough have answered in time', () => {
  const it = accepting();
  it.say('b', outvotedBy(2));
  it.say('c', accepted);
  // One of the three would do; it says nothing, and the one that outvotes may yet.
  expect(it.pass(answersMsMax)).toEqual(['give up']);
  expect(it.state()).toBe('outvoted');
});

test('answers to earlier questions count for nothing', () => {
  const it = proposer();
  it.say('b', outvotedBy(1));
  it.say('c', outvotedBy(1));
  it.clock.fireNext();
  it.sayTo(toPrepare, 'a', promised);
  it.sayTo(toPrepare, 'b', promised);
  expect(it.state()).toBe('preparing');
  it.say('a', promised);
  it.say('b', promised);
  it.sayTo(toAccept, 'a', accepted);
  it.sayTo(toAccept, 'b', accepted);
  expect(it.state()).toBe('accepting');
});

const alone = { self: 'a', voters: ['a'], wanted };
const toPrepare: Question<Value> = { kind: 'prepare', ballot: first };
const toAccept: Question<Value> = { kind: 'accept', ballot: first, value: wanted };
const paths = pathsOf(() => proposerChart(effectsInto([])), {
  input: () => alone,
  events: [
    { type: 'voter.answered', voter: 'a', question: toPrepare, word: promised },
    { type: 'voter.answered', voter: 'a', question: toPrepare, word: outvotedBy(1) },
    { type: 'voter.answered', voter: 'a', question: toPrepare, word: gone },
    { type: 'voter.answered', voter: 'a', question: toAccept, word: accepted },
    { type: 'instance.superseded' },
    { type: 'node.stopping' },
  ],
});

test('every state is reached', () => {
  const states = [
    'accepting',
    'decided',
    'outvoted',
    'preparing',
    'stopped',
    'superseded',
    'withoutMajority',
  ];
  expect(new Set(paths.map(({ state }) => state))).toEqual(new Set(states));
});

describe('in any state it may end', () => {
  const starts: readonly (readonly [string, () => Proposer])[] = [
    ['preparing', proposer],
    ['accepting', accepting],
    [
      'outvoted',
      () => {
        const it = proposer();
        it.say('b', outvotedBy(1));
        it.say('c', outvotedBy(1));
        return it;
      },
    ],
    [
      'withoutMajority',
      () => {
        const it = proposer();
        it.pass(answersMsMax);
        return it;
      },
    ],
  ];

  test.each(starts)('%s: the instance is over', (state, begin) => {
    const it = begin();
    expect(it.state()).toBe(state);
    const asks = state === 'preparing' || state === 'accepting';
    expect(it.send('instance.superseded')).toEqual([...(asks ? ['give up'] : []), 'superseded']);
    expect(it.clock.pending).toBe(0);
  });

  test.each(starts)('%s: the node stops', (state, begin) => {
    const it = begin();
    const asks = state === 'preparing' || state === 'accepting';
    expect(it.send('node.stopping')).toEqual(asks ? ['give up'] : []);
    expect(it.state()).toBe('stopped');
    expect(it.clock.pending).toBe(0);
  });
});

afterAll(() => expect(taken.missing(proposerMachine)).toEqual([]));
