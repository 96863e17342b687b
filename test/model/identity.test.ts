/** The chart of who a node is, alone: each state and each transition. */
import { afterAll, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import { type IdentityEvent, identityMachine } from '../../actors/membership/identity.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { ManualClock } from '../support/manual-clock.js';
import { TakenTransitions } from '../support/taken-transitions.js';

const taken = new TakenTransitions();

function identity() {
  const clock = new ManualClock();
  const done: string[] = [];
  const names = ['recallLives', 'takeUp', 'claimId', 'becomeKnown'];
  const machine = identityMachine.provide({
    actions: {
      ...Object.fromEntries(names.map((name) => [name, () => void done.push(name)])),
      renounceEpochs: (_, { seen }) => void done.push(`renounce ${seen.epochs}`),
      recallLate: (_, { by }) => void done.push(`recall from ${by}`),
      giveWay: (_, { twin }) => void done.push(`give way to ${twin.pid}`),
    },
  });
  const actor = createActor(machine, { clock, inspect: taken.inspect }).start();
  expect(done.splice(0)).toEqual(['recallLives', 'claimId']);
  const tags = ['speaks', 'unopposed'] as const;
  return {
    clock,
    send: (event: IdentityEvent) => {
      actor.send(event);
      return done.splice(0);
    },
    /** Nobody objected to the id. */
    claim: () => {
      clock.advance(limits.claimMsMax);
      return done.splice(0);
    },
    state: () => actor.getSnapshot().value,
    tags: () => tags.filter((tag) => actor.getSnapshot().hasTag(tag)),
  };
}

function recalled(generation: number, own: number): IdentityEvent {
  return { type: 'lives.recalled', seen: { generation, epochs: 7_000 }, own };
}

function twin(own: number, other: number, instances = [1, 2]): IdentityEvent {
  const [mine = 0, its = 0] = instances;
  return {
    type: 'twin.answered',
    own: { generation: own, instance: mine, pid: 1 },
    twin: { generation: other, instance: its, pid: 2 },
  };
}

const told: IdentityEvent = { type: 'laterLife.told', by: 'b' };

test('nobody knows more than its disk, and nobody objects: known, in either order', () => {
  const first = identity();
  expect(first.tags()).toEqual([]);
  expect(first.send(recalled(4, 5))).toEqual(['takeUp']);
  expect(first.tags()).toEqual(['speaks']);
  expect(first.claim()).toEqual(['becomeKnown']);
  expect(first.tags()).toEqual(['speaks', 'unopposed']);
  const second = identity();
  expect(second.claim()).toEqual([]);
  expect(second.tags()).toEqual(['unopposed']);
  expect(second.send(recalled(4, 5))).toEqual(['takeUp', 'becomeKnown']);
  expect(second.state()).toBe('known');
});

test('an old disk: beyond the epochs that were seen, and told to all, before it says anything', () => {
  const { send, claim, tags } = identity();
  claim();
  expect(send(recalled(5, 5))).toEqual(['renounce 7000']);
  expect(send({ type: 'epochs.skipped' })).toEqual(['recallLives']);
  expect(tags()).toEqual(['unopposed']);
  // Now they have seen this life.
  expect(send(recalled(6, 6))).toEqual(['takeUp', 'becomeKnown']);
});

test('a later life that is told of before all were asked is what they are asked about; after that it is asked for', () => {
  const { send, claim } = identity();
  expect(send(told)).toEqual([]);
  send(recalled(5, 5));
  expect(send(told)).toEqual([]);
  send({ type: 'epochs.skipped' });
  expect(send(told)).toEqual([]);
  send(recalled(6, 6));
  // One was too late to be heard.
  expect(send(told)).toEqual(['recall from b']);
  claim();
  expect(send(told)).toEqual(['recall from b']);
});

test('a process that starts gives way to any that has its id, the older one as well', () => {
  const { send, state } = identity();
  expect(send(twin(9, 3))).toEqual(['give way to 2']);
  expect(state()).toBe('gaveWay');
});

test.each([
  { title: 'a lower generation gives way', event: twin(3, 4), gives: true },
  { title: 'a higher one does not', event: twin(4, 3), gives: false },
  { title: 'of equals the lower instance gives way', event: twin(4, 4), gives: true },
  { title: 'and not the higher one', event: twin(4, 4, [2, 1]), gives: false },
])('of two that run: $title', ({ event, gives }) => {
  const { send, claim, state } = identity();
  send(recalled(0, 1));
  claim();
  expect(send(event)).toEqual(gives ? ['give way to 2'] : []);
  expect(state()).toBe(gives ? 'gaveWay' : 'known');
});

test('stopped while it asks: no timer is left', () => {
  const { send, state, clock } = identity();
  send({ type: 'node.stopping' });
  expect(state()).toBe('stopped');
  expect(clock.pending).toBe(0);
});

afterAll(() => expect(taken.missing(identityMachine)).toEqual([]));
