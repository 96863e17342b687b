/**
 * Whole nodes put together from simulated seams: their life, and that nothing but the seams decides
 * what they do.
 */
import { expect, test } from '@jest/globals';
import type { NodeOptions } from '../../../src/options/node-options.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';
import { NodeWorld } from '../../support/node-world.js';

async function dayInTheLife(seed: string): Promise<NodeWorld> {
  const world = new NodeWorld(seed);
  const nodes = await world.cluster();
  for (let i = 0; i < 20; i++) await world.request(`kv.put.b.k${i % 7}`, `value ${i}`);
  expect(await world.request('kv.get.b.k5')).toBe('value 19');
  expect(await world.request('kv.get.b.none')).toBe('!404');
  await world.run(40_000);
  await world.settled(nodes[1]!.stop());
  await world.request('kv.put.b.k5', 'without n2');
  const again = world.node('n2');
  await world.settled(again.start());
  await world.run(10_000);
  expect(again.status().keys).toBe(7);
  expect(await world.request('kv.get.b.k5')).toBe('without n2');
  await world.settled(Promise.all([nodes[0]!, again, nodes[2]!].map((node) => node.stop())));
  expect(world.errors).toEqual([]);
  return world;
}

test('three nodes on simulated seams: the same seed gives the same trace to the byte, another seed another', async () => {
  const [first, second, other] = [
    await dayInTheLife('a'),
    await dayInTheLife('a'),
    await dayInTheLife('b'),
  ];
  expect(first.trace.lines).toBeGreaterThan(500);
  expect(second.trace.text()).toBe(first.trace.text());
  expect(other.trace.text()).not.toBe(first.trace.text());
});

test('a node that stops leaves no timer behind', async () => {
  const world = new NodeWorld('timers');
  const nodes = await world.cluster();
  await world.request('kv.put.b.k', 'v');
  await world.settled(Promise.all(nodes.map((node) => node.stop())));
  await world.run(120_000);
  expect(world.scheduler.pending).toBe(0);
  expect(world.errors).toEqual([]);
});

test('a failed sync ends the node: nothing is flushed, the listener is told, others take over', async () => {
  const world = new NodeWorld('sync');
  const nodes = await world.cluster();
  await world.request('kv.put.b.k', 'before');
  const told: string[] = [];
  nodes[0]!.onFatal((error) => told.push(error.message));
  world.disks.get('n1')!.faults.failSyncs = 1;
  // Whoever coordinates it, n1 is asked to store it. A node that dies this way leaves its own
  // clients without an answer.
  world.publish('kv.put.b.k', 'after');
  await expect(world.settled(nodes[0]!.stopped)).rejects.toThrow();
  expect(told).toHaveLength(1);
  expect(nodes[0]!.status().status).toBe('failed');
  await world.request('kv.put.b.k', 'later');
  expect(await world.request('kv.get.b.k')).toBe('later');
  expect(world.errors).toEqual([]);
});

test('a member that is told another place says so to whoever listens once it runs, and is shown where its cluster has it', async () => {
  const world = new NodeWorld('place');
  const nodes = await world.cluster();
  await world.settled(nodes[1]!.stop());
  const again = world.node('n2', { name: 'other', host: 'elsewhere', zone: 'z' });
  await world.settled(again.start());
  const problems: string[] = [];
  again.onProblem((text) => problems.push(text));
  expect(problems).toEqual([expect.stringMatching(/^this node was started as 'other' on host/)]);
  expect(again.status()).toMatchObject({ name: 'n2', host: 'n2', zone: '' });
  await world.run(3_000);
  expect(problems).toHaveLength(1);
});

test('a full disk: the node says readOnly, answers gets, and serves again when there is room', async () => {
  const world = new NodeWorld('full');
  const nodes = await world.cluster();
  await world.request('kv.put.b.k', 'v');
  const problems: string[] = [];
  nodes[0]!.onProblem((text) => problems.push(text));
  world.disks.get('n1')!.faults.full = true;
  // Where n1 would coordinate, it hands the put on; the others keep a hint for it.
  for (let i = 0; i < 10; i++) expect(await world.request(`kv.put.b.k${i}`, 'v')).toBe('');
  expect(nodes[0]!.status().status).toBe('readOnly');
  expect(problems.join()).toContain('disk is full');
  expect(await world.request('kv.get.b.k')).toBe('v');
  world.disks.get('n1')!.faults.full = false;
  await world.run(60_000);
  expect(nodes[0]!.status()).toMatchObject({ status: 'serving', keys: 11 });
  expect(nodes[1]!.status().hints).toBe(0);
});

test('a full disk, and nobody to hand puts to: they are refused with nothing done, gets are answered', async () => {
  const world = new NodeWorld('full and alone');
  const node = world.node('n1', { founders: 1 });
  await world.settled(node.start());
  const put = (payload: string): Promise<string> =>
    world.ask('kv.put.b.k', { payload, headers: { 'Kv-W': '1' } });
  const get = (): Promise<string> => world.ask('kv.get.b.k', { headers: { 'Kv-R': '1' } });
  expect(await put('v')).toBe('');
  world.disks.get('n1')!.faults.full = true;
  // The one by which it finds out waits for room.
  world.publish('kv.put.b.waits', 'w', { 'Kv-W': '1' });
  await world.run(100);
  expect(node.status().status).toBe('readOnly');
  expect(await put('later')).toBe('!503 none the disk is full');
  expect(await get()).toBe('v');
  world.disks.get('n1')!.faults.full = false;
  await world.run(2_000);
  expect(node.status().status).toBe('serving');
  expect(await put('later')).toBe('');
  expect(await get()).toBe('later');
});

test('a wall clock that is wrong shows in the status: by how much, to the node itself and to the others', async () => {
  const world = new NodeWorld('clock');
  const [first, second, third] = (await world.cluster()) as [QuorateNode, QuorateNode, QuorateNode];
  world.clocks.get('n1')!.wallOffsetMs = 5_000;
  await world.run(3_000);
  const statuses = [first, second, third].map((node) => node.status());
  expect(statuses.map(({ clockAheadMs }) => Math.abs(Math.round(clockAheadMs / 100)))).toEqual([
    50, 0, 0,
  ]);
  for (const { clockOffsetsMs } of statuses.slice(1))
    expect(Math.round(clockOffsetsMs[first.id]! / 100)).toBe(50);
  expect(statuses[0]!.problems.join()).toMatch(/the wall clock of this machine is .* ahead of/);
  expect(world.errors).toEqual([]);
});

test('a node that is told to stop twice, or before it served, stops once', async () => {
  const world = new NodeWorld('stop');
  const node = world.node('n1');
  const serving = node.start();
  await world.run(2_000);
  expect(node.status().status).toBe('joining');
  const stops = [node.stop(), node.stop()];
  await world.settled(Promise.all(stops));
  await expect(serving).rejects.toThrow('stopped before it served');
  expect(node.status().status).toBe('stopped');
});

test('a node with data that is told another N is refused, with what to do; a bucket that holds nothing may get its own', async () => {
  const world = new NodeWorld('another N');
  const nodes = await world.cluster();
  expect(await world.request('kv.put.orders.a', 'x')).toBe('');
  await world.run(1_000);
  for (const node of nodes) await world.settled(node.stop());
  const defaults = { ...nodeOptionsDefault.defaults, n: 2 };
  const start = (options: Partial<NodeOptions>): Promise<void> =>
    world.settled(world.node('n1', options).start());
  await expect(start({ defaults })).rejects.toThrow(/N=3.*told N=2.*--n 3/);
  await expect(start({ buckets: { orders: { n: 2 } } })).rejects.toThrow(
    /bucket 'orders'.*N=3.*told N=2.*--bucket 'orders n=3'/,
  );
  await start({ buckets: { carts: { n: 2 } } });
  expect(world.errors).toEqual([]);
});
