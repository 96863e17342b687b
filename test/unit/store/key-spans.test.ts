import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { listingLimits } from '../../../actors/rules/limits/listing.js';
import type { DurableStore } from '../../../src/store/durable-store.js';
import { answerSpan, listSpan, Room } from '../../../src/store/key-spans.js';
import type { AskedSpan } from '../../../src/wire/protocol/list.js';
import { merge, put, stateAfter, StoreHome } from '../../support/store-process.js';
import { until } from '../../support/until.js';

let home: StoreHome;
let store: DurableStore;

beforeEach(async () => {
  home = new StoreHome();
  ({ store } = await home.start());
});

afterEach(async () => {
  await store.close();
  home.remove();
});

const partition = 3;
const what = { bucket: 'b', prefix: '', conflict: 'siblings', nowMs: 1_000 } as const;
const whole = { partition, after: '', upTo: undefined };

function named(key: string, bucket = 'b'): StorageKey {
  return storageKeyOf({ partition, bucket, key });
}

function keysOf(span: Partial<typeof whole>, of: Partial<typeof what> = {}): readonly string[] {
  return listSpan(store, { ...whole, ...span }, { ...what, ...of }, new Room()).listed.keys;
}

test('keys of a bucket in a partition: in order, from the tables and from memory', async () => {
  const keys = ['a', 'a\xff', 'a\xff\xff', 'ab', 'b', '\0', '\xff', '\xff\xff'];
  for (const key of keys.slice(0, 4)) await put(store, named(key), 'x');
  await store.close();
  ({ store } = await home.start());
  for (const key of keys.slice(4)) await put(store, named(key), 'x');
  for (const bucket of ['a', 'bb', 'c', 'b\x01']) await put(store, named('a', bucket), 'x');
  expect(keysOf({})).toEqual(keys.toSorted());
  expect(keysOf({ after: 'a' })).toEqual(['ab', 'a\xff', 'a\xff\xff', 'b', '\xff', '\xff\xff']);
  expect(keysOf({ upTo: 'a' as never })).toEqual(['\0', 'a']);
  expect(keysOf({}, { prefix: 'a' as never })).toEqual(['a', 'ab', 'a\xff', 'a\xff\xff']);
  expect(keysOf({}, { prefix: '\xff' as never })).toEqual(['\xff', '\xff\xff']);
  expect(keysOf({ after: 'ab' }, { prefix: 'a' as never })).toEqual(['a\xff', 'a\xff\xff']);
  expect(keysOf({ after: 'b' }, { prefix: 'a' as never })).toEqual([]);
});

test('what is deleted or expired is listed as such', async () => {
  await put(store, named('deleted'), null);
  await put(store, named('there'), 'x');
  const state = stateAfter(undefined, { value: 'x', node: '8899aabbccddeeff' });
  const siblings = state.siblings.map((sibling) => ({ ...sibling, expiresAtMs: 999 }));
  await merge(store, [{ key: named('expired'), state: { ...state, siblings } }]);
  const { listed } = listSpan(store, whole, what, new Room());
  expect(listed.keys.map((key, i) => [key, listed.shown[i]])).toEqual([
    ['deleted', false],
    ['expired', false],
    ['there', true],
  ]);
});

test('no more than there is room for', async () => {
  const many = listingLimits.stepKeysMax + 10;
  const state = stateAfter(undefined, { value: 'x', node: '8899aabbccddeeff' });
  const names = Array.from({ length: many }, (_, i) => String(i).padStart(6, '0'));
  for (let i = 0; i < many; i += 100)
    await merge(
      store,
      names.slice(i, i + 100).map((name) => ({ key: named(name), state })),
    );
  const room = new Room();
  const { listed } = listSpan(store, whole, what, room);
  expect([listed.keys.length, listed.isWhole, room.isLeft]).toEqual([
    listingLimits.stepKeysMax,
    false,
    false,
  ]);
  const rest = listSpan(store, { ...whole, after: listed.keys.at(-1)! }, what, new Room()).listed;
  expect([...listed.keys, ...rest.keys]).toEqual(names);
  expect(rest.isWhole).toBe(true);
});

test('no more than a few megabytes of values are read for it', async () => {
  const value = 'x'.repeat(400_000);
  const many = Math.ceil(listingLimits.stepReadBytesMax / value.length) + 5;
  for (let i = 0; i < many; i++) await put(store, named(String(i).padStart(3, '0')), value);
  const { listed } = listSpan(store, whole, what, new Room());
  expect(listed.isWhole).toBe(false);
  expect(listed.keys.length * value.length).toBeGreaterThan(listingLimits.stepReadBytesMax / 2);
  expect(listed.keys.length).toBeLessThan(many);
});

test('who holds the same says so, by the tree, and lists what it holds else', async () => {
  for (const key of ['a', 'b', 'c']) await put(store, named(key), 'x');
  const { root } = listSpan(store, whole, what, new Room());
  const answer = (span: Partial<AskedSpan>): unknown =>
    answerSpan(store, { ...whole, root, ...span }, what, new Room());
  expect(answer({})).toBe('same');
  expect(answer({ root: { hi: 1, lo: 1 } })).toMatchObject({ keys: ['a', 'b', 'c'] });
  expect(answer({ root: undefined, upTo: 'b' })).toMatchObject({ keys: ['a', 'b'], isWhole: true });
  await put(store, named('d', 'other'), 'x');
  expect(answer({})).toMatchObject({ keys: ['a', 'b', 'c'] });
  const room = new Room();
  while (room.isLeft) room.take('', 1);
  expect(answerSpan(store, { ...whole, root }, what, room)).toBeUndefined();
});

test('a record that is found to be damaged: the tree that counts it still speaks for nothing', async () => {
  for (const key of ['a', 'b']) await put(store, named(key), 'x');
  await store.close();
  const started = await home.start();
  ({ store } = started);
  const records = started.tables.open('records');
  const value = Buffer.from(records.get(named('a'))!);
  value[12]! ^= 1;
  await new Promise<void>((resolve) =>
    started.tables.commit(
      (batch) => batch.put(records, named('a'), value),
      () => resolve(),
    ),
  );
  const before = store.rootOf(partition);
  const own = listSpan(store, whole, what, new Room());
  expect(own.listed.keys).toEqual(['b']);
  expect([before !== undefined, own.root]).toEqual([true, undefined]);
  await until(() => store.rootOf(partition) !== undefined);
  expect(store.rootOf(partition)).not.toEqual(before);
});
