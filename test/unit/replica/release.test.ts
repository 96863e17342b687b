import { afterEach, describe, expect, test } from '@jest/globals';
import { storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { transferLimits } from '../../../actors/rules/limits/transfer.js';
import type { NodeOptions } from '../../../src/options/node-options.js';
import { mergeBody, mergeReason, notOwed } from '../../../src/wire/protocol/merge.js';
import { encodeBatch } from '../../../src/wire/state-batch.js';
import { ReplicaWorld, type ReplicaNode } from '../../support/replica-world.js';
import { reading, readingsOf } from '../../support/readings.js';

let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

const [before, after] = [2, 3];
const ids = (nodes: readonly number[]): string[] => nodes.map((at) => world.nodes[at]!.id);
const pass = transferLimits.releaseIntervalMs + 3_000;

/** Nodes 0, 1 and 2 own everything (N=3); 3 and 4 are there. */
async function settled(options: Partial<NodeOptions> = {}): Promise<void> {
  world = await ReplicaWorld.start(5, options);
  world.releasing = true;
  for (const { view } of world.nodes) view.learn(before, ids([0, 1, 2]));
}

/** Node 0 has left, node 3 owns everything in its place; releases run. */
function change(late: readonly number[] = []): void {
  for (const [at, { view }] of world.nodes.entries())
    if (!late.includes(at)) view.learn(after, ids([1, 2, 3]));
  for (const { release } of world.nodes) release.start();
}

async function putAt(nodes: readonly number[], key: StorageKey, value = 'v'): Promise<void> {
  const state = await world.put(nodes[0]!, key, { value });
  for (const at of nodes.slice(1)) await world.give(at, key, state);
}

/** By an author who has seen all there is. */
async function replaceAt(nodes: readonly number[], key: StorageKey): Promise<void> {
  const seen = world.stateAt(nodes[0]!, key)!.context;
  const state = await world.put(nodes[0]!, key, { value: 'newer', seen });
  for (const at of nodes.slice(1)) await world.give(at, key, state);
}

/** Once it is on the disk. */
async function emptied(at = 0): Promise<boolean> {
  const { release } = world.nodes[at]!;
  release.isEmpty();
  await world.run(50);
  return release.isEmpty();
}

async function fill(count: number, nodes = [0, 1, 2, 3]): Promise<StorageKey[]> {
  const keys = Array.from({ length: count }, (_, i) => world.key(`k${i}`, i % 16));
  for (const key of keys) await putAt(nodes, key);
  return keys;
}

const putWide = (i: number, value = 'v'): Promise<void> =>
  putAt([3], storageKeyOf({ partition: 0, bucket: 'wide', key: `k${i}` }), value);

/**
 * Node 3 owns the keys of one bucket and not those of the others in partition 0; `scans`: the
 * partition of each of its looks into the store.
 */
async function mixed(keys: number): Promise<{
  node: ReplicaNode;
  scans: number[];
}> {
  await settled({ buckets: { wide: { n: 4 } } });
  for (const { view } of world.nodes) view.learn(after, ids([0, 1, 2, 3, 4]));
  for (let i = 0; i < keys; i++) await putWide(i);
  const node = world.nodes[3]!;
  const scans: number[] = [];
  const scan = node.store.scan.bind(node.store);
  node.store.scan = (range) => {
    scans.push(range.partition);
    return scan(range);
  };
  node.release.start();
  return { node, scans };
}

const counted = (): Record<string, number> => readingsOf(world.nodes[0]!, 'release');

describe('release', () => {
  test('all owners hold the same: it is dropped, and nothing is sent', async () => {
    await settled();
    await fill(600);
    expect(world.nodes[0]!.release.isEmpty()).toBe(false);
    change();
    await world.run(pass);
    expect(counted()).toMatchObject({ dropped: 600, pushed: 0 });
    expect(await emptied()).toBe(true);
    for (const at of [1, 2, 3]) expect(world.nodes[at]!.store.keys).toBe(600);
  });

  test('what an owner lacks is pushed to it before it is dropped, siblings among it', async () => {
    await settled();
    const keys = await fill(40);
    const [only, some, both] = [world.key('only', 1), world.key('some', 1), world.key('both', 1)];
    await putAt([0], only, 'only');
    await putAt([0, 2], some, 'some');
    await putAt([0], both, 'left');
    await putAt([1, 2, 3], both, 'right');
    change();
    await world.run(pass);
    expect(world.nodes[0]!.store.keys).toBe(0);
    for (const at of [1, 2, 3]) {
      expect(world.valuesAt(at, only)).toEqual(['only']);
      expect(world.valuesAt(at, some)).toEqual(['some']);
      expect(world.valuesAt(at, both)?.toSorted()).toEqual(['left', 'right']);
    }
    for (const key of keys) expect(world.equal(key, [1, 2, 3])).toBe(true);
    expect(counted()).toMatchObject({ dropped: 43, pushed: 3 + 2 + 3 });
  });

  test('what owners have replaced is dropped, and not sent', async () => {
    await settled();
    const keys = await fill(40);
    for (const key of keys.slice(0, 30)) await replaceAt([1, 2, 3], key);
    change();
    await world.run(pass);
    expect(counted()).toMatchObject({ dropped: 40, pushed: 0, bytes: 0 });
    for (const key of keys.slice(0, 30)) expect(world.valuesAt(1, key)).toEqual(['newer']);
  });

  test('what one owner has not heard of is sent to that one, however much newer the others hold', async () => {
    await settled();
    const keys = await fill(40, [0, 1, 2]);
    for (const key of keys) await replaceAt([1, 2], key);
    change();
    await world.run(pass);
    expect(counted()).toMatchObject({ dropped: 40, pushed: 40 });
    for (const key of keys) expect(world.valuesAt(3, key)).toEqual(['v']);
  });

  test('siblings that owners hold beside newer ones are compared as they are', async () => {
    await settled();
    const [key] = (await fill(1)) as [StorageKey];
    const beside = await world.put(1, key, { value: 'beside', seen: [] });
    for (const at of [2, 3]) await world.give(at, key, beside);
    change();
    await world.run(pass);
    expect(counted()).toMatchObject({ dropped: 1 });
    for (const at of [1, 2, 3])
      expect(world.valuesAt(at, key)?.toSorted()).toEqual(['beside', 'v']);
  });

  test('large states are pushed in several messages', async () => {
    await settled();
    const keys = Array.from({ length: 12 }, (_, i) => world.key(`k${i}`, 1));
    for (const key of keys) await putAt([0], key, 'x'.repeat(200 * 1024));
    change();
    await world.run(pass);
    expect(await emptied()).toBe(true);
    for (const key of keys) expect(world.equal(key, [1, 2, 3])).toBe(true);
  });

  test('an owner that is down: nothing goes until it is back', async () => {
    await settled();
    await fill(40);
    world.believe(2, 'down');
    change();
    await world.run(4 * pass);
    expect(counted()).toMatchObject({ dropped: 0, pushed: 0 });
    expect(world.nodes[0]!.store.keys).toBe(40);
    world.believe(2, 'alive');
    await world.run(pass);
    expect(await emptied()).toBe(true);
  });

  test('an owner that is gone, and nobody knows yet: nothing goes, though the others took what they lacked', async () => {
    await settled();
    const keys = await fill(40, [0, 1]);
    world.crash(2);
    change();
    await world.run(4 * pass);
    expect(world.nodes[0]!.store.keys).toBe(40);
    world.nodes[2] = await world.boot(2);
    world.nodes[2].view.learn(after, ids([1, 2, 3]));
    await world.run(2 * pass);
    expect(await emptied()).toBe(true);
    for (const key of keys) expect(world.equal(key, [1, 2, 3])).toBe(true);
  });

  test('an owner that can store nothing: what it lacks stays', async () => {
    await settled();
    await fill(20, [0, 1, 2]);
    world.nodes[3]!.store.refuseWrites('diskFull');
    change();
    await world.run(2 * pass);
    expect(world.nodes[0]!.store.keys).toBe(20);
    world.nodes[3]!.store.takeWrites();
    await world.run(pass);
    expect(await emptied()).toBe(true);
  });

  test('an owner that goes by another layout is no owner yet: nothing goes, and the two tell each other', async () => {
    await settled();
    await fill(20);
    change([3]);
    await world.run(2 * pass);
    expect(world.nodes[0]!.store.keys).toBe(20);
    expect(world.nodes[0]!.view.reconciled).toContain(world.nodes[3]!.id);
    world.nodes[3]!.view.learn(after, ids([1, 2, 3]));
    await world.run(pass);
    expect(await emptied()).toBe(true);
  });

  test('owners of which one was removed: the others are enough', async () => {
    await settled();
    await fill(20);
    world.crash(2);
    world.believe(2, 'down');
    for (const { view } of world.nodes) view.removed.add(world.nodes[2]!.id);
    change();
    await world.run(pass);
    expect(await emptied()).toBe(true);
  });

  test('what is written after it was compared stays, and goes once all owners have it', async () => {
    await settled();
    const [key] = await fill(1, [0, 1, 2, 3]);
    change();
    const { release, store } = world.nodes[0]!;
    // Between the answers of all owners and the drop.
    const drop = release.drop.bind(release);
    const drops: number[] = [];
    release.drop = () => {
      if (drops.push(1) === 1) void world.put(0, key!, { value: 'late' });
      drop();
    };
    while (drops.length === 0) await world.run(1);
    await world.run(10);
    expect(world.valuesAt(0, key!)).toEqual(['late']);
    expect(store.keys).toBe(1);
    await world.run(2 * pass);
    expect(store.keys).toBe(0);
    for (const at of [1, 2, 3]) expect(world.valuesAt(at, key!)).toEqual(['late']);
  });

  test('what an owner holds in memory alone does not count: it is dropped when that is durable there', async () => {
    await settled();
    const [key] = await fill(1, [0, 1, 2]);
    change();
    const state = world.stateAt(0, key!)!;
    // Its log can't be written, and it has merged the state all the same.
    world.fill(3, true);
    await world.give(3, key!, state);
    await world.run(2 * pass);
    expect(world.nodes[0]!.store.keys).toBe(1);
    world.fill(3, false);
    await world.run(2 * pass);
    expect(world.nodes[0]!.store.keys).toBe(0);
    expect(world.valuesAt(3, key!)).toEqual(['v']);
  });

  test('periodic durability: what an owner was sent is on its disk before it is dropped here', async () => {
    await settled({ durability: { kind: 'periodic', everyMs: 3_600_000 } });
    const [key] = await fill(1, [0, 1, 2]);
    change();
    while (world.nodes[0]!.store.keys > 0) await world.run(1);
    for (const at of [1, 2, 3]) {
      world.crash(at);
      await world.boot(at);
      expect(world.valuesAt(at, key!)).toEqual(['v']);
    }
  });

  test('while a partition moves, both its sides are owners: who owns neither drops it once all of them have it', async () => {
    await settled();
    const key = world.key('k', 0);
    await putAt([4], key);
    for (const { view } of world.nodes) view.moveTo(after, ids([1, 2, 3]));
    for (const { release } of world.nodes) release.start();
    await world.run(pass);
    expect(world.stateAt(4, key)).toBeUndefined();
    for (const at of [0, 1, 2, 3]) expect(world.valuesAt(at, key)).toEqual(['v']);
  });

  test('buckets with another N: a node keeps the keys it owns and drops the others of the same partition', async () => {
    await settled({ buckets: { wide: { n: 4 } } });
    const narrow = world.key('k', 0);
    const wide = storageKeyOf({ partition: 0, bucket: 'wide', key: 'k' });
    for (const { view } of world.nodes) view.learn(after, ids([0, 1, 2, 3, 4]));
    for (const key of [narrow, wide]) await putAt([3], key);
    for (const { release } of world.nodes) release.start();
    await world.run(pass);
    expect(world.stateAt(3, narrow)).toBeUndefined();
    expect(world.valuesAt(3, wide)).toEqual(['v']);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at, narrow)).toEqual(['v']);
  });

  test('buckets with another N: what was looked through is not looked at again for puts of its own keys', async () => {
    const { node, scans } = await mixed(4);
    await world.run(2 * pass);
    scans.length = 0;
    for (let i = 0; i < 4; i++) {
      await putWide(0, `v${i}`);
      await putWide(4 + i);
      await world.run(pass);
    }
    expect(scans).toEqual([]);
    const [owed, stray] = [world.key('owed'), world.key('stray')];
    await world.give(3, owed, await world.put(0, owed), 1);
    node.handoff.start();
    await world.run(2 * pass);
    expect(world.valuesAt(1, owed)).toEqual(['v']);
    expect(world.stateAt(3, owed)).toBeUndefined();
    await world.give(3, stray, await world.put(0, stray));
    await world.run(3 * pass);
    expect(world.stateAt(3, stray)).toBeUndefined();
    for (const at of [0, 1, 2]) expect(world.valuesAt(at, stray)).toEqual(['v']);
    scans.length = 0;
    await putWide(0, 'later');
    await world.run(pass);
    expect(scans).toEqual([]);
    for (const { view } of world.nodes) view.learn(after + 1, ids([0, 1, 2, 3, 4]));
    await world.run(pass);
    expect(new Set(scans)).toEqual(new Set([0]));
  });

  test('buckets with another N: a key that comes while its partition is looked through is found', async () => {
    const { node, scans } = await mixed(transferLimits.releaseKeysMax + 10);
    const state = await world.put(0, world.key('first'));
    while (scans.length === 0) await world.run(1);
    expect(scans).toEqual([0]);
    await world.give(3, world.key('first'), state);
    await world.run(2 * pass);
    expect(world.stateAt(3, world.key('first'))).toBeUndefined();
    expect(node.store.keys).toBe(transferLimits.releaseKeysMax + 10);
  });

  test('a former owner whose disk is full brings what it holds to the owners and drops it; after a crash it does so again', async () => {
    await settled();
    const keys = await fill(40, [0, 1]);
    world.fill(0, true);
    await world.put(0, world.key('waits', 1));
    expect(world.nodes[0]!.store.refusal()?.reason).toBe('diskFull');
    change();
    await world.run(pass);
    expect(world.nodes[0]!.store.keys).toBe(0);
    // What a crash may bring back is not gone.
    expect(await emptied()).toBe(false);
    for (const key of keys) expect(world.equal(key, [1, 2, 3])).toBe(true);
    world.crash(0);
    world.fill(0, false);
    const { store, view, release } = await world.boot(0);
    expect(store.keys).toBe(40);
    view.learn(after, ids([1, 2, 3]));
    release.start();
    await world.run(pass);
    expect(release.isEmpty()).toBe(false);
    await world.run(50);
    expect(release.isEmpty()).toBe(true);
  });

  test('a node that owns a key again mints for it under a new epoch', async () => {
    await settled();
    const [key] = await fill(1);
    const [old] = world.stateAt(0, key!)!.siblings;
    change();
    await world.run(pass);
    for (const { view } of world.nodes) view.learn(after + 1, ids([0, 1, 2]));
    await world.give(0, key!, world.stateAt(1, key!)!);
    const [fresh] = (await world.put(0, key!, { value: 'w' })).siblings;
    expect(fresh!.dot.actor).not.toBe(old!.dot.actor);
  });
});

describe('release and hints', () => {
  test('what a former owner holds and owes as well: after the hint is settled it is compared with the others too', async () => {
    await settled();
    const key = world.key('k', 0);
    await putAt([0], key);
    world.believe(1, 'down');
    change();
    await world.give(0, key, world.stateAt(0, key)!, 2);
    world.nodes[0]!.handoff.start();
    await world.run(2 * pass);
    expect(world.nodes[0]!.store.hints.total().count).toBe(0);
    // Node 2 has acknowledged it; node 1, an owner too, has not.
    expect(world.valuesAt(2, key)).toEqual(['v']);
    expect(world.valuesAt(0, key)).toEqual(['v']);
    world.believe(1, 'alive');
    await world.run(2 * pass);
    expect(await emptied()).toBe(true);
    for (const at of [1, 2, 3]) expect(world.valuesAt(at, key)).toEqual(['v']);
  });

  test('what is owed is not dropped; it is in the way of being empty until its target has it', async () => {
    await settled();
    change();
    await world.run(pass);
    const key = world.key('k', 0);
    await putAt([1, 3], key);
    await world.give(0, key, world.stateAt(1, key)!, 2);
    await world.run(2 * pass);
    expect(world.valuesAt(0, key)).toEqual(['v']);
    expect(world.nodes[0]!.release.isEmpty()).toBe(false);
    expect(reading(world.nodes[0]!, 'release.pushed')).toBe(0);
    world.nodes[0]!.handoff.start();
    await world.run(5_000);
    expect(world.valuesAt(2, key)).toEqual(['v']);
    expect(await emptied()).toBe(true);
  });
});

test('who leaves takes nothing any more, whoever sends it: it may have said that it holds nothing', async () => {
  await settled();
  const key = world.key('k', 1);
  await putAt([1, 2], key);
  change();
  world.nodes[0]!.view.isLeaving = true;
  const { store, peers } = world.nodes[1]!;
  const batch = encodeBatch([{ key, bytes: store.peek(key)!.bytes }]);
  let said = '';
  const body = mergeBody(mergeReason.hint, notOwed, 5_000, batch, after);
  peers.call(ids([0])[0]!, 'merge', body, (answer) => {
    said = answer.kind === 'refused' ? answer.message : answer.kind;
  });
  await world.run(1_000);
  expect(said).toMatch(/leaves the cluster/);
  expect(await emptied()).toBe(true);
});
