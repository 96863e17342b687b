import { describe, expect, test } from '@jest/globals';
import {
  lookUpMachine,
  standInsToAsk,
  type LookUpEffects,
  type LookUpEvent,
} from '../../actors/coordinator/look-up.machine.js';
import { pathsOf } from '../support/machine-paths.js';

const plan = {
  self: 'a',
  primaries: ['a', 'b'],
  preferenceList: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
  down: ['d'],
};
let asked: string[] = [];
let finished = 0;

function input(): { plan: typeof plan; effects: LookUpEffects } {
  asked = [];
  finished = 0;
  return { plan, effects: { ask: (node) => void asked.push(node), finish: () => void finished++ } };
}

const events: LookUpEvent[] = [
  { type: 'replica.answered', node: 'b', foundAll: false },
  { type: 'replica.answered', node: 'b', foundAll: true },
  { type: 'time.isUp' },
];

const paths = pathsOf(lookUpMachine, { input, events });

test('look-up: every state is reached', () => {
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
    expect(finished).toBe(path.state === 'found' || path.state === 'notFound' ? 1 : 0);
    actor.stop();
  });
});

test('look-up: no more stand-ins than primaries', () => {
  expect(standInsToAsk(plan)).toEqual(['c', 'e']);
});

test.each(['replica.refused', 'replica.gone'] as const)(
  'look-up: %s of everybody: what is known by then is all there is',
  (type) => {
    const { actor } = paths.find(({ state }) => state === 'askingPrimaries')!.walk();
    for (const node of ['b', 'c', 'c']) actor.send({ type, node });
    expect(actor.getSnapshot().value).toBe('askingStandIns');
    actor.send({ type, node: 'e' });
    expect(actor.getSnapshot().value).toBe('notFound');
    expect(finished).toBe(1);
  },
);
