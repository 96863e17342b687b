import { afterEach, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { storageKeyOf } from '../../../actors/rules/key.js';
import { ReplicaWorld } from '../../support/replica-world.js';
import { reading, readingsOf } from '../../support/readings.js';

let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

const visits = async (at: number, count = 1): Promise<void> => {
  const made = (): number => reading(world.nodes[at]!, 'exchange.visits');
  const wanted = made() + count;
  for (let i = 0; i < 600 && made() < wanted; i++) await world.run(1_000);
  expect(made()).toBeGreaterThanOrEqual(wanted);
};

test('exchange: 600 keys one primary missed are pulled in one visit, and what it alone has is pushed', async () => {
  world = await ReplicaWorld.start(3);
  const keys = Array.from({ length: 600 }, (_, i) => world.key(`k${i}`, i % 16));
  for (const key of keys.slice(0, 500)) await world.put(0, key);
  for (const key of keys.slice(500)) await world.put(1, key);
  world.nodes[1]!.exchange.start();
  world.nodes[1]!.exchange.suspectAll();
  await world.run(20_000);
  for (const key of keys) expect(world.equal(key, [0, 1])).toBe(true);
  expect(readingsOf(world.nodes[1]!, 'exchange')).toMatchObject({ pulled: 500, pushed: 100 + 600 });
  // Node 2 was visited as well: it had nothing.
  for (const key of keys) expect(world.equal(key, [1, 2])).toBe(true);
});

test.each([
  ['all', (node: ReplicaWorld['nodes'][number]) => node.exchange.suspectAll()],
  ['a partition', (node: ReplicaWorld['nodes'][number]) => node.exchange.suspectDamage([3])],
])(
  'exchange: %s suspected before it is known with whom to compare, which is done when it starts',
  async (_, suspect) => {
    world = await ReplicaWorld.start(2);
    const node = world.nodes[1]!;
    const key = world.key('k', 3);
    await world.put(0, key);
    const { ring } = node.view;
    node.view.ring = { ...ring, preferenceList: () => [] };
    suspect(node);
    node.view.ring = ring;
    node.exchange.start();
    // Else only after half of `exchangeIntervalMs` at the earliest.
    await world.run(2_000);
    expect(world.equal(key, [0, 1])).toBe(true);
  },
);

test('exchange: siblings on both sides meet on both sides', async () => {
  world = await ReplicaWorld.start(2);
  const key = world.key('k');
  await world.put(0, key, { value: 'left' });
  await world.put(1, key, { value: 'right' });
  world.nodes[0]!.exchange.start();
  await visits(0);
  for (const at of [0, 1]) expect(world.valuesAt(at, key)?.toSorted()).toEqual(['left', 'right']);
});

test('exchange: equal replicas exchange roots and nothing else', async () => {
  world = await ReplicaWorld.start(3);
  for (let i = 0; i < 50; i++) {
    const key = world.key(`k${i}`, i % 16);
    const state = await world.put(0, key);
    await world.give(1, key, state);
    await world.give(2, key, state);
  }
  world.nodes[0]!.exchange.start();
  await visits(0, 6);
  expect(readingsOf(world.nodes[0]!, 'exchange')).toMatchObject({ pulled: 0, pushed: 0 });
});

test('exchange: a node that is no primary of a partition is neither asked about it nor given it (4 nodes, N=3)', async () => {
  world = await ReplicaWorld.start(4);
  const key = world.key('k');
  await world.put(0, key);
  for (const node of world.nodes) node.exchange.start();
  await world.run(3 * limits.exchangeIntervalMs);
  expect(world.equal(key, [0, 1, 2])).toBe(true);
  expect(world.stateAt(3, key)).toBeUndefined();
});

test('exchange: buckets with different N in one partition: each key stays with its own primaries', async () => {
  world = await ReplicaWorld.start(4, { buckets: { wide: { n: 4 } } });
  const narrow = world.key('k');
  const wide = storageKeyOf({ partition: 0, bucket: 'wide', key: 'k' });
  await world.put(0, narrow);
  await world.put(0, wide);
  for (const node of world.nodes) node.exchange.start();
  await world.run(3 * limits.exchangeIntervalMs);
  expect(world.equal(wide, [0, 1, 2, 3])).toBe(true);
  expect(world.equal(narrow, [0, 1, 2])).toBe(true);
  expect(world.stateAt(3, narrow)).toBeUndefined();
});

test('exchange: a peer that dies in the middle ends the visit; the next one finishes the work', async () => {
  world = await ReplicaWorld.start(2);
  const keys = Array.from({ length: 2_000 }, (_, i) => world.key(`k${i}`, 0));
  for (const key of keys) await world.put(1, key);
  world.nodes[0]!.exchange.start();
  world.nodes[0]!.exchange.suspectAll();
  const pulled = (): number => reading(world.nodes[0]!, 'exchange.pulled');
  while (pulled() === 0) await world.run(1);
  expect(pulled()).toBeLessThan(2_000);
  world.crash(1);
  await world.run(20_000);
  await world.boot(1);
  await world.run(2 * limits.exchangeIntervalMs);
  for (const key of keys) expect(world.equal(key, [0, 1])).toBe(true);
});

test('exchange: large states travel in several messages (40 values of 256 KiB)', async () => {
  world = await ReplicaWorld.start(2);
  const keys = Array.from({ length: 40 }, (_, i) => world.key(`k${i}`, 0));
  for (const key of keys.slice(0, 20)) await world.put(0, key, { value: 'x'.repeat(256 * 1024) });
  for (const key of keys.slice(20)) await world.put(1, key, { value: 'y'.repeat(256 * 1024) });
  world.nodes[0]!.exchange.start();
  await visits(0);
  for (const key of keys) expect(world.equal(key, [0, 1])).toBe(true);
});

test('exchange: a state larger than a message is pushed part by part in one visit', async () => {
  world = await ReplicaWorld.start(3);
  const key = world.key('k');
  const left = await world.put(1, key, { value: 'l'.repeat(600 * 1024) });
  await world.put(0, key, { value: 'r'.repeat(600 * 1024) });
  await world.give(0, key, left);
  // The others visit nobody, so nothing comes to them but what they are sent.
  world.nodes[0]!.exchange.start();
  await world.run(2 * limits.exchangeIntervalMs);
  expect(world.stateAt(0, key)?.siblings).toHaveLength(2);
  expect(world.equal(key, [0, 1, 2])).toBe(true);
});

test('exchange: writes that go on at both sides do not make it busy', async () => {
  world = await ReplicaWorld.start(2);
  world.nodes[0]!.exchange.start();
  for (let i = 0; i < 400; i++) {
    const key = world.key(`k${i % 50}`, i % 16);
    await world.give(1, key, await world.put(0, key, { value: `${i}` }));
    if (i % 40 === 0) world.nodes[0]!.exchange.suspectAll();
  }
  const { pulled, pushed } = readingsOf(world.nodes[0]!, 'exchange');
  expect(pulled).toBe(0);
  expect(pushed).toBeLessThan(5);
});

test('exchange: what is known to differ is told while it is mended, and not after', async () => {
  world = await ReplicaWorld.start(2);
  for (let i = 0; i < 400; i++) await world.put(1, world.key(`k${i}`, i % 4));
  const node = world.nodes[0]!;
  node.exchange.start();
  node.exchange.suspectAll();
  const seen = new Set<string>();
  for (let i = 0; i < 20_000 && reading(node, 'exchange.visits') === 0; i++) {
    await world.run(1);
    seen.add(node.exchange.differing.join(' '));
    expect(reading(node, 'exchange.differing')).toBe(node.exchange.differing.length);
  }
  expect([...seen]).toEqual(['', '0 1 2 3', '1 2 3', '2 3', '3']);
  expect(node.exchange.differing).toEqual([]);
});
