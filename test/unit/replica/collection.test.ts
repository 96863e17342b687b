import { afterEach, describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { KeyState } from '../../../actors/rules/versions.js';
import { counterOf, digestOf, merge } from '../../../actors/rules/versions.js';
import type { PeerAnswer } from '../../../src/bus/peers.js';
import { collectionBody } from '../../../src/wire/protocol/collection.js';
import { ReplicaWorld } from '../../support/replica-world.js';
import { reading, readingsOf } from '../../support/readings.js';

const graceMs = 60_000;
const past = graceMs + 5 * limits.collectionTickMs;
let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

/**
 * A key of partition 0 (primaries 0, 1, 2; node 3 is its fallback), put and deleted at node 0; all
 * primaries hold the tombstone.
 */
async function deleted(): Promise<{ key: StorageKey; live: KeyState; tombstone: KeyState }> {
  world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
  const key = world.key('k');
  const live = await world.put(0, key);
  const tombstone = await world.put(0, key, { value: null });
  for (const at of [1, 2]) await world.give(at, key, tombstone);
  for (const node of world.nodes) node.collection.start();
  return { key, live, tombstone };
}

const holders = (key: StorageKey): number[] =>
  [0, 1, 2, 3].filter((at) => world.stateAt(at, key) !== undefined);

describe('collection of tombstones', () => {
  test('all primaries hold it, the grace is over: it goes everywhere', async () => {
    const { key } = await deleted();
    await world.run(graceMs - 5_000);
    expect(holders(key)).toEqual([0, 1, 2]);
    await world.run(past);
    expect(holders(key)).toEqual([]);
    expect(readingsOf(world.nodes[0]!, 'collection')).toEqual({ collected: 1, pruned: 0 });
  });

  test('one primary is down: it stays until the primary is back', async () => {
    const { key } = await deleted();
    world.believe(2, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
    world.believe(2, 'alive');
    await world.run(5_000);
    expect(holders(key)).toEqual([]);
  });

  test('one primary is gone and nobody knows yet: it stays', async () => {
    const { key } = await deleted();
    world.crash(2);
    await world.run(past);
    expect([0, 1].map((at) => world.stateAt(at, key) !== undefined)).toEqual([true, true]);
  });

  test('a fallback is down, which may hold a hint with an older value: it stays', async () => {
    const { key } = await deleted();
    world.believe(3, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
  });

  test('a hint with an older value is out: it stays, and after the hand-off nothing comes back', async () => {
    const { key, live } = await deleted();
    await world.give(3, key, live, 1);
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2, 3]);
    world.nodes[3]!.handoff.start();
    await world.run(10_000);
    expect(holders(key)).toEqual([]);
  });

  test('one primary holds an older value: it stays until the exchange has made them equal', async () => {
    world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
    const key = world.key('k');
    const live = await world.put(0, key);
    await world.give(2, key, live);
    await world.give(1, key, await world.put(0, key, { value: null }));
    for (const node of world.nodes) node.collection.start();
    await world.run(past);
    expect(world.valuesAt(2, key)).toEqual(['v']);
    world.nodes[0]!.exchange.start();
    await world.run(2 * limits.exchangeIntervalMs);
    expect(holders(key)).toEqual([]);
  });

  test('an older value lies on a node that is no primary: it stays', async () => {
    const { key, live } = await deleted();
    await world.give(3, key, live);
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2, 3]);
  });

  test('the rings of the nodes differ: it stays, and the two that differ tell each other', async () => {
    const { key } = await deleted();
    const other = world.nodes[1]!;
    Object.assign(other.view.ring, { epoch: 2 });
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
    expect(new Set(world.nodes[0]!.view.reconciled)).toEqual(new Set([other.id]));
  });

  test('an order by another configuration is answered so, as all verbs do it', async () => {
    const { key } = await deleted();
    const [asker, asked] = [world.nodes[0]!, world.nodes[1]!];
    const answers: PeerAnswer[] = [];
    const keys = [{ key, digest: digestOf(world.stateAt(1, key)!) }];
    for (const kind of ['survey', 'collect'] as const) {
      const body = collectionBody({ kind, configuration: 7, holders: [], keys });
      asker.peers.call(asked.id, 'collection', body, (answer) => answers.push(answer));
    }
    await world.run(10);
    expect(answers.map((answer) => answer.kind === 'refused' && answer.code)).toEqual([421, 421]);
    expect(holders(key)).toEqual([0, 1, 2]);
  });

  test('the driver dies after the others have forgotten: the tombstone comes back by exchange, and is collected again', async () => {
    const { key } = await deleted();
    await world.run(graceMs - 5_000);
    while (world.stateAt(1, key) !== undefined) await world.run(1);
    expect(world.stateAt(0, key)).toBeDefined();
    world.crash(0);
    const driver = await world.boot(0);
    expect(world.stateAt(0, key)).toBeDefined();
    driver.exchange.start();
    driver.exchange.suspectAll();
    await world.run(2_000);
    expect(holders(key)).toEqual([0, 1, 2]);
    driver.collection.start();
    await world.run(past);
    expect(holders(key)).toEqual([]);
  });

  test('a primary is removed and all others know: it goes without it; another drives where it was the first', async () => {
    const { key } = await deleted();
    const other = world.key('k', 1);
    await world.put(1, other);
    const tombstone = await world.put(1, other, { value: null });
    for (const at of [2, 3]) await world.give(at, other, tombstone);
    for (const at of [0, 2, 3]) world.nodes[at]!.view.removed.add(world.nodes[1]!.id);
    world.believe(1, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([1]);
    expect(holders(other)).toEqual([1]);
  });

  test('a primary is removed and one of the others does not know: it stays', async () => {
    const { key } = await deleted();
    for (const at of [0, 1]) world.nodes[at]!.view.removed.add(world.nodes[2]!.id);
    world.believe(2, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
    world.nodes[3]!.view.removed.add(world.nodes[2]!.id);
    await world.run(5_000);
    expect(holders(key)).toEqual([2]);
  });

  test('one was let go, and one of the others does not know: it stays', async () => {
    const { key } = await deleted();
    for (const at of [0, 1]) world.nodes[at]!.view.waiting.add(world.nodes[3]!.id);
    world.believe(3, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
    world.nodes[2]!.view.waiting.add(world.nodes[3]!.id);
    await world.run(5_000);
    expect(holders(key)).toEqual([]);
  });

  test('a primary that is left lacks it: it stays', async () => {
    const { key } = await deleted();
    for (const at of [0, 1, 3]) world.nodes[at]!.view.removed.add(world.nodes[2]!.id);
    const { store } = world.nodes[1]!;
    store.remove([{ key, digest: store.peek(key)!.digest }], () => undefined);
    world.believe(2, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([0, 2]);
  });

  test('a put at the driver while the others forget builds on the tombstone: no sibling is left', async () => {
    const { key } = await deleted();
    await world.run(graceMs - 5_000);
    while (world.stateAt(1, key) !== undefined) await world.run(1);
    const state = await world.put(0, key, { value: 'new' });
    await world.run(1_000);
    for (const at of [1, 2]) await world.give(at, key, state);
    expect([0, 1, 2].map((at) => world.valuesAt(at, key))).toEqual([['new'], ['new'], ['new']]);
  });

  test('expired values are collected like tombstones', async () => {
    world = await ReplicaWorld.start(3, { tombstoneGraceMs: graceMs });
    const key = world.key('k');
    const expiresAtMs = world.nodes[0]!.clock.wallMs() + 10_000;
    const state = await world.put(0, key, { value: 'v', expiresAtMs });
    for (const at of [1, 2]) await world.give(at, key, state);
    world.nodes[0]!.collection.start();
    await world.run(graceMs);
    expect(world.stateAt(1, key)).toBeDefined();
    await world.run(15_000);
    expect([0, 1, 2].map((at) => world.stateAt(at, key))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('the partition moves, of one N that some bucket has: it stays until it has moved, and goes then', async () => {
    world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
    const ids = world.nodes.map(({ id }) => id);
    for (const { view } of world.nodes) view.learn(2, ids.slice(0, 3));
    const key = world.key('k', 1);
    const tombstone = await world.put(0, key, { value: null });
    for (const at of [1, 2, 3]) await world.give(at, key, tombstone);
    for (const { view } of world.nodes) view.moveTo(3, ids);
    for (const node of world.nodes) node.collection.start();
    await world.run(2 * past);
    for (const { view } of world.nodes) view.haveMoved([1]);
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2, 3]);
    // Nobody is even asked.
    for (const node of world.nodes) expect(reading(node, 'peers.calls')).toBe(0);
    // The former owner holds it still; it is asked as well, and forgets it with the others.
    for (const { view } of world.nodes) view.learn(4, ids);
    await world.run(past);
    expect(holders(key)).toEqual([]);
  });

  test('a former owner holds an older value: it stays until that one has dropped it', async () => {
    world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
    const key = world.key('k', 0);
    const live = await world.put(0, key);
    for (const at of [3, 1]) await world.give(at, key, live);
    const tombstone = await world.put(1, key, { value: null });
    for (const at of [0, 2]) await world.give(at, key, tombstone);
    for (const node of world.nodes) node.collection.start();
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2, 3]);
    world.nodes[3]!.release.start();
    await world.run(past);
    expect(holders(key)).toEqual([]);
  });

  test('one who waits to be taken in is not asked: it goes, whether or not that one is there', async () => {
    const { key } = await deleted();
    for (const at of [0, 1, 2]) world.nodes[at]!.view.waiting.add(world.nodes[3]!.id);
    world.believe(3, 'down');
    await world.run(past);
    expect(holders(key)).toEqual([]);
  });

  test('one who leaves is asked, also by who knows of it by the configuration alone: an older value there keeps it', async () => {
    const { key, live } = await deleted();
    await world.give(3, key, live);
    for (const at of [0, 1, 2]) world.nodes[at]!.view.rowless.add(world.nodes[3]!.id);
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2, 3]);
    world.nodes[3]!.release.start();
    await world.run(past);
    expect(holders(key)).toEqual([]);
  });

  test('who knows no configuration with itself forgets nothing', async () => {
    const { key } = await deleted();
    for (const node of world.nodes) world.nodes[0]!.view.waiting.add(node.id);
    await world.run(past);
    expect(holders(key)).toEqual([0, 1, 2]);
  });

  test('fewer nodes than replicas (2 nodes, N=3): they are all there are, and collect', async () => {
    world = await ReplicaWorld.start(2, { tombstoneGraceMs: graceMs });
    const key = world.key('k');
    await world.give(1, key, await world.put(0, key, { value: null }));
    for (const { collection } of world.nodes) collection.start();
    await world.run(past);
    expect([0, 1].map((node) => world.stateAt(node, key))).toEqual([undefined, undefined]);
  });
});

test('doomstone: an older tombstone that turns up after the collection does not cover the next value', async () => {
  const { key, tombstone } = await deleted();
  await world.run(past);
  expect(holders(key)).toEqual([]);
  const state = await world.put(0, key, { value: 'reborn' });
  const [dot] = state.siblings.map((sibling) => sibling.dot);
  expect(counterOf(tombstone.context, dot!.actor)).toBe(0);
  // It survives the straggler in either order.
  expect(merge(state, tombstone).siblings.map(({ value }) => value?.toString())).toContain(
    'reborn',
  );
  await world.give(0, key, tombstone);
  expect(world.valuesAt(0, key)).toContain('reborn');
});

/** A value whose context is crowded with entries of `departed` nodes; all primaries hold it. */
async function crowded(extra = 5): Promise<{ key: StorageKey; state: KeyState }> {
  world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
  const key = world.key('k');
  const context = Array.from({ length: limits.contextEntriesKept + extra }, (_, i) => ({
    actor: actorOf((i + 1).toString(16).padStart(16, '0'), i + 1),
    counter: 3,
  }));
  // A put claims no more than its coordinator holds.
  await world.give(0, key, { context, siblings: [] });
  const state = await world.put(0, key, { value: 'v', seen: context });
  for (const at of [1, 2]) await world.give(at, key, state);
  for (const node of world.nodes) node.collection.start();
  return { key, state };
}

/**
 * A value whose context has all entries it may have, of epochs of nodes 0 and 2 by turns; all
 * primaries hold it.
 */
async function crowdedByEpochs(): Promise<StorageKey> {
  world = await ReplicaWorld.start(4, { tombstoneGraceMs: graceMs });
  const key = world.key('k');
  const context = Array.from({ length: limits.contextEntriesMax - 1 }, (_, i) => ({
    actor: actorOf(world.nodes[i % 2 === 0 ? 2 : 0]!.id, 1 + i),
    counter: 3,
  })).sort((a, b) => (a.actor < b.actor ? -1 : 1));
  await world.give(0, key, { context, siblings: [] });
  const state = await world.put(0, key, { value: 'v', seen: context });
  for (const at of [1, 2]) await world.give(at, key, state);
  for (const node of world.nodes) node.collection.start();
  return key;
}

const lengths = (key: StorageKey): (number | undefined)[] =>
  [0, 1, 2].map((at) => world.stateAt(at, key)?.context.length);

describe('pruning of contexts', () => {
  test('entries of nodes that are no members go on all primaries, and the value stays', async () => {
    const { key } = await crowded();
    await world.run(past);
    expect(lengths(key)).toEqual([10, 10, 10]);
    expect(world.equal(key, [0, 1, 2])).toBe(true);
    expect(world.valuesAt(0, key)).toEqual(['v']);
    expect(readingsOf(world.nodes[0]!, 'collection')).toEqual({ collected: 0, pruned: 1 });
  });

  test('the node goes on with its actor afterwards: the next put has the next counter', async () => {
    const { key, state } = await crowded();
    await world.run(past);
    const [before] = state.siblings;
    const [after] = (await world.put(0, key, { value: 'w' })).siblings;
    expect(after!.dot).toEqual({ actor: before!.dot.actor, counter: before!.dot.counter + 1 });
  });

  test('a straggler with the long context brings it back, harmlessly, and it is pruned again', async () => {
    const { key, state } = await crowded();
    await world.run(past);
    await world.give(1, key, state);
    expect(lengths(key)).toEqual([10, 16, 10]);
    for (const node of world.nodes) node.exchange.start();
    await world.run(2 * limits.exchangeIntervalMs + past);
    expect(lengths(key)).toEqual([10, 10, 10]);
    expect(world.valuesAt(1, key)).toEqual(['v']);
  });

  test('one primary holds another state: nothing is pruned', async () => {
    const { key } = await crowded();
    await world.put(2, key, { value: 'w' });
    await world.run(past);
    expect(lengths(key)[0]).toBe(16);
  });

  test('a state larger than a message keeps its context until a put has made it smaller; others beside it are pruned', async () => {
    const { key, state } = await crowded();
    const half = 'x'.repeat(limits.valueBytesMax);
    const large = world.key('large');
    const seen = state.context.filter(
      ({ actor }) => !state.siblings.some(({ dot }) => dot.actor === actor),
    );
    for (const at of [0, 1]) await world.give(at, large, { context: seen, siblings: [] });
    const first = await world.put(0, large, { value: half, seen });
    const second = await world.put(1, large, { value: half, seen });
    for (const at of [0, 1, 2]) await world.give(at, large, merge(first, second));
    await world.run(past);
    expect(lengths(large)).toEqual([17, 17, 17]);
    expect(lengths(key)).toEqual([10, 10, 10]);

    const smaller = await world.put(0, large, { value: 'v' });
    for (const at of [1, 2]) await world.give(at, large, smaller);
    await world.run(past);
    expect(lengths(large)).toEqual([10, 10, 10]);
    expect(world.valuesAt(1, large)).toEqual(['v']);
  });

  test('a context at its bound, all members alive: epochs left behind go without a put, and puts are taken again', async () => {
    const key = await crowdedByEpochs();
    expect(lengths(key)).toEqual([256, 256, 256]);
    await world.run(past);
    expect(lengths(key)).toEqual([10, 10, 10]);
    expect(world.valuesAt(2, key)).toEqual(['v']);
  });

  test('a context at its bound, a member away: it stays; once that is removed it is shortened without it', async () => {
    const key = await crowdedByEpochs();
    world.believe(2, 'down');
    await world.run(past);
    expect(lengths(key)).toEqual([256, 256, 256]);
    const gone = world.nodes[2]!.id;
    for (const at of [0, 1, 3]) world.nodes[at]!.view.removed.add(gone);
    await world.run(past);
    expect(lengths(key)).toEqual([10, 10, 256]);
  });

  test('a context at its bound whose key is put all the time: what was left behind goes after the grace, and no value of it comes back', async () => {
    const key = await crowdedByEpochs();
    const { context } = world.stateAt(0, key)!;
    const [left] = context;
    const old = {
      context: [left!],
      siblings: [{ ...world.stateAt(0, key)!.siblings[0]!, dot: left! }],
    };
    const putFor = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 250) {
        const state = await world.put(0, key, { value: `${at}` });
        for (const node of [1, 2]) await world.give(node, key, state);
        await world.run(250);
      }
    };
    await putFor(graceMs / 2);
    // Under way since before all were asked.
    await world.give(1, key, old);
    await putFor(graceMs / 3);
    expect(lengths(key)).toEqual([256, 256, 256]);
    await putFor(graceMs);
    expect(Math.max(...lengths(key).map((length) => length ?? Infinity))).toBeLessThan(20);
    expect(world.valuesAt(1, key)).toHaveLength(1);
  });

  test('after crashes of its node a key has few epochs left: those left behind are pruned', async () => {
    world = await ReplicaWorld.start(3, { tombstoneGraceMs: graceMs });
    const key = world.key('k');
    for (let life = 0; life < limits.contextEntriesKept + 3; life++) {
      await world.put(0, key, { value: `${life}` });
      await world.run(2_000);
      world.crash(0);
      await world.boot(0);
    }
    const state = world.stateAt(0, key)!;
    expect(state.context.length).toBe(limits.contextEntriesKept + 3);
    for (const at of [1, 2]) await world.give(at, key, state);
    world.nodes[0]!.collection.start();
    await world.run(past);
    expect(lengths(key)).toEqual([10, 10, 10]);
    expect(world.valuesAt(2, key)).toEqual([`${limits.contextEntriesKept + 2}`]);
  });
});
