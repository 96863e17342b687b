import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ExchangeEffects, ExchangeEvent } from '../../actors/replica/tree-exchange.machine.js';
import { treeExchangeChart } from '../../actors/replica/tree-exchange.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];
let isUrgent = false;
let paceMs = 2;

beforeEach(() => {
  isUrgent = false;
  paceMs = 2;
});

function effects(): ExchangeEffects {
  did = [];
  const note = (what: string) => () => void did.push(what);
  return {
    isUrgent: () => isUrgent,
    restMs: () => 1_000,
    paceMs: () => paceMs,
    compareRoots: note('roots'),
    confirmRoots: note('roots again'),
    compareLeaves: note('leaves'),
    confirmLeaves: note('leaves again'),
    compareKeys: note('keys'),
    pull: note('pull'),
    push: note('push'),
    visited: note('visited'),
    ended: note('ended'),
    giveUp: note('give up'),
  };
}

const asked = (): string[] => did.filter((what) => what !== 'give up' && what !== 'ended');

const events: ExchangeEvent[] = [
  { type: 'visit.wanted' },
  { type: 'nobody.near' },
  { type: 'peer.silent' },
  { type: 'roots.equal' },
  { type: 'roots.differ', partitions: 2 },
  { type: 'leaves.equal' },
  { type: 'leaves.differ', leaves: 1 },
  { type: 'leaves.differ', leaves: 64 },
  { type: 'keys.equal', last: true },
  { type: 'keys.differ', last: false },
  { type: 'states.pulled', complete: false },
  { type: 'states.pushed', complete: true },
];

const paths = pathsOf(() => treeExchangeChart(effects()), { events });
const visiting = [
  'comparingRoots',
  'settling',
  'confirmingRoots',
  'comparingLeaves',
  'settlingLeaves',
  'confirmingLeaves',
  'comparingKeys',
  'pulling',
  'pushing',
  'pacing',
];

test('tree exchange: every state is reached', () => {
  const expected = ['resting', ...visiting.map((inner) => ({ visiting: inner }))];
  expect(paths.map(({ state }) => JSON.stringify(state)).sort()).toEqual(
    expected.map((state) => JSON.stringify(state)).sort(),
  );
});

describe('tree exchange: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor, clock } = path.walk();
    expect(actor.getSnapshot().value).toEqual(path.state);
    // A peer that falls silent ends any visit, and the next one starts by itself.
    actor.send({ type: 'peer.silent' });
    expect(actor.getSnapshot().value).toBe('resting');
    clock.advance(1_000);
    expect(actor.getSnapshot().value).toEqual({ visiting: 'comparingRoots' });
    actor.stop();
    expect(clock.pending).toBe(0);
  });

  test.each(
    paths.filter(({ state }) => state !== 'resting').map((path) => [path.title, path] as const),
  )('%s, then nothing more: rests again without an answer', (_, path) => {
    const { actor, clock } = path.walk();
    for (let i = 0; i < 3 && actor.getSnapshot().value !== 'resting'; i++)
      clock.advance(limits.backgroundCallMsMax);
    expect(['resting', { visiting: 'comparingRoots' }]).toContainEqual(actor.getSnapshot().value);
  });
});

function start(): ReturnType<(typeof paths)[number]['walk']> {
  return paths.find(({ state }) => state === 'resting')!.walk();
}

test('tree exchange: equal replicas cost one question a visit', () => {
  const { actor, clock } = start();
  clock.advance(1_000);
  actor.send({ type: 'roots.equal' });
  expect(asked()).toEqual(['roots', 'visited']);
});

test('tree exchange: what is urgent is done at once, and tried again after a while', () => {
  const { actor, clock } = start();
  isUrgent = true;
  actor.send({ type: 'visit.wanted' });
  actor.send({ type: 'peer.silent' });
  clock.advance(limits.exchangeRetryMs - 1);
  expect(asked()).toEqual(['roots']);
  clock.advance(1);
  expect(asked()).toEqual(['roots', 'roots']);
  actor.send({ type: 'roots.equal' });
  expect(asked()).toEqual(['roots', 'roots', 'visited']);
  clock.advance(0);
  expect(asked()).toEqual(['roots', 'roots', 'visited', 'roots']);
  // Nobody is left with whom it is.
  isUrgent = false;
  actor.send({ type: 'roots.equal' });
  clock.advance(999);
  expect(actor.getSnapshot().value).toBe('resting');
});

test('tree exchange: a difference that was only on its way is not looked into', () => {
  const { actor, clock } = start();
  actor.send({ type: 'visit.wanted' });
  actor.send({ type: 'roots.differ', partitions: 9 });
  clock.advance(limits.exchangeSettleMs);
  actor.send({ type: 'roots.equal' });
  expect(asked()).toEqual(['roots', 'roots again', 'visited']);
});

test('tree exchange: two partitions that differ, one with two rounds of keys and states in two answers', () => {
  const { actor, clock } = start();
  const pace = (): void => clock.advance(limits.exchangePaceMs);
  actor.send({ type: 'visit.wanted' });
  actor.send({ type: 'roots.differ', partitions: 3 });
  clock.advance(limits.exchangeSettleMs);
  actor.send({ type: 'roots.differ', partitions: 2 });
  actor.send({ type: 'leaves.differ', leaves: 64 });
  actor.send({ type: 'keys.differ', last: false });
  actor.send({ type: 'states.pulled', complete: false });
  actor.send({ type: 'states.pushed', complete: false });
  actor.send({ type: 'states.pushed', complete: true });
  pace();
  actor.send({ type: 'states.pulled', complete: true });
  actor.send({ type: 'states.pushed', complete: true });
  pace();
  actor.send({ type: 'keys.equal', last: true });
  pace();
  actor.send({ type: 'leaves.equal' });
  pace();
  expect(asked()).toEqual([
    'roots',
    'roots again',
    'leaves',
    'keys',
    'pull',
    'push',
    'push',
    'pull',
    'push',
    'keys',
    'leaves',
    'visited',
  ]);
  expect(actor.getSnapshot().value).toBe('resting');
});

function differing(leaves: number): ReturnType<typeof start> {
  const started = start();
  started.actor.send({ type: 'visit.wanted' });
  started.actor.send({ type: 'roots.differ', partitions: 1 });
  started.clock.advance(limits.exchangeSettleMs);
  started.actor.send({ type: 'roots.differ', partitions: 1 });
  started.actor.send({ type: 'leaves.differ', leaves });
  return started;
}

test('tree exchange: keys are looked at where few leaves differ twice, or many once', () => {
  differing(limits.exchangeFewLeavesMax + 1);
  expect(asked().at(-1)).toBe('keys');
  const { actor, clock } = differing(limits.exchangeFewLeavesMax);
  expect(asked().at(-1)).toBe('leaves');
  clock.advance(limits.exchangeLeavesSettleMs);
  expect(asked().at(-1)).toBe('leaves again');
  actor.send({ type: 'leaves.differ', leaves: 1 });
  expect(asked().at(-1)).toBe('keys');
  const written = differing(2);
  written.clock.advance(limits.exchangeLeavesSettleMs);
  written.actor.send({ type: 'leaves.equal' });
  written.clock.advance(limits.exchangePaceMs);
  expect(asked()).toEqual(['roots', 'roots again', 'leaves', 'leaves again', 'visited']);
});

test('tree exchange: batches rest as the node asks for, within bounds', () => {
  for (const [asked, ms] of [
    [2, limits.exchangePaceMs],
    [limits.exchangePaceMs + 5, limits.exchangePaceMs + 5],
    [10_000, limits.exchangePaceMsMax],
  ] as const) {
    paceMs = asked;
    const { actor, clock } = start();
    actor.send({ type: 'visit.wanted' });
    actor.send({ type: 'roots.differ', partitions: 1 });
    clock.advance(limits.exchangeSettleMs);
    actor.send({ type: 'roots.differ', partitions: 1 });
    actor.send({ type: 'leaves.equal' });
    clock.advance(ms - 1);
    expect(actor.getSnapshot().value).toEqual({ visiting: 'pacing' });
    clock.advance(1);
    expect(actor.getSnapshot().value).toBe('resting');
  }
});

test('tree exchange: a visit ends before it is known whether the next one is urgent', () => {
  const { actor } = start();
  isUrgent = true;
  for (const type of ['visit.wanted', 'peer.silent'] as const) actor.send({ type });
  expect(did.at(-1)).toBe('ended');
  actor.send({ type: 'visit.wanted' });
  actor.send({ type: 'roots.equal' });
  expect(did.slice(-2)).toEqual(['visited', 'ended']);
});
