/** Lifetimes on real nodes: shown, changed, told of when they are over, and space given back. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConflictError, Context, text, type QuorateClient } from '../../src/index.js';
import type { PlainClient } from '../support/plain-client.js';
import type { ProcessCluster } from '../support/process-cluster.js';
import { nodesInProcesses } from '../support/three-nodes.js';

let three: Awaited<ReturnType<typeof nodesInProcesses>>;
let cluster: ProcessCluster;
let plain: PlainClient;
let client: QuorateClient;

beforeAll(async () => {
  three = await nodesInProcesses();
  ({ cluster, plain, client } = three);
});

afterAll(() => three?.end());

const hourMs = 3_600_000;

async function leftMs(place: string): Promise<number> {
  const { code, expiresInMs } = await plain.get(place);
  expect(code).toBe(200);
  return expiresInMs ?? Infinity;
}

test('gets say how long a value lives still; a touch makes that longer, shorter, or takes it away', async () => {
  await plain.put('s.key.1', 'value', { 'Kv-TTL': hourMs });
  expect(await leftMs('s.key.1')).toBeLessThanOrEqual(hourMs);
  const touched = await plain.request('kv.touch.s.key.1', '', { 'Kv-TTL': 2 * hourMs });
  expect(touched).toMatchObject({ code: 200, receipt: expect.stringMatching('w=2/2') });
  expect(await leftMs('s.key.1')).toBeGreaterThan(hourMs);
  expect((await plain.request('kv.touch.s.key.1', '', { 'Kv-TTL': 'none' })).code).toBe(200);
  expect(await leftMs('s.key.1')).toBe(Infinity);
  expect((await plain.get('s.key.1')).text).toBe('value');
  expect((await plain.request('kv.touch.s.absent', '', { 'Kv-TTL': 1 })).code).toBe(404);
  expect((await plain.request('kv.touch.s.key.1', '')).code).toBe(400);
});

test('the client touches keys of any bytes, and none that has several values', async () => {
  const bucket = client.bucket('s', { codec: text });
  const key = Buffer.from([0, 255, 46]);
  await bucket.put(key, 'value', { ttlMs: hourMs });
  const touched = await bucket.touch(key, 'none');
  expect(touched?.receipt.acked).toBeGreaterThanOrEqual(2);
  expect((await bucket.get(key))?.value).toBe('value');
  expect(await bucket.touch('absent too', 1000)).toBeUndefined();
  await bucket.put('two', 'one', { context: Context.empty });
  await bucket.put('two', 'other', { context: Context.empty });
  await expect(bucket.touch('two', 1000)).rejects.toThrow(ConflictError);
  expect(await bucket.touch(key, 1)).toBeDefined();
  await cluster.until('the key has expired', 5_000, async () => {
    return (await bucket.get(key)) === undefined;
  });
});

test('a key that expires is told of, once nobody shows it, and all nodes drop its bytes', async () => {
  const told = plain.connection.subscribe('kv.changed.flash.>');
  const events: string[] = [];
  void (async () => {
    for await (const event of told)
      events.push(`${event.subject} ${event.headers?.get('Kv-Deleted')}`);
  })();
  await plain.connection.flush();
  const put = await plain.put('flash.sale', 'x'.repeat(10_000), { 'Kv-TTL': 500, 'Kv-W': 3 });
  expect(put.code).toBe(200);
  await cluster.until('it was told of', 10_000, () =>
    Promise.resolve(events.includes('kv.changed.flash.sale expired')),
  );
  expect((await plain.get('flash.sale')).code).toBe(404);
  await cluster.until('all have dropped it', 10_000, async () => {
    const states = await plain.requestAll('kv.status', 300);
    const counts = states.map(({ text }) => countersOf(text)['expiry.emptied'] ?? 0);
    return counts.length === 3 && counts.every((count) => count > 0);
  });
  const again = await plain.put('flash.sale', 'again');
  expect(again.code).toBe(200);
  expect((await plain.get('flash.sale')).text).toBe('again');
  told.unsubscribe();
});

function countersOf(status: string): Record<string, number> {
  return (JSON.parse(status) as { counters: Record<string, number> }).counters;
}
