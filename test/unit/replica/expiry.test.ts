import { afterEach, describe, expect, test } from '@jest/globals';
import { nameOfStorageKey, type StorageKey } from '../../../actors/rules/key.js';
import { expiryLimits } from '../../../actors/rules/limits/expiry.js';
import { limits } from '../../../actors/rules/limits.js';
import { emptyDigest } from '../../../actors/rules/versions.js';
import { Forgetting } from '../../../src/replica/forgetting.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { reading } from '../../support/readings.js';
import { ReplicaWorld } from '../../support/replica-world.js';

const ttlMs = 5_000;
/** From when nobody shows a value, until all have dropped it: seconds are counted whole. */
const dropMs = 1_000 + 2 * expiryLimits.tickMs;
const goneMs = ttlMs + 2 * limits.wallSkewMsMax + dropMs;
let world: ReplicaWorld;
/** By node, the keys it told of. */
let told: string[][];

afterEach(() => expect(world.errors).toEqual([]));

/** All hear each other's clocks from now on, as they are. */
function tellClocks(among = [0, 1, 2]): void {
  for (const at of among)
    for (const other of among)
      if (at !== other) {
        const aheadMs = world.nodes[other]!.clock.wallMs() - world.nodes[at]!.clock.monotonicMs();
        const bounds = { leastMs: aheadMs, mostMs: aheadMs };
        world.nodes[at]!.agreed.told(world.nodes[other]!.id, bounds);
      }
}

async function begin(buckets = {}): Promise<void> {
  world = await ReplicaWorld.start(3, { tombstoneGraceMs: 60_000, buckets });
  told = world.nodes.map(() => []);
  for (const [at, { expiry }] of world.nodes.entries()) {
    expiry.onExpired(({ key }) => told[at]!.push(key));
    expiry.start();
  }
  tellClocks();
}

/** All hold it. */
async function lend(name: string, { forMs = ttlMs, first = 0 } = {}): Promise<StorageKey> {
  const key = world.key(name, first);
  const expiresAtMs = world.nodes[0]!.clock.wallMs() + forMs;
  const state = await world.put(0, key, { value: 'v'.repeat(500), expiresAtMs });
  for (const at of [1, 2]) await world.give(at, key, state);
  return key;
}

const valuesOf = (key: StorageKey): unknown[] =>
  [0, 1, 2].map((at) => world.valuesAt(at, key)?.map((value) => value && value.length));

describe('expired values', () => {
  test('all drop them by themselves, not before nobody shows them, and their trees agree all along', async () => {
    await begin();
    const key = await lend('k');
    const root = world.nodes[0]!.store.trees.root(0);
    await world.run(ttlMs + 2 * limits.wallSkewMsMax - 100);
    expect(valuesOf(key)).toEqual([[500], [500], [500]]);
    await world.run(dropMs + 100);
    expect(valuesOf(key)).toEqual([[null], [null], [null]]);
    for (const { store } of world.nodes) expect(store.trees.root(0)).toEqual(root);
    expect(reading(world.nodes[2]!, 'expiry.emptied')).toBe(1);
  });

  test('who knows too few clocks waits, whatever its own says', async () => {
    world = await ReplicaWorld.start(3);
    for (const { expiry } of world.nodes) expiry.start();
    const key = await lend('k');
    await world.run(60_000);
    expect(valuesOf(key)).toEqual([[500], [500], [500]]);
    expect(reading(world.nodes[0]!, 'expiry.waits')).toBe(1);
    tellClocks([0, 1]);
    await world.run(dropMs);
    expect(valuesOf(key)).toEqual([[null], [null], [500]]);
    expect(reading(world.nodes[0]!, 'expiry.waits')).toBe(0);
  });

  test('a clock that jumps drops nothing that lives by those of the others', async () => {
    await begin();
    const key = await lend('k');
    world.clockFaults[1]!.wallOffsetMs = 3_600_000;
    await world.run(ttlMs);
    expect(valuesOf(key)).toEqual([[500], [500], [500]]);
    expect(reading(world.nodes[1]!, 'clock.aheadMs')).toBe(3_600_000);
    await world.run(goneMs);
    expect(valuesOf(key)).toEqual([[null], [null], [null]]);
  });

  test('whoever goes by such a clock can have forgotten nothing that lives elsewhere', async () => {
    await begin();
    const key = await lend('k');
    const { digest } = world.nodes[1]!.store.read(key)!;
    const { store, clock } = world.nodes[1]!;
    new Forgetting(store, clock, nodeOptionsDefault).collect([{ key, digest }], () => {});
    expect(valuesOf(key)).toEqual([[500], [500], [500]]);
    await world.run(goneMs);
    new Forgetting(store, clock, nodeOptionsDefault).collect([{ key, digest }], () => {});
    expect(valuesOf(key)).toEqual([[null], undefined, [null]]);
  });

  test('after the grace they are forgotten everywhere', async () => {
    await begin();
    for (const { collection } of world.nodes) collection.start();
    const keys: StorageKey[] = [];
    for (let first = 0; first < 6; first++) keys.push(await lend(`key ${first}`, { first }));
    await world.run(60_000);
    for (const key of keys) expect(valuesOf(key)).toEqual([[null], [null], [null]]);
    await world.run(ttlMs + 5_000);
    for (const key of keys) expect(valuesOf(key)).toEqual([undefined, undefined, undefined]);
  });

  test('where keys expire all the time, what was deleted is forgotten all the same', async () => {
    await begin();
    const expired = await lend('expired');
    const deleted = world.key('deleted', 0);
    const state = await world.put(0, deleted, { value: null });
    for (const at of [1, 2]) await world.give(at, deleted, state);
    const { store, collection } = world.nodes[0]!;
    // Never agreed on, so there always is one.
    store.expiries.dead = () => [{ key: expired, digest: emptyDigest }];
    collection.start();
    await world.run(65_000);
    expect(valuesOf(deleted)).toEqual([undefined, undefined, undefined]);
  });

  test('thousands at once go in turns of a few', async () => {
    await begin();
    const { store } = world.nodes[0]!;
    const turns: number[] = [];
    const empty = store.expiries.empty.bind(store.expiries);
    store.expiries.empty = (untilMs, keysMax, onDurable) => {
      const of = empty(untilMs, keysMax, onDurable);
      if (of.looked > 0) turns.push(of.looked);
      return of;
    };
    for (let i = 0; i < 1_000; i++)
      await world.put(0, world.key(`key ${i}`, i % 16), {
        value: 'v',
        expiresAtMs: world.nodes[0]!.clock.wallMs() + 20_000 - i,
      });
    await world.run(30_000);
    expect(turns.reduce((sum, keys) => sum + keys, 0)).toBe(1_000);
    expect(Math.max(...turns)).toBe(expiryLimits.keysPerTurnMax);
    expect(reading(world.nodes[0]!, 'expiry.emptied')).toBe(1_000);
  });
});

describe('who tells of an expired key', () => {
  test('its first reader, once', async () => {
    await begin();
    for (const first of [0, 1, 2]) await lend(`key ${first}`, { first });
    await world.run(goneMs + 2 * expiryLimits.leftToTellMs);
    expect(told).toEqual([['key 0'], ['key 1'], ['key 2']]);
  });

  test('the next one where the first is down', async () => {
    await begin();
    await lend('k');
    world.believe(0, 'down');
    world.nodes[0]!.expiry.stop();
    await world.run(goneMs);
    expect(told).toEqual([[], ['k'], []]);
  });

  test('the next one, later, where the first died with it untold', async () => {
    await begin();
    await lend('k');
    world.nodes[0]!.expiry.stop();
    await world.run(goneMs);
    world.believe(0, 'down');
    await world.run(expiryLimits.leftToTellMs + expiryLimits.tickMs);
    expect(told).toEqual([[], ['k'], []]);
  });

  test('nobody where a sibling lives, or where the bucket has no events', async () => {
    await begin({ b: { events: 'off' } });
    const key = await lend('k');
    expect(nameOfStorageKey(key).bucket).toBe('b');
    await world.run(goneMs);
    expect(valuesOf(key)).toEqual([[null], [null], [null]]);
    expect(told).toEqual([[], [], []]);
  });
});
