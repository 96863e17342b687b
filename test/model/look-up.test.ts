import { describe, expect, test } from '@jest/globals';
import {
  leavesNobodyOut,
  lookUpMachine,
  standInsToAsk,
  type LookUpEffects,
  type LookUpEvent,
  type LookUpPlan,
} from '../../actors/coordinator/look-up.machine.js';
import { createActor } from 'xstate';
import { pathsOf } from '../support/machine-paths.js';

const plan = {
  self: 'a',
  primaries: ['a', 'b'],
  fallbacks: ['c', 'd', 'e', 'f', 'g', 'h'],
  down: ['d'],
};
let asked: string[] = [];
let finished: boolean[] = [];

function input(): { plan: LookUpPlan; effects: LookUpEffects } {
  return inputOf(plan);
}

function inputOf(of: LookUpPlan): { plan: LookUpPlan; effects: LookUpEffects } {
  asked = [];
  finished = [];
  const finish = (isAllFound: boolean): void => void finished.push(isAllFound);
  return { plan: of, effects: { ask: (node) => void asked.push(node), finish } };
}

const events: LookUpEvent[] = [
  { type: 'replica.answered', node: 'b', foundAll: false },
  { type: 'replica.answered', node: 'b', foundAll: true },
  { type: 'time.isUp' },
];

const paths = pathsOf(() => lookUpMachine, { input, events });

test('look-up: every state is reached, but for the one that takes every node', () => {
  expect(new Set(paths.map(({ state }) => state))).toEqual(
    new Set(['askingPrimaries', 'askingStandIns', 'found', 'notFound']),
  );
});

describe('look-up: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor } = path.walk();
    expect(actor.getSnapshot().value).toBe(path.state);
    // The other primaries first, then who may have stood in; nobody twice, nobody who is down.
    expect(asked).toEqual(path.state === 'askingStandIns' ? ['b', 'c', 'e'] : ['b']);
    expect(finished).toEqual(
      path.state === 'found' ? [true] : path.state === 'notFound' ? [false] : [],
    );
    actor.stop();
  });
});

test('look-up: no more stand-ins than primaries', () => {
  expect(standInsToAsk(plan)).toEqual(['c', 'e']);
});

test.each(['replica.refused', 'replica.outOfReach'] as const)(
  'look-up: %s of everybody: what is known by then is all there is',
  (type) => {
    const { actor } = paths.find(({ state }) => state === 'askingPrimaries')!.walk();
    for (const node of ['b', 'c', 'c']) actor.send({ type, node });
    expect(actor.getSnapshot().value).toBe('askingStandIns');
    actor.send({ type, node: 'e' });
    expect(actor.getSnapshot().value).toBe('notFound');
    expect(finished).toEqual([false]);
  },
);

const answered = (node: string): LookUpEvent => ({
  type: 'replica.answered',
  node,
  foundAll: false,
});
const refused = (node: string): LookUpEvent => ({ type: 'replica.refused', node });
const gone = (node: string): LookUpEvent => ({ type: 'replica.outOfReach', node });

describe('look-up: all there is was found when every node was asked and has answered', () => {
  const all: LookUpPlan = { ...plan, fallbacks: ['c', 'd'], down: [] };
  const more = { ...all, fallbacks: ['c', 'd', 'e'] };
  test.each([
    { what: 'all answer', of: all, says: answered, state: 'nowhere' },
    { what: 'one refuses', of: all, says: refused, state: 'notFound' },
    { what: 'one goes', of: all, says: gone, state: 'notFound' },
    { what: 'one is down', of: { ...all, down: ['d'] }, says: answered, state: 'notFound' },
    { what: 'a primary is down', of: { ...all, down: ['b'] }, says: answered, state: 'notFound' },
    { what: 'there are more', of: more, says: answered, state: 'notFound' },
  ])('$what', ({ of, says, state }) => {
    const actor = createActor(lookUpMachine, { input: inputOf(of) }).start();
    for (const node of ['b', 'c', 'd', 'b', 'c', 'd'])
      if (!of.down.includes(node)) actor.send(node === 'c' ? says(node) : answered(node));
    expect(actor.getSnapshot().value).toBe(state);
    expect(finished).toEqual([state === 'nowhere']);
    expect(leavesNobodyOut(of)).toBe(of.down.length === 0 && of !== more);
  });

  test('a hint that is settled meanwhile is found where it went', () => {
    const actor = createActor(lookUpMachine, { input: inputOf(all) }).start();
    for (const node of ['b', 'c', 'd']) actor.send(answered(node));
    expect([actor.getSnapshot().value, asked]).toEqual(['askingAgain', 'bcdbcd'.split('')]);
    actor.send({ type: 'replica.answered', node: 'b', foundAll: true });
    expect([actor.getSnapshot().value, finished]).toEqual(['found', [true]]);
  });

  test('where nobody can have stood in, primaries are asked once', () => {
    const actor = createActor(lookUpMachine, { input: inputOf({ ...all, fallbacks: [] }) }).start();
    actor.send(answered('b'));
    expect([actor.getSnapshot().value, asked]).toEqual(['nowhere', ['b']]);
  });
});
