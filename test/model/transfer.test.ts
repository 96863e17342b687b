import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TransferEffects, TransferEvent } from '../../actors/replica/transfer.machine.js';
import { transferChart } from '../../actors/replica/transfer.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

beforeEach(() => {
  did = [];
});

function effects(): TransferEffects {
  did = [];
  const note = (what: string) => () => void did.push(what);
  return {
    choose: note('choose'),
    ask: note('ask'),
    fetch: note('fetch'),
    compare: note('compare'),
    leaveAlone: note('leave alone'),
    settle: note('settle'),
    giveUp: note('give up'),
  };
}

const acts = (): string[] => did.filter((what) => what !== 'give up');

const batch = (streams: number, compares = 0, restMs = 1): TransferEvent => ({
  type: 'batch.stored',
  streams,
  compares,
  restMs,
});
const offer = (streams: number, compares: number): TransferEvent => ({
  type: 'source.offered',
  streams,
  compares,
});

const events: TransferEvent[] = [
  { type: 'layout.changed' },
  { type: 'partitions.moved' },
  { type: 'lot.chosen' },
  { type: 'lot.stuck' },
  { type: 'lot.none' },
  { type: 'lot.had' },
  { type: 'lot.durable' },
  offer(1, 1),
  offer(0, 1),
  { type: 'source.silent' },
  { type: 'source.compared' },
  batch(1),
  { type: 'store.refused' },
];

const paths = pathsOf(() => transferChart(effects()), { events });
const receiving = [
  'choosing',
  'waiting',
  'asking',
  'comparing',
  'settling',
  ...['fetching', 'pacing', 'refused'].map((streaming) => ({ streaming })),
];

test('transfer: every state is reached', () => {
  const expected = ['idle', ...receiving.map((inner) => ({ receiving: inner }))];
  expect(paths.map(({ state }) => JSON.stringify(state)).sort()).toEqual(
    expected.map((state) => JSON.stringify(state)).sort(),
  );
});

describe('transfer: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))(
    '%s, then another layout: all begins anew, and what was asked is given up',
    (_, path) => {
      const { actor, clock } = path.walk();
      expect(actor.getSnapshot().value).toEqual(path.state);
      const before = did.length;
      actor.send({ type: 'layout.changed' });
      expect(actor.getSnapshot().value).toEqual({ receiving: 'choosing' });
      const asks = ['asking', 'comparing', 'settling', 'fetching'];
      const wasAsking = asks.some((state) => JSON.stringify(path.state).includes(state));
      expect(did.slice(before)).toEqual(wasAsking ? ['give up', 'choose'] : ['choose']);
      actor.send({ type: 'lot.none' });
      actor.stop();
      expect(clock.pending).toBe(0);
    },
  );

  test.each(paths.map((path) => [path.title, path] as const))(
    '%s, then silence: the others are asked, and the source is left alone',
    (_, path) => {
      const { actor } = path.walk();
      actor.send({ type: 'source.silent' });
      if (path.state === 'idle') return expect(actor.getSnapshot().value).toBe('idle');
      expect(actor.getSnapshot().value).toEqual({ receiving: 'asking' });
      expect(acts().slice(-2)).toEqual(['leave alone', 'ask']);
    },
  );

  test.each(paths.map((path) => [path.title, path] as const))(
    '%s: nothing is settled before nobody is left to be asked',
    (_, path) => {
      path.walk();
      if (did.includes('settle')) expect(path.events.at(-1)).toBe('lot.had');
    },
  );
});

function start(): ReturnType<(typeof paths)[number]['walk']> {
  return paths.find(({ state }) => state === 'idle')!.walk();
}

test('transfer: two partitions are streamed and one is compared, then the next source, then all is settled', () => {
  const { actor, clock } = start();
  actor.send({ type: 'layout.changed' });
  actor.send({ type: 'lot.chosen' });
  actor.send(offer(2, 1));
  actor.send(batch(2, 1));
  clock.advance(1);
  actor.send(batch(1, 1));
  clock.advance(1);
  actor.send(batch(0, 1));
  clock.advance(1);
  actor.send({ type: 'source.compared' });
  actor.send(offer(0, 3));
  actor.send({ type: 'source.compared' });
  actor.send({ type: 'lot.had' });
  actor.send({ type: 'lot.durable' });
  actor.send({ type: 'lot.none' });
  expect(acts()).toEqual(
    'choose ask fetch fetch fetch compare ask compare ask settle choose'.split(' '),
  );
  expect(actor.getSnapshot().value).toBe('idle');
});

test('transfer: all was streamed: nothing is compared with that source', () => {
  const { actor, clock } = start();
  actor.send({ type: 'partitions.moved' });
  actor.send({ type: 'lot.chosen' });
  actor.send(offer(1, 0));
  actor.send(batch(0));
  clock.advance(1);
  expect(acts()).toEqual(['choose', 'ask', 'fetch', 'ask']);
});

test('transfer: after a batch it rests for as long as it was told', () => {
  const { actor, clock } = start();
  for (const type of ['layout.changed', 'lot.chosen'] as const) actor.send({ type });
  actor.send(offer(1, 0));
  actor.send(batch(1, 0, 300));
  clock.advance(299);
  expect(acts().at(-1)).toBe('fetch');
  expect(acts().filter((what) => what === 'fetch')).toHaveLength(1);
  clock.advance(1);
  expect(acts().filter((what) => what === 'fetch')).toHaveLength(2);
});

test('transfer: a source that does not answer in time is left alone, whatever it was asked', () => {
  const { actor, clock } = start();
  for (const type of ['layout.changed', 'lot.chosen'] as const) actor.send({ type });
  clock.advance(limits.backgroundCallMsMax);
  actor.send(offer(1, 0));
  clock.advance(limits.backgroundCallMsMax);
  const asked = ['ask', 'leave alone', 'ask', 'fetch', 'leave alone', 'ask'];
  expect(acts()).toEqual(['choose', ...asked]);
});

test('transfer: a store that takes nothing now is tried again with the same batch', () => {
  const { actor, clock } = start();
  for (const type of ['layout.changed', 'lot.chosen'] as const) actor.send({ type });
  actor.send(offer(1, 0));
  actor.send({ type: 'store.refused' });
  clock.advance(transferLimits.retryMs);
  expect(acts()).toEqual(['choose', 'ask', 'fetch', 'fetch']);
});

test('transfer: with nobody there to ask, it looks again after a while', () => {
  const { actor, clock } = start();
  actor.send({ type: 'layout.changed' });
  actor.send({ type: 'lot.stuck' });
  clock.advance(transferLimits.retryMs);
  expect(acts()).toEqual(['choose', 'choose']);
});
