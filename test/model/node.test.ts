import { describe, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import type { NodeEffects, NodeEvent } from '../../actors/node/node.machine.js';
import { nodeChart, type nodeMachine } from '../../actors/node/node.machine.js';
import type { ReplicaEffects, ReplicaEvent } from '../../actors/replica/lifecycle.machine.js';
import { replicaChart } from '../../actors/replica/lifecycle.machine.js';
import { ManualClock } from '../support/manual-clock.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

const note = (what: string) => () => void did.push(what);

function replicaEffects(): ReplicaEffects {
  return {
    recover: note('recover'),
    takeWrites: note('take writes'),
    refuseWrites: (because) => did.push(`refuse writes: ${because}`),
    close: note('close'),
  };
}

function effects(): NodeEffects {
  did = [];
  return {
    replica: replicaEffects(),
    connect: note('connect'),
    join: note('join'),
    open: note('open'),
    drain: note('drain'),
    leave: note('leave'),
    abandon: note('abandon'),
  };
}

/** What was said of writes. */
const writes = (): string[] => did.filter((what) => what.includes('writes'));

const error = new Error('the disk failed');
const events: NodeEvent[] = [
  { type: 'replica.recovered' },
  { type: 'replica.stopped' },
  { type: 'replica.failed', error },
  { type: 'bus.connected' },
  { type: 'cluster.joined' },
  { type: 'rounds.finished' },
  { type: 'stop.requested' },
  { type: 'cluster.left' },
  { type: 'fatal.happened', error },
];

const paths = pathsOf(() => nodeChart(effects()), { events });

test('node: every state is reached', () => {
  expect(paths.map(({ state }) => JSON.stringify(state)).sort()).toEqual(
    ['recovering', 'connecting', 'joining', 'serving', 'draining', 'closing', 'stopped', 'failed']
      .map((state) => JSON.stringify(state))
      .sort(),
  );
});

describe('node: on the way to each state', () => {
  test.each(paths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor } = path.walk();
    expect(actor.getSnapshot().value).toEqual(path.state);
    expect(did[0]).toBe('recover');
    if (path.state === 'stopped' || path.state === 'failed') return;
    // From anywhere a fatal error ends it, and nothing is flushed afterwards.
    const before = did.length;
    actor.send({ type: 'fatal.happened', error });
    expect(actor.getSnapshot().value).toBe('failed');
    expect(actor.getSnapshot().context.error).toBe(error);
    expect(did.slice(before)).toEqual(['abandon']);
  });
});

function startNode(): {
  node: ReturnType<typeof createActor<typeof nodeMachine>>;
  replica: (event: ReplicaEvent) => void;
} {
  const node = createActor(nodeChart(effects()), { clock: new ManualClock() });
  node.start();
  const replica = node.getSnapshot().children.replica!;
  return { node, replica: (event) => replica.send(event) };
}

test('node: boots in order, drains, closes the replica last', () => {
  const { node, replica } = startNode();
  replica({ type: 'store.recovered' });
  node.send({ type: 'bus.connected' });
  node.send({ type: 'cluster.joined' });
  node.send({ type: 'bus.connected' });
  expect(node.getSnapshot().value).toBe('serving');
  node.send({ type: 'stop.requested' });
  node.send({ type: 'rounds.finished' });
  replica({ type: 'store.closed' });
  expect(node.getSnapshot().value).toBe('stopped');
  expect(did).toEqual([
    'recover',
    'take writes',
    'connect',
    'join',
    'open',
    'drain',
    'leave',
    'refuse writes: closing',
    'close',
  ]);
});

test('node: it has left its cluster: it finishes what it has and closes, as if told to stop', () => {
  for (const isServing of [true, false]) {
    const { node, replica } = startNode();
    replica({ type: 'store.recovered' });
    node.send({ type: 'bus.connected' });
    if (isServing) node.send({ type: 'cluster.joined' });
    did = [];
    node.send({ type: 'cluster.left' });
    node.send({ type: 'cluster.left' });
    if (isServing) expect(did.splice(0)).toEqual(['drain']);
    node.send({ type: 'rounds.finished' });
    replica({ type: 'store.closed' });
    expect(node.getSnapshot().value).toBe('stopped');
    expect(did).toEqual(['leave', 'refuse writes: closing', 'close']);
  }
});

test('node: told to stop while it recovers, it closes what it has read', () => {
  const { node, replica } = startNode();
  node.send({ type: 'stop.requested' });
  expect(did).toEqual(['recover', 'leave']);
  replica({ type: 'store.recovered' });
  replica({ type: 'store.closed' });
  expect(node.getSnapshot().value).toBe('stopped');
  expect(did).toEqual(['recover', 'leave', 'refuse writes: closing', 'close']);
});

test('node: a store that can not recover fails the node', () => {
  const { node, replica } = startNode();
  replica({ type: 'store.failed', error });
  expect(node.getSnapshot().value).toBe('failed');
  expect(node.getSnapshot().context.error).toBe(error);
});

test('replica: a full disk makes it read-only until it is writable again', () => {
  const { node, replica } = startNode();
  const state = (): unknown => node.getSnapshot().children.replica!.getSnapshot().value;
  replica({ type: 'store.recovered' });
  replica({ type: 'disk.full', part: 'log' });
  expect(state()).toBe('readOnly');
  replica({ type: 'disk.writable', part: 'log' });
  expect(state()).toBe('serving');
  expect(writes()).toEqual(['take writes', 'refuse writes: diskFull', 'take writes']);
});

test('replica: a disk that was full when it was read is told once, and no write is taken before there is room', () => {
  const { node, replica } = startNode();
  const state = (): unknown => node.getSnapshot().children.replica!.getSnapshot().value;
  replica({ type: 'disk.full', part: 'lease' });
  expect(state()).toBe('recovering');
  replica({ type: 'store.recovered' });
  expect(state()).toBe('readOnly');
  expect(node.getSnapshot().value).toBe('connecting');
  expect(did).toEqual(['recover', 'refuse writes: diskFull', 'connect']);
  replica({ type: 'disk.writable', part: 'lease' });
  expect(state()).toBe('serving');
});

test('replica: it takes writes again when the last part that missed room has it', () => {
  const { replica } = startNode();
  replica({ type: 'store.recovered' });
  replica({ type: 'disk.full', part: 'log' });
  replica({ type: 'disk.full', part: 'tables' });
  replica({ type: 'disk.full', part: 'tables' });
  replica({ type: 'disk.writable', part: 'tables' });
  replica({ type: 'disk.writable', part: 'lease' });
  expect(writes()).toEqual(['take writes', 'refuse writes: diskFull']);
  replica({ type: 'disk.writable', part: 'log' });
  expect(writes()).toEqual(['take writes', 'refuse writes: diskFull', 'take writes']);
});

test('replica: a disk that fails refuses writes and fails the node', () => {
  const { node, replica } = startNode();
  replica({ type: 'store.recovered' });
  replica({ type: 'disk.full', part: 'log' });
  replica({ type: 'store.failed', error });
  expect(node.getSnapshot().value).toBe('failed');
  expect(did.slice(-2)).toEqual(['refuse writes: diskFailed', 'abandon']);
});

const replicaPaths = pathsOf(
  () => {
    did = [];
    return replicaChart(replicaEffects());
  },
  {
    events: [
      { type: 'store.recovered' },
      { type: 'store.failed', error },
      { type: 'store.closed' },
      { type: 'disk.full', part: 'log' },
      { type: 'disk.writable', part: 'log' },
      { type: 'stop.requested' },
    ],
  },
);

describe('replica: on the way to each state', () => {
  test.each(replicaPaths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor } = path.walk();
    expect(actor.getSnapshot().value).toBe(path.state);
    const closed = did.filter((what) => what === 'close').length;
    expect(closed).toBe(path.state === 'stopping' || path.state === 'stopped' ? 1 : 0);
    expect(writes().at(-1) === 'take writes').toBe(path.state === 'serving');
  });

  test('all of them', () => {
    expect(new Set(replicaPaths.map(({ state }) => state))).toEqual(
      new Set([
        'recovering',
        'recoveringToStop',
        'serving',
        'readOnly',
        'stopping',
        'stopped',
        'failed',
      ]),
    );
  });
});
