/** Puts on a condition over three real nodes, by both kinds of clients. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConditionError, connect, type Entry, text, type QuorateClient } from '../../src/index.js';
import { receiptText } from '../../src/wire/receipt.js';
import { PlainClient } from '../support/plain-client.js';
import { until, type RealNodes } from '../support/real-nodes.js';
import { nodesBehindAccounts } from '../support/three-nodes.js';

let three: Awaited<ReturnType<typeof nodesBehindAccounts>>;
let nodes: RealNodes;
let client: QuorateClient;
let other: QuorateClient;
let plain: PlainClient;

beforeAll(async () => {
  three = await nodesBehindAccounts();
  ({ client, nodes } = three);
  other = await connect({ servers: three.server.url, timeoutMs: 20_000 });
  plain = await PlainClient.connect(three.server.url);
});

afterAll(async () => {
  await plain?.close();
  await other?.close();
  await three?.end();
});

/** What the promise is refused with. */
async function refusalOf(put: Promise<unknown>): Promise<ConditionError<Entry<string>>> {
  const error: unknown = await put.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ConditionError) return error;
  throw new Error(`it was not refused for its condition: ${String(error)}`);
}

describe('the TypeScript client', () => {
  test('create, replace and delete go by what was read, and a refusal shows what is there', async () => {
    const bucket = client.bucket('locks', { codec: text });
    const created = await bucket.create('k', 'one');
    expect(receiptText(created.receipt)).toContain('compared=2 ');
    const refused = await refusalOf(bucket.create('k', 'two'));
    // Whether it may show after all depends on whether it was tried again.
    expect(refused).toMatchObject({ code: 409, entry: { values: ['one'] } });
    await bucket.replace('k', 'two', created.context, { strict: true });
    const stale = await refusalOf(bucket.replace('k', 'three', created.context));
    expect(stale.entry!.values).toEqual(['two']);
    await bucket.replace('k', 'three', stale.entry!);
    expect((await bucket.get('k'))!.value).toBe('three');
    await refusalOf(bucket.delete('k', { context: stale.entry!.context, if: 'context' }));
    const entry = (await bucket.get('k'))!;
    await bucket.delete('k', { context: entry.context, if: 'context' });
    const gone = await refusalOf(bucket.replace('k', 'four', entry));
    expect(gone.entry!.values).toEqual([]);
    await bucket.create('k', 'anew');
    expect((await bucket.get('k', { r: 3 }))!.values).toEqual(['anew']);
  });

  test('100 keys, each created by two clients at once: what was done shows, what was refused never does', async () => {
    const buckets = [client, other].map((it) => it.bucket('race', { codec: text }));
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
    const done = await Promise.all(
      keys.map(async (key) => {
        const puts = buckets.map((bucket, i) => bucket.create(key, `${i}`));
        const results = await Promise.allSettled(puts);
        return ['0', '1'].filter((_, i) => results[i]!.status === 'fulfilled');
      }),
    );
    const entries = await buckets[0]!.getAll(keys, { r: 3 });
    for (const [i, key] of keys.entries()) {
      expect(done[i]!.length).toBeGreaterThanOrEqual(1);
      expect([...entries.get(key)!.values].sort()).toEqual(done[i]);
    }
  });

  test('under one operation a create is done once, and is no refusal the second time', async () => {
    const bucket = client.bucket('again', { codec: text });
    for (const user of [bucket, other.bucket('again', { codec: text })])
      await user.create('k', 'v', { operation: 'op-1' });
    expect((await bucket.get('k'))!.values).toEqual(['v']);
  });

  test('what has expired may be created again', async () => {
    const bucket = client.bucket('leases', { codec: text });
    await bucket.create('k', 'mine', { ttlMs: 1_500 });
    await refusalOf(other.bucket('leases').create('k', 'yours'));
    await until('it expires', 20_000, async () => (await bucket.get('k')) === undefined);
    await other.bucket('leases').create('k', 'yours');
    expect((await bucket.get('k'))!.values).toEqual(['yours']);
  });
});

describe('any NATS client', () => {
  test('Kv-If says on what; the refusal is a get of what is there', async () => {
    const absent = { 'Kv-If': 'absent' } as const;
    const created = await plain.put('plain.k', 'one', absent);
    expect(created).toMatchObject({ code: 200 });
    expect(created.receipt).toContain('compared=2 ');
    const refused = await plain.put('plain.k', 'two', { ...absent, 'Kv-Op': 'o' });
    expect(refused).toMatchObject({ code: 409, text: 'one', siblings: 1 });
    const seen = { 'Kv-If': 'context', 'Kv-Context': refused.context! } as const;
    const replaced = await plain.put('plain.k', 'two', {
      ...seen,
      'Kv-R': 3,
      'Kv-Quorum': 'strict',
    });
    expect(replaced.receipt).toContain('compared=strict(3)');
    expect(await plain.del('plain.k', seen)).toMatchObject({ code: 409, text: 'two' });
    await plain.del('plain.k');
    expect(await plain.put('plain.k', 'three', seen)).toMatchObject({ code: 409, siblings: 0 });
  });

  test.each([
    { 'Kv-If': 'context' },
    { 'Kv-If': 'ABSENT' },
    { 'Kv-If': 'absent', 'Kv-R': 4 },
  ] as const)('%j is refused by name', async (options) => {
    expect(await plain.put('plain.bad', 'v', options)).toMatchObject({
      code: 400,
      outcome: 'none',
      error: expect.stringMatching(/Kv-(If|R)/) as unknown,
    });
  });
});

test('while a primary is down creates go on, and see what the others hold', async () => {
  const bucket = client.bucket('down', { codec: text });
  const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
  await Promise.all(keys.map((key) => bucket.create(key, 'before')));
  await nodes.stop('n3');
  const refused = await Promise.all(keys.map((key) => refusalOf(bucket.create(key, 'after'))));
  for (const { entry } of refused) expect(entry!.values).toEqual(['before']);
  const created = await Promise.all(keys.map((key) => bucket.create(`new ${key}`, 'v')));
  for (const { receipt } of created) expect(receipt.compared).toEqual({ nodes: 2, strict: false });
  await nodes.start('n3');
});
