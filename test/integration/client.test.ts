/**
 * The TypeScript client against three real nodes, as an application behind the accounts of
 * `nats.conf`.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  Context,
  json,
  MalformedError,
  text,
  type Change,
  type QuorateClient,
} from '../../src/index.js';
import { nodesBehindAccounts } from '../support/three-nodes.js';

let three: Awaited<ReturnType<typeof nodesBehindAccounts>>;
let client: QuorateClient;

beforeAll(async () => {
  three = await nodesBehindAccounts();
  ({ client } = three);
});

afterAll(() => three?.end());

const union = (sets: readonly string[][], more: string): string[] => [
  ...new Set([...sets.flat(), more]),
];

test('put, get, delete, and a receipt that tells who has it', async () => {
  const bucket = client.bucket('plain', { codec: text });
  const { receipt } = await bucket.put('k', 'v', { w: 3 });
  expect(receipt).toEqual({
    kind: 'w',
    acked: 3,
    needed: 3,
    primaries: 3,
    fallbacks: 0,
    hints: 0,
    durability: { kind: 'sync' },
  });
  expect((await bucket.get('k', { r: 3, strict: true }))!.value).toBe('v');
  await bucket.delete('k');
  expect(await bucket.get('k')).toBeUndefined();
  expect(await bucket.get('never there')).toBeUndefined();
});

test('two puts that have seen nothing are siblings; the next update merges them', async () => {
  const bucket = client.bucket('siblings', { codec: text });
  await bucket.put('k', 'a', { context: Context.empty });
  await bucket.put('k', 'b', { context: Context.empty });
  const entry = (await bucket.get('k'))!;
  expect([...entry.values].sort()).toEqual(['a', 'b']);
  await bucket.update('k', (values) => [...values].sort().join(''));
  expect((await bucket.get('k'))!.value).toBe('ab');
});

test('blind puts one after the other, 100 keys three times: the last is there, alone', async () => {
  const bucket = client.bucket('blind', { codec: text });
  const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
  for (const value of ['1', '2', '3']) await bucket.putAll(keys.map((key) => [key, value]));
  const entries = await bucket.getAll(keys);
  expect([...entries.values()].map((entry) => entry.value)).toEqual(keys.map(() => '3'));
});

test('one put sent twice under one operation id is one value', async () => {
  const bucket = client.bucket('operations', { codec: text });
  const options = { context: Context.empty, operation: 'op-1' };
  await Promise.all([bucket.put('k', 'v', options), bucket.put('k', 'v', options)]);
  expect((await bucket.get('k'))!.values).toEqual(['v']);
});

test('20 concurrent updates of one set: none is lost', async () => {
  const bucket = client.bucket('sets', { codec: json<string[]>() });
  const items = Array.from({ length: 20 }, (_, i) => `item-${i}`);
  await Promise.all(items.map((item) => bucket.update('k', (sets) => union(sets, item))));
  const entry = (await bucket.get('k'))!;
  expect(new Set(entry.values.flat())).toEqual(new Set(items));
});

test('2 000 keys of any bytes, values of up to 5 kB: all come back', async () => {
  const bucket = client.bucket('many');
  const entries = Array.from({ length: 2_000 }, (_, i): [Uint8Array, Uint8Array] => [
    Buffer.from([0, 32, 46, 255, i >> 8, i & 0xff]),
    Buffer.alloc(1 + ((i * 977) % 5_000), i),
  ]);
  await bucket.putAll(entries);
  const found = await bucket.getAll(entries.map(([key]) => key));
  expect(found.size).toBe(2_000);
  for (const [key, value] of entries) expect(Buffer.compare(value, found.get(key)!.value)).toBe(0);
});

test('errors are typed, and say that nothing was stored', async () => {
  const error = await client
    .bucket('errors')
    .put('k', 'v', { w: 4 })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MalformedError);
  expect(error).toMatchObject({ code: 400, outcome: 'none' });
});

test('watch: puts and deletes of a pattern as they happen', async () => {
  const bucket = client.bucket('watched');
  const watch = bucket.watch('eu.>');
  // Subscriptions and puts of one connection reach the server in order.
  await bucket.put('us.1', 'v');
  await bucket.put('eu.1', 'v');
  await bucket.delete('eu.1');
  const seen: Change[] = [];
  for await (const change of watch) {
    seen.push(change);
    if (seen.length === 2) break;
  }
  expect(seen.map(({ key, deleted }) => [key, deleted])).toEqual([
    ['eu.1', false],
    ['eu.1', true],
  ]);
});
