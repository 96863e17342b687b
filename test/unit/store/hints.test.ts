import { HintWalk } from '../../../src/store/hint-walk.js';
import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OverloadedError } from '../../../src/errors.js';
import type { DurableStore } from '../../../src/store/durable-store.js';
import { encodeBatch } from '../../../src/wire/state-batch.js';
import { keyNamed, merge, put, stateAfter, StoreHome } from '../../support/store-process.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

const target = 'a1a2a3a4a5a6a7a8';
const another = 'b1b2b3b4b5b6b7b8';
const all = { records: 100, bytes: 1 << 20 };
const sent = stateAfter(undefined, { value: 'sent', node: 'c1c2c3c4c5c6c7c8' });

function owed(store: DurableStore, name: string, to = target): Promise<boolean[]> {
  return merge(store, [{ key: keyNamed(name), state: sent }], { owedTo: to });
}

/** What the store holds under the names, as its coordinator has minted it. */
function batchOf(store: DurableStore, ...names: string[]): Buffer {
  return encodeBatch(
    names.map((name) => ({ key: keyNamed(name), bytes: store.read(keyNamed(name))!.bytes })),
  );
}

function settle(store: DurableStore, name: string, to = target): Promise<void> {
  const key = keyNamed(name);
  const digest = store.read(key)!.digest;
  return new Promise((resolve) => store.hints.settle(to, [{ key, digest }], resolve));
}

test.each(['kill', 'clean stop'])('hints are there again after a %s', async (end) => {
  const first = await home.start();
  await owed(first.store, 'a');
  await owed(first.store, 'b', another);
  await put(first.store, keyNamed('c'), 'mine');
  await new Promise<void>((resolve) => first.store.owe(target, batchOf(first.store, 'c'), resolve));
  const before = first.store.hints.total();
  expect(before.count).toBe(3);
  await (end === 'kill' ? first.kill() : first.store.close());
  const { store } = await home.start();
  expect(store.hints.targets()).toEqual([target, another]);
  expect(store.hints.total()).toEqual(before);
  expect(store.hints.counters(target).count).toBe(2);
  const next = store.hints.next(target, all);
  expect(next.map(({ key }) => key)).toEqual([keyNamed('a'), keyNamed('c')].sort());
  expect(next.every(({ key, bytes }) => store.read(key)!.bytes.equals(bytes))).toBe(true);
  await store.close();
});

test('next: the oldest first within the bounds, at least one however large, in key order', async () => {
  const { store, clock } = await home.start();
  for (const name of ['z', 'a', 'm', 'b']) {
    await owed(store, name);
    clock.wallOffsetMs += 1000;
  }
  const keys = (bounds: { records: number; bytes: number }): string[] =>
    store.hints.next(target, bounds).map(({ key }) => key);
  expect(keys({ records: 2, bytes: 1 << 20 })).toEqual([keyNamed('z'), keyNamed('a')].sort());
  expect(keys({ records: 3, bytes: 1 })).toEqual([keyNamed('z')]);
  const { oldestMs } = store.hints.counters(target);
  expect(oldestMs).toBeGreaterThanOrEqual(4000);
  expect(oldestMs).toBeLessThan(10_000);
  expect(store.hints.counters(another)).toEqual({ count: 0, bytes: 0, oldestMs: 0 });
  await store.close();
});

test('a walk passes over what is not wanted, meets what comes to be owed, and gives nothing that is wanted no more', async () => {
  const { store } = await home.start();
  for (const name of ['a', 'b', 'c', 'd']) await owed(store, name);
  let unwanted = [keyNamed('a'), keyNamed('c')];
  const walk = new HintWalk((key) => !unwanted.includes(key));
  const next = (bytes = 1 << 20): string[] =>
    store.hints.next(target, { records: 9, bytes }, walk).map(({ key }) => key);
  // The second one is looked at, and left for the next batch.
  expect(next(1)).toEqual([keyNamed('b')]);
  expect(walk.isAtEnd).toBe(false);
  await owed(store, 'e');
  unwanted = [keyNamed('d')];
  expect(next()).toEqual([keyNamed('e')]);
  expect(walk.isAtEnd).toBe(true);
  expect(next()).toEqual([]);

  const another = new HintWalk();
  const first = store.hints.next(target, { records: 9, bytes: 1 }, another);
  expect(first.map(({ key }) => key)).toEqual([keyNamed('a')]);
  await settle(store, 'b');
  const rest = store.hints.next(target, all, another).map(({ key }) => key);
  expect(rest).toEqual(['c', 'd', 'e'].map((name) => keyNamed(name)).sort());
  await store.close();
});

test('a hinted state that moves on: the newer one is sent, the ack of the older settles nothing', async () => {
  const { store } = await home.start();
  await owed(store, 'a');
  const [older] = store.hints.next(target, all);
  const newer = stateAfter(sent, { value: 'newer', node: 'c1c2c3c4c5c6c7c8' });
  await merge(store, [{ key: keyNamed('a'), state: newer }]);
  await new Promise<void>((done) => store.hints.settle(target, [older!], done));
  const [hint] = store.hints.next(target, all);
  expect(hint!.digest).not.toEqual(older!.digest);
  await settle(store, 'a');
  expect(store.hints.targets()).toEqual([]);
  expect(store.hints.total()).toEqual({ count: 0, bytes: 0 });
  await store.close();
});

test('settle: a stray goes with its last hint, what this node owns stays; also after a kill', async () => {
  const first = await home.start();
  const partitionOfStray = keyNamed('stray').charCodeAt(1);
  first.store.setOwned((key) => key.charCodeAt(1) !== partitionOfStray);
  let own = 0;
  while (keyNamed(`own ${own}`).charCodeAt(1) === partitionOfStray) own++;
  await owed(first.store, 'stray');
  await owed(first.store, 'stray', another);
  await owed(first.store, `own ${own}`);
  expect(first.store.hints.holds(partitionOfStray)).toBe(true);
  await settle(first.store, 'stray');
  expect(first.store.read(keyNamed('stray'))).toBeDefined();
  await settle(first.store, 'stray', another);
  await settle(first.store, `own ${own}`);
  expect(first.store.read(keyNamed('stray'))).toBeUndefined();
  expect(first.store.hints.holds(partitionOfStray)).toBe(false);
  expect(first.store.read(keyNamed(`own ${own}`))).toBeDefined();
  await first.kill();
  const { store } = await home.start();
  expect(store.read(keyNamed('stray'))).toBeUndefined();
  expect(store.read(keyNamed(`own ${own}`))).toBeDefined();
  expect(store.hints.total().count).toBe(0);
  await store.close();
});

test('the bound: OverloadedError, nothing changed; room again after settling', async () => {
  const { store } = await home.start({ storeBounds: { hintBytesMax: 2000 } });
  let taken = 0;
  await expect(async () => {
    for (; taken < 100; taken++) await owed(store, `key ${taken}`);
  }).rejects.toBeInstanceOf(OverloadedError);
  expect(taken).toBeGreaterThan(1);
  expect(store.read(keyNamed(`key ${taken}`))).toBeUndefined();
  expect(store.hints.total().count).toBe(taken);
  expect(store.hints.total().bytes).toBeLessThanOrEqual(1000);
  await put(store, keyNamed('mine'), 'x');
  expect(() => store.owe(target, batchOf(store, 'mine'), () => 0)).toThrow(OverloadedError);
  expect(await owed(store, 'key 0')).toEqual([false]);
  await settle(store, 'key 1');
  await owed(store, `key ${taken}`);
  await store.close();
});

test('the same hint twice is one hint with the first age', async () => {
  const { store, clock } = await home.start();
  await owed(store, 'a');
  clock.wallOffsetMs += 60_000;
  await owed(store, 'a');
  expect(store.hints.total().count).toBe(1);
  expect(store.hints.counters(target).oldestMs).toBeGreaterThanOrEqual(60_000);
  await store.close();
});

test.each(['serving', 'killed before anyone looked'])(
  'a state whose hints were settled and which was forgotten is owed to another all the same: %s',
  async (how) => {
    const first = await home.start();
    first.store.setOwned(() => false);
    await put(first.store, keyNamed('a'), 'acknowledged');
    const batch = batchOf(first.store, 'a');
    await new Promise<void>((resolve) => first.store.owe(target, batch, resolve));
    await settle(first.store, 'a');
    expect(first.store.read(keyNamed('a'))).toBeUndefined();
    await new Promise<void>((resolve) => first.store.owe(another, batch, resolve));
    let { store } = first;
    if (how !== 'serving') {
      await first.kill();
      store = (await home.start()).store;
    }
    const [hint] = store.hints.next(another, all);
    expect(hint?.key).toBe(keyNamed('a'));
    expect(store.hints.total().count).toBe(1);
    await store.close();
  },
);

test('a target that never returns leaves room for the next, and that for a third; crowded from half of a share on', async () => {
  const { store } = await home.start({ storeBounds: { hintBytesMax: 100_000 } });
  const fill = async (to: string): Promise<number> => {
    await expect(async () => {
      for (let i = 0; i < 1000; i++) await owed(store, `${to} ${i}`, to);
    }).rejects.toBeInstanceOf(OverloadedError);
    return store.hints.counters(to).bytes;
  };
  await owed(store, 'first');
  expect(store.hints.isCrowded(target)).toBe(false);
  const first = await fill(target);
  expect(store.hints.isCrowded(target)).toBe(true);
  expect(first).toBeGreaterThan(49_000);
  expect(first).toBeLessThanOrEqual(50_000);
  expect(store.hints.isCrowded(another)).toBe(false);
  expect(await fill(another)).toBeGreaterThan(24_000);
  expect(await fill('d1d2d3d4d5d6d7d8')).toBeGreaterThan(11_000);
  await store.close();
});
