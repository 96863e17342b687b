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
      recallFrom: (_, { tellers }) => void done.push(`recall from ${tellers.join()} first`),
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

function recalled(generation: number, own: number, epochs = 7_000): IdentityEvent {
  return { type: 'lives.recalled', seen: { generation, epochs }, own };
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
  expect(send(recalled(6, 7))).toEqual(['takeUp', 'becomeKnown']);
});

test('who tells of a later life while others are asked is waited for, since it alone may know its epochs', () => {
  const { send, claim, tags } = identity();
  claim();
  expect(send(told)).toEqual([]);
  expect(send(told)).toEqual([]);
  // All others know no later life.
  expect(send(recalled(4, 5))).toEqual(['recall from b first']);
  expect(tags()).toEqual(['unopposed']);
  expect(send(recalled(6, 7, 9_000))).toEqual(['renounce 9000']);
  expect(send({ type: 'epochs.skipped' })).toEqual(['recallLives']);
  expect(send(recalled(7, 8))).toEqual(['takeUp', 'becomeKnown']);
});

test('what all have told counts, whoever told it last', () => {
  const { send } = identity();
  send(told);
  send(recalled(4, 5, 9_000));
  expect(send(recalled(6, 7, 8_000))).toEqual(['renounce 9000']);
});

test('one more tells of a later life, or answers late, while a first one is renounced: that one is, too', () => {
  const { send } = identity();
  send(recalled(5, 5));
  expect(send(told)).toEqual([]);
  send({ type: 'epochs.skipped' });
  expect(send(recalled(6, 7))).toEqual(['recall from b first']);
  expect(send(recalled(8, 9, 9_000))).toEqual(['renounce 9000']);
  send({ type: 'epochs.skipped' });
  expect(send(recalled(10, 10, 9_500))).toEqual(['renounce 9500']);
  send({ type: 'epochs.skipped' });
  expect(send(recalled(11, 12))).toEqual(['takeUp']);
});

test('a later life that is told of after all were asked: who tells it is asked, and nothing waits for it', () => {
  const { send, claim } = identity();
  send(recalled(4, 5));
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
