/** What whole nodes on simulated seams tell their operator. */
import { expect, test } from '@jest/globals';
import { journalLimits } from '../../../actors/rules/limits/journal.js';
import type { JournalEvent, JournalEventName } from '../../../src/seams/journal.js';
import { NodeWorld } from '../../support/node-world.js';

function namesIn(world: NodeWorld, node: string): JournalEventName[] {
  return world.journals.get(node)!.map(({ event }) => event);
}

function last<Name extends JournalEventName>(
  world: NodeWorld,
  node: string,
  name: Name,
): Extract<JournalEvent, { readonly event: Name }> | undefined {
  const told = world.journals.get(node)!.filter(({ event }) => event === name);
  return told.at(-1) as Extract<JournalEvent, { readonly event: Name }> | undefined;
}

test('a node tells of its start and its stop, and of nothing else while all is well', async () => {
  const world = new NodeWorld('well');
  const nodes = await world.cluster();
  for (let i = 0; i < 20; i++) await world.request(`kv.put.b.k${i}`, 'v');
  await world.run(60_000);
  const life: JournalEventName[] = [
    'store.recovered',
    'nats.connected',
    'members.changed',
    'node.serving',
  ];
  expect(namesIn(world, 'n1')).toEqual(life);
  expect(last(world, 'n1', 'members.changed')).toMatchObject({ members: 3, went: [] });
  await world.settled(nodes[0]!.stop());
  expect(namesIn(world, 'n1')).toEqual([...life, 'node.stopping', 'node.stopped']);
  await world.settled(Promise.all(nodes.map((node) => node.stop())));
  await world.run(60_000);
  expect(world.scheduler.pending).toBe(0);
});

test('one that is away: down, hints owed, back, hints paid', async () => {
  const world = new NodeWorld('away');
  const nodes = await world.cluster();
  await world.settled(nodes[2]!.stop());
  await world.run(10_000);
  for (let i = 0; i < 20; i++) await world.request(`kv.put.b.k${i}`, 'v');
  await world.run(10_000);
  for (const node of ['n1', 'n2']) {
    expect(namesIn(world, node).filter((name) => name === 'peer.down')).toHaveLength(1);
    expect(last(world, node, 'peer.down')).toMatchObject({ peer: 'n3' });
    expect(namesIn(world, node)).not.toContain('peer.back');
  }
  const owing = ['n1', 'n2'].filter((node) => namesIn(world, node).includes('hints.owed'));
  expect(owing.length).toBeGreaterThan(0);
  await world.settled(world.node('n3').start());
  await world.run(20_000);
  for (const node of ['n1', 'n2']) {
    expect(last(world, node, 'peer.back')!.awayMs).toBeGreaterThan(1_000);
    expect(namesIn(world, node).filter((name) => name === 'hints.paid')).toHaveLength(
      owing.includes(node) ? 1 : 0,
    );
  }
  const delivered = owing.map((node) => last(world, node, 'hints.paid')!.delivered);
  expect(delivered.reduce((sum, count) => sum + count, 0)).toBe(20);
});

test('a disk that is full, and has room again', async () => {
  const world = new NodeWorld('full');
  await world.cluster();
  world.disks.get('n1')!.faults.full = true;
  for (let i = 0; i < 10; i++) await world.request(`kv.put.b.k${i}`, 'v');
  expect(namesIn(world, 'n1').at(-1)).toBe('disk.full');
  world.disks.get('n1')!.faults.full = false;
  await world.run(60_000);
  const told = namesIn(world, 'n1').filter((name) => name.startsWith('disk.'));
  expect(told).toEqual(['disk.full', 'disk.writable']);
});

test('what a node can not mend itself, and that it is so no more', async () => {
  const world = new NodeWorld('waits');
  const first = world.node('n1');
  const serving = first.start();
  await world.run(60_000);
  expect(last(world, 'n1', 'problem')!.text).toMatch(/^waiting for nodes to found a cluster/);
  const others = ['n2', 'n3'].map((name) => world.node(name).start());
  await world.settled(Promise.all([serving, ...others]));
  await world.run(10_000);
  expect(last(world, 'n1', 'problem.over')!.text).toBe(last(world, 'n1', 'problem')!.text);
});

test('requests that fail are told as a number, once in a while', async () => {
  const world = new NodeWorld('refused');
  const node = world.node('n1', { founders: 1 });
  await world.settled(node.start());
  await world.run(1_000);
  // W=2 of one node can't be had.
  for (let i = 0; i < 5; i++) expect(await world.request(`kv.put.b.k${i}`, 'v')).toMatch(/^!/);
  await world.run(journalLimits.reviewMs);
  const told = world.journals.get('n1')!.filter(({ event }) => event === 'requests.refused');
  expect(told.map((event) => (event as { failed: number }).failed).reduce((a, b) => a + b)).toBe(5);
  const before = told.length;
  await world.run(3 * journalLimits.reviewMs);
  expect(namesIn(world, 'n1').filter((name) => name === 'requests.refused')).toHaveLength(before);
});

test('one that has failed tells no more: why, its host is told', async () => {
  const world = new NodeWorld('failed');
  const nodes = await world.cluster();
  const before = world.journals.get('n1')!.length;
  nodes[0]!.fail(new Error('the machine is on fire'));
  await expect(world.settled(nodes[0]!.stopped)).rejects.toThrow('on fire');
  await world.run(30_000);
  expect(world.journals.get('n1')!).toHaveLength(before);
});
