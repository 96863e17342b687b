import { expect, test } from '@jest/globals';
import { factsOf } from '../../../src/dashboard/page/views/story/seen-facts.js';
import type {
  ClusterPicture,
  KeyPicture,
  NodePicture,
  Reach,
} from '../../../src/dashboard/wire.js';

const rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };

interface Told {
  readonly silentMs?: number;
  readonly process?: 'running' | 'paused' | 'disconnected' | 'stopped';
  readonly hints?: Readonly<Record<string, number>>;
  readonly isRemoved?: boolean;
}

function node(id: string, reach: Readonly<Record<string, Reach>>, told: Told = {}): NodePicture {
  const { silentMs = 100, process, hints = {}, isRemoved = false } = told;
  const label = { id, name: `n-${id}`, host: 'h', zone: 'z' };
  return {
    ...label,
    status: { ...label, status: 'serving' } as never,
    silentMs,
    reach: 'alive',
    isRemoved,
    isLeaving: false,
    view: { reach, absent: [], hints, charts: [] },
    rates,
    ...(process !== undefined && { process: { name: label.name, state: process } }),
  };
}

function picture(...nodes: NodePicture[]): ClusterPicture {
  return { atMs: 1, servers: '', nodes, ring: null, rates, problems: [] };
}

function key(copies: KeyPicture['copies']): KeyPicture {
  const placement = { primaries: ['a', 'b'], incoming: [], readers: ['a', 'b'], fallbacks: ['c'] };
  return { bucket: 'story', key: 'cart', partition: 3, ...placement, copies };
}

function holding(node: string, ...values: string[]): KeyPicture['copies'][number] {
  const siblings = values.map((value, i) => ({
    dot: `x:${i}`,
    bytes: value.length,
    value,
    isTombstone: false,
  }));
  return { node, isHeld: values.length > 0, context: [], siblings };
}

const isDown = (...nodes: NodePicture[]): boolean =>
  factsOf(picture(...nodes), key([])).nodes.find(({ id }) => id === 'b')!.isDown;

test('a node is down when all that live call it so, and it does not answer itself', () => {
  const silent = { silentMs: 60_000 };
  const a = node('a', { b: 'down', c: 'alive' });
  expect(isDown(a, node('b', {}, silent), node('c', { b: 'down' }))).toBe(true);
  expect(isDown(a, node('b', {}, silent), node('c', { b: 'suspect' }))).toBe(false);
  // A dead witness says nothing any more.
  expect(isDown(a, node('b', {}, silent), node('c', { b: 'alive' }, silent))).toBe(true);
  expect(isDown(a, node('b', {}), node('c', { b: 'down' }))).toBe(false);
  // Its last answer is young; its process is gone all the same.
  expect(isDown(a, node('b', {}, { process: 'stopped' }), node('c', { b: 'down' }))).toBe(true);
  expect(isDown(node('b', {}, silent))).toBe(false);
});

test('hints are those of who lives; removed members play no part', () => {
  const facts = factsOf(
    picture(
      node('a', {}, { hints: { b: 2, c: 0 } }),
      node('c', {}, { hints: { b: 1 }, process: 'stopped' }),
      node('d', {}, { isRemoved: true, hints: { b: 7 } }),
    ),
    key([]),
  );
  expect(facts.hints).toEqual([{ holder: 'a', target: 'b', count: 2 }]);
  expect(facts.nodes.map(({ name }) => name)).toEqual(['n-a', 'n-c']);
});

test('values are those of the copies; tombstones are none, who does not say has none to show', () => {
  const tombstone = { dot: 'x:9', bytes: 0, isTombstone: true };
  const facts = factsOf(
    picture(node('a', {}), node('b', {}), node('c', {}), node('d', {}, { process: 'paused' })),
    key([
      { ...holding('a', 'tea', 'milk'), isHeld: true },
      { node: 'b', isHeld: true, context: [], siblings: [tombstone] },
      { node: 'c', isHeld: false, context: [], siblings: [], error: 'no answer' },
      holding('d', 'old'),
    ]),
  );
  expect(facts.nodes.map(({ values }) => values)).toEqual([
    ['tea', 'milk'],
    [],
    undefined,
    undefined,
  ]);
  expect(facts.primaries).toEqual(['a', 'b']);
});
