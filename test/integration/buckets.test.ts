/** What buckets promise is changed while real nodes run: by the client and by plain messages. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect as connectNats, type NatsConnection } from 'nats';
import { connect } from '../../src/client/connect.js';
import type { QuorateClient } from '../../src/client/client.js';
import { BucketChangeError, NotFoundError } from '../../src/errors.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes, until } from '../support/real-nodes.js';

const names = ['n1', 'n2', 'n3'];
const partitions = 16;
let server: NatsServer;
let nodes: RealNodes;
let client: QuorateClient;
let plain: NatsConnection;

beforeEach(async () => {
  server = await startNatsServer();
  nodes = new RealNodes(server.url, { partitions });
  plain = await connectNats({ servers: server.url });
  await nodes.startAll(names);
  client = await connect({ servers: server.url, timeoutMs: 20_000 });
}, 60_000);

afterEach(async () => {
  await client.close();
  await plain.close();
  await nodes.end();
  await server.stop();
}, 60_000);

async function ask(subject: string, said?: unknown): Promise<Record<string, unknown>> {
  const payload = said === undefined ? '' : JSON.stringify(said);
  const reply = await plain.request(`kv.bucket.${subject}`, payload, { timeout: 20_000 });
  const code = reply.headers?.get('Nats-Service-Error-Code');
  if (code) return { code, text: reply.headers?.get('Nats-Service-Error') };
  return reply.json();
}

async function isMoving(): Promise<boolean> {
  const reply = await plain.request('kv.ring', '', { timeout: 5_000, headers: await json() });
  return 'move' in reply.json<Record<string, unknown>>();
}

async function json(): Promise<import('nats').MsgHdrs> {
  const { headers } = await import('nats');
  const accept = headers();
  accept.set('Kv-Accept', 'json');
  return accept;
}

function keysOf(name: string): number {
  return nodes.running.get(name)!.status().keys;
}

test('buckets: a node that was told of others than the cluster agreed on goes by the cluster', async () => {
  await client.buckets.create('shop', { w: 3 });
  const put = await client.bucket('shop').put('a', 'one', { w: 3 });
  expect(put.receipt?.needed).toBe(3);
  await nodes.stop('n3');
  const told = { buckets: { shop: { n: 1, r: 1, w: 1 } } };
  const other = new RealNodes(server.url, { partitions, ...told }, nodes.directory);
  const problems: string[] = [];
  const node = await other.start('n3');
  node.onProblem((text) => problems.push(text));
  await node.serving;
  await until('it says so', 20_000, () =>
    problems.some((text) => /something else of shop/.test(text)),
  );
  expect((await client.bucket('shop').get('a', { r: 3 }))?.text()).toBe('one');
  await other.stop('n3');
}, 60_000);

describe('buckets', () => {
  test('are created and changed at once, and all nodes go by it', async () => {
    const orders = client.bucket('orders');
    await client.buckets.create('orders', { w: 3, ttlMs: 3_600_000, events: 'off' });
    expect((await orders.put('a', 'one')).receipt?.needed).toBe(3);
    expect(await ask('set.orders', { w: 2, conflict: 'last-writer-wins' })).toMatchObject({
      bucket: { name: 'orders', n: 3, w: 2, conflict: 'last-writer-wins', ttlMs: 3_600_000 },
      moving: false,
    });
    expect((await orders.put('a', 'two')).receipt?.needed).toBe(2);
    expect(await ask('ls')).toMatchObject({
      unknown: 'defaults',
      buckets: [{ name: 'orders', events: 'off', durability: 'node' }],
    });
    await expect(client.buckets.create('orders')).rejects.toThrow(BucketChangeError);
    await expect(client.buckets.set('nothing', { w: 1 })).rejects.toThrow(NotFoundError);
    expect(await ask('create.odd', { speed: 9 })).toMatchObject({ code: '400' });
    expect(await ask('create.odd', { n: 9, r: 9 })).toMatchObject({ code: '409' });
    const info = await client.buckets.info('orders');
    expect(info).toMatchObject({ keys: 1, bytes: 3, siblings: 0, complete: true });
  }, 60_000);

  test('of another N move their keys, under load, and nothing is lost by it', async () => {
    const orders = client.bucket('orders');
    await client.buckets.create('orders', {});
    const last = new Map<string, string>();
    const over = new AbortController();
    const writing = (async () => {
      for (let i = 0; !over.signal.aborted; i++) {
        const key = `k${i % 200}`;
        await orders.put(key, `v${i}`);
        last.set(key, `v${i}`);
      }
    })();
    for (const n of [2, 1, 3]) {
      const changed = await client.buckets.set('orders', { n });
      expect(changed).toMatchObject({ moving: true, bucket: { becomes: { n } } });
      // Whoever answers may hear of it later than others.
      await until(`N is ${n}`, 60_000, async () => {
        const [orders] = (await client.buckets.list()).buckets;
        return orders?.n === n && !(await isMoving());
      });
      await until(`each key is with ${n} nodes`, 30_000, () => {
        const held = names.reduce((sum, name) => sum + keysOf(name), 0);
        return last.size >= 200 && held === n * 200;
      });
    }
    over.abort();
    await writing;
    for (const [key, value] of last)
      expect((await orders.get(key, { strict: true }))?.text()).toBe(value);
    await Promise.all(names.map((name) => nodes.stop(name)));
    await nodes.startAll(names);
    expect((await client.buckets.list()).buckets).toMatchObject([{ name: 'orders', n: 3 }]);
    expect((await orders.get('k7'))?.text()).toBe(last.get('k7'));
  }, 240_000);

  test('are removed with all their keys, also of a node that was away', async () => {
    const orders = client.bucket('orders');
    for (let i = 0; i < 50; i++) await orders.put(`k${i}`, 'v', { w: 3 });
    await client.bucket('other').put('k', 'stays', { w: 3 });
    await nodes.stop('n3');
    expect(await client.buckets.remove('orders')).toMatchObject({ bucket: { closing: true } });
    await expect(orders.put('k1', 'w')).rejects.toThrow(/is being removed/);
    const left = ['n1', 'n2'];
    await until('who is there has dropped them', 30_000, () => left.every((n) => keysOf(n) === 1));
    await expect(client.buckets.create('orders')).rejects.toThrow(/is being removed/);
    await nodes.start('n3');
    // Nodes hear of it one after the other, and any of them may be asked.
    await until('its name is free', 60_000, () =>
      client.buckets.create('orders').then(
        () => true,
        (error: unknown) => {
          if (error instanceof BucketChangeError) return false;
          throw error;
        },
      ),
    );
    expect(names.map(keysOf)).toEqual([1, 1, 1]);
    expect(await orders.get('k1', { r: 3 })).toBeUndefined();
    expect((await client.bucket('other').get('k'))?.text()).toBe('stays');
  }, 120_000);

  test('that were not declared are refused with a hint, once the cluster says so', async () => {
    await client.bucket('shop').put('a', 'one');
    await client.buckets.setDefaults({ unknown: 'declared' });
    const hint = /no bucket shop.*quorate bucket create shop/;
    await expect(client.bucket('shop').put('a', 'two')).rejects.toThrow(hint);
    await expect(client.bucket('shop').get('a')).rejects.toThrow(hint);
    await expect(client.bucket('shop').get('a', { r: 1 })).rejects.toThrow(hint);
    const reply = await plain.request('kv.get.shop.a', '', { timeout: 5_000 });
    expect(reply.headers?.get('Nats-Service-Error')).toMatch(hint);
    await client.buckets.create('shop');
    expect((await client.bucket('shop').get('a'))?.text()).toBe('one');
  }, 60_000);
});
