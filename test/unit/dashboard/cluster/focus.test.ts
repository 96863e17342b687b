/** What is pointed at, what that lights up, and how a node is called. */
import { expect, test } from '@jest/globals';
import { clusterViewLimits } from '../../../../actors/rules/limits/cluster-view.js';
import { eventOf } from '../../../../src/dashboard/page/views/cluster/event-book.js';
import {
  focusAt,
  isSame,
  litNodes,
  nothing,
  pathOf,
  within,
  type Focus,
} from '../../../../src/dashboard/page/views/cluster/focus.js';
import { nodeState } from '../../../../src/dashboard/page/views/cluster/node-state.js';
import { partitionFacts } from '../../../../src/dashboard/page/views/cluster/ring-model.js';
import {
  eventWith,
  idOf,
  nodeWith,
  ringWith,
  statusWith,
} from '../../../support/cluster-pictures.js';

const names = ['n1', 'n2', 'n3', 'n4'];
const ring = ringWith({
  names,
  lists: () => names,
  next: (partition) => (partition === 0 ? names.toReversed() : names),
});
const event = eventOf(eventWith(1, 'n1', 'down', { about: idOf('n3') }))!;
const foci: readonly Focus[] = [
  nothing,
  { kind: 'node', id: idOf('n1') },
  { kind: 'node', id: idOf('n2') },
  { kind: 'partition', partition: 0 },
  { kind: 'partition', partition: 1 },
  { kind: 'event', event },
];

const ids = (...some: readonly string[]): string[] => some.map(idOf);

test('two of them are the same when they are about the same', () => {
  for (const [i, a] of foci.entries())
    for (const [j, b] of foci.entries()) expect(isSame({ ...a }, { ...b })).toBe(i === j);
});

test('lit are: the node, who is written of the partition, all that the event is about', () => {
  const lit = foci.map((focus) => [...litNodes(focus, (at) => partitionFacts(ring, at))].sort());
  expect(lit).toEqual([
    [],
    ids('n1'),
    ids('n2'),
    ids(...names),
    ids('n1', 'n2', 'n3'),
    ids('n1', 'n3'),
  ]);
  expect(litNodes(foci[3]!, () => undefined).size).toBe(0);
});

test('nodes and partitions stand in the address, and are read from it', () => {
  for (const focus of foci)
    expect(focusAt(pathOf(focus))).toEqual(focus.kind === 'event' ? nothing : focus);
  for (const path of [['partition', 'x'], ['partition', '-1'], ['partition'], ['node'], ['a', 'b']])
    expect(focusAt(path)).toEqual(nothing);
  expect(within({ kind: 'partition', partition: 8 }, 8)).toEqual(nothing);
  const last: Focus = { kind: 'partition', partition: 7 };
  expect(within(last, 8)).toBe(last);
});

test('how a node is, in a word', () => {
  const words = [
    nodeWith('n1'),
    nodeWith('n1', { status: statusWith('n1', { status: 'readOnly' }) }),
    nodeWith('n1', { reach: 'suspect' }),
    nodeWith('n1', { reach: 'down', status: null }),
    nodeWith('n1', { status: null }),
    nodeWith('n1', { silentMs: clusterViewLimits.staleMsMin + 1 }),
    nodeWith('n1', { process: { name: 'n1', state: 'paused' } }),
    nodeWith('n1', { isLeaving: true }),
    nodeWith('n1', { isRemoved: true, isLeaving: true, reach: 'down' }),
  ].map((node) => nodeState(node).word);
  expect(words).toEqual([
    'serving',
    'read only',
    'suspect',
    'down',
    'alive',
    'no answer',
    'paused',
    'serving, leaving',
    'removed',
  ]);
});
