import { describe, expect, test } from '@jest/globals';
import type { HandoffEffects, HandoffEvent } from '../../actors/replica/handoff.machine.js';
import { handoffChart } from '../../actors/replica/handoff.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

function effects(): HandoffEffects {
  did = [];
  return {
    deliver: (size) => did.push(`deliver ${size}`),
    rehome: () => did.push('rehome'),
    giveUp: () => did.push('give up'),
    jitter: () => 0.5,
  };
}

const events: HandoffEvent[] = [
  { type: 'target.reachable' },
  { type: 'target.absent' },
  { type: 'hints.overdue' },
  { type: 'hints.settled' },
  { type: 'batch.acked', bytes: limits.handoffBytesPerSecondMax / 10 },
  { type: 'batch.refused' },
  { type: 'hints.passed' },
];

const paths = pathsOf(() => handoffChart(effects()), { events });

test('handoff: every state is reached', () => {
  expect(paths.map(({ state }) => JSON.stringify(state)).sort()).toEqual(
    [
      'idle',
      'probing',
      { sending: 'awaitingAck' },
      { sending: 'pacing' },
      { rehoming: 'awaitingAcks' },
      { rehoming: 'pacing' },
      'backingOff',
      'settled',
    ]
      .map((state) => JSON.stringify(state))
      .sort(),
  );
});

describe('handoff: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor, clock } = path.walk();
    expect(actor.getSnapshot().value).toEqual(path.state);
    // Whatever was sent and is not awaited any more was given up, and nothing is sent twice at
    // once.
    const sent = did.filter((what) => what !== 'give up').length;
    const givenUp = did.length - sent;
    const awaiting = ['probing', 'awaitingAck', 'awaitingAcks'].some((name) =>
      JSON.stringify(path.state).includes(name),
    );
    expect(sent - givenUp).toBe(awaiting ? 1 : 0);
    actor.stop();
    expect(clock.pending).toBe(0);
  });
});

test('handoff: a probe of one record opens the way; batches are paced by their bytes', () => {
  const { actor, clock } = paths.find(({ state }) => state === 'probing')!.walk();
  expect(did).toEqual(['deliver probe']);
  actor.send({ type: 'batch.acked', bytes: limits.handoffBytesPerSecondMax / 2 });
  clock.advance(499);
  expect(did).toEqual(['deliver probe', 'give up']);
  clock.advance(1);
  expect(did).toEqual(['deliver probe', 'give up', 'deliver batch']);
});

test('handoff: what nobody takes now is passed over at once, and what failed before counts still', () => {
  for (const [from, event] of [
    ['deliver batch', { type: 'target.reachable' }],
    ['rehome', { type: 'hints.overdue' }],
  ] as const) {
    const { actor, clock } = paths.find(({ state }) => state === 'idle')!.walk();
    actor.send(event);
    actor.send({ type: 'batch.refused' });
    clock.advance(limits.handoffBackoffMsMax);
    actor.send(event);
    did = [];
    actor.send({ type: 'hints.passed' });
    expect(did).toEqual(['give up']);
    clock.advance(0);
    expect(did).toEqual(['give up', from]);
    expect(actor.getSnapshot().context.failures).toBe(1);
  }
});

test('handoff: silence and refusals back off, each time longer, and an ack starts over', () => {
  const { actor, clock } = paths.find(({ state }) => state === 'idle')!.walk();
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    actor.send({ type: 'target.reachable' });
    actor.send({ type: 'target.absent' });
    waits.push(actor.getSnapshot().context.backoffMs);
    clock.advance(limits.handoffBackoffMsMax);
    expect(actor.getSnapshot().value).toBe('idle');
  }
  expect(waits).toEqual([1, 2, 4, 8].map((factor) => limits.handoffBackoffMsMin * factor * 0.75));
  actor.send({ type: 'target.reachable' });
  actor.send({ type: 'batch.acked', bytes: 1 });
  actor.send({ type: 'batch.refused' });
  expect(actor.getSnapshot().context.failures).toBe(1);
});

test('handoff: a target that returns while its hints are re-homed is served itself', () => {
  const { actor } = paths.find(({ title }) => title === 'hints.overdue')!.walk();
  actor.send({ type: 'target.reachable' });
  expect(did).toEqual(['rehome', 'give up', 'deliver probe']);
});
