/**
 * What a key keeps in memory, counted in objects: the state of a million tombstones must not lie
 * there decoded.
 */
import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CollectionWalk } from '../../../src/replica/collection-walk.js';
import type { DurableStore } from '../../../src/store/durable-store.js';
import { keyNamed, put, StoreHome, testPartitions } from '../../support/store-process.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

/** Objects of what the store keeps by key; bytes count as one. */
function kept(store: DurableStore): number {
  const { memtables, cache } = store['records'];
  const seen = new Set<object>();
  const open: object[] = [memtables, cache];
  const meet = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    open.push(value);
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (ArrayBuffer.isView(next)) continue;
    if (next instanceof Map) for (const [key, value] of next) [key, value].forEach(meet);
    if (next instanceof Set) next.forEach(meet);
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(next))) meet(value);
  }
  return seen.size;
}

/** Once over all keys, as the collection goes. */
function walk(store: DurableStore, keys: number): void {
  const walked = new CollectionWalk(store, {
    partitions: testPartitions,
    graceMs: 1e9,
    monotonicMs: () => 0,
    nowMs: () => 0,
    isMine: () => true,
    isFormer: () => false,
  });
  for (let i = 0; i <= keys; i++) walked.step();
}

test('tombstones: a slot, a record and a view of its batch each, and no more once they were looked at', async () => {
  const { store } = await home.start();
  await put(store, keyNamed('first'), null);
  const empty = kept(store);
  const keys = Array.from({ length: 200 }, (_, i) => keyNamed(`k${i}`));
  for (const key of keys) await put(store, key, null);
  const written = kept(store);
  expect((written - empty) / keys.length).toBeLessThan(4);
  walk(store, keys.length);
  for (const held of store.readAll(keys)) void [held!.state, held!.digest, held!.bytes];
  expect(kept(store)).toBe(written);
  await store.close();
});
