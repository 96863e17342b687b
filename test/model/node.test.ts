import { describe, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import type { NodeEffects, NodeEvent } from '../../actors/node/node.machine.js';
import { nodeMachine } from '../../actors/node/node.machine.js';
import type { ReplicaEvent } from '../../actors/replica/lifecycle.machine.js';
import { replicaLifecycleMachine } from '../../actors/replica/lifecycle.machine.js';
import { ManualClock } from '../support/manual-clock.js';
import { pathsOf } from '../support/machine-paths.js';

let did: string[] = [];

const note = (what: string) => () => void did.push(what);

function effects(): NodeEffects {
  did = [];
  return {
    replica: { recover: note('recover'), close: note('close') },
    connect: note('connect'),
    join: note('join'),
    open: note('open'),
    drain: note('drain'),
    leave: note('leave'),
    abandon: note('abandon'),
  };
}

const error = new Error('the disk failed');
const events: NodeEvent[] = [
  { type: 'replica.recovered' },
  { type: 'replica.stopped' },
  { type: 'replica.failed', error },
  { type: 'bus.connected' },
  { type: 'bus.disconnected' },
  { type: 'cluster.joined' },
  { type: 'rounds.finished' },
  { type: 'stop.requested' },
  { type: 'fatal.happened', error },
];

const paths = pathsOf(nodeMachine, { input: effects, events });

test('node: every state is reached', () => {
  expect(paths.map(({ state }) => JSON.stringify(state)).sort()).toEqual(
    [
      'recovering',
      'connecting',
      'joining',
      'draining',
      'closing',
      'stopped',
      'failed',
      { serving: 'linked' },
      { serving: 'cutOff' },
    ]
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
  const node = createActor(nodeMachine, { clock: new ManualClock(), input: effects() });
  node.start();
  const replica = node.getSnapshot().children.replica!;
  return { node, replica: (event) => replica.send(event) };
}

test('node: boots in order, loses and finds its link, drains, closes the replica last', () => {
  const { node, replica } = startNode();
  replica({ type: 'store.recovered' });
  node.send({ type: 'bus.connected' });
  node.send({ type: 'cluster.joined' });
  node.send({ type: 'bus.disconnected' });
  node.send({ type: 'bus.connected' });
  expect(node.getSnapshot().value).toEqual({ serving: 'linked' });
  node.send({ type: 'stop.requested' });
  node.send({ type: 'rounds.finished' });
  replica({ type: 'store.closed' });
  expect(node.getSnapshot().value).toBe('stopped');
  expect(did).toEqual(['recover', 'connect', 'join', 'open', 'drain', 'leave', 'close']);
});

test('node: told to stop while it recovers, it closes what it has read', () => {
  const { node, replica } = startNode();
  node.send({ type: 'stop.requested' });
  expect(did).toEqual(['recover', 'leave']);
  replica({ type: 'store.recovered' });
  replica({ type: 'store.closed' });
  expect(node.getSnapshot().value).toBe('stopped');
  expect(did).toEqual(['recover', 'leave', 'close']);
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
  replica({ type: 'disk.full' });
  expect(state()).toBe('recovering');
  replica({ type: 'store.recovered' });
  replica({ type: 'disk.full' });
  expect(state()).toBe('readOnly');
  replica({ type: 'disk.writable' });
  expect(state()).toBe('serving');
});

const replicaPaths = pathsOf(replicaLifecycleMachine, {
  input: () => {
    did = [];
    const node = createActor(nodeMachine, { clock: new ManualClock(), input: effects() });
    return { effects: { recover: note('recover'), close: note('close') }, node };
  },
  events: [
    { type: 'store.recovered' },
    { type: 'store.failed', error },
    { type: 'store.closed' },
    { type: 'disk.full' },
    { type: 'disk.writable' },
    { type: 'stop.requested' },
  ],
});

describe('replica: on the way to each state', () => {
  test.each(replicaPaths.map((path) => [path.title, path] as const))('%s', (_, path) => {
    const { actor } = path.walk();
    expect(actor.getSnapshot().value).toBe(path.state);
    const closed = did.filter((what) => what === 'close').length;
    expect(closed).toBe(path.state === 'stopping' || path.state === 'stopped' ? 1 : 0);
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
