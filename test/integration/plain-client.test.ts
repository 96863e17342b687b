/**
 * Everything a client that only speaks NATS can do: through the default accounts and subject
 * mapping, and on a server that has neither.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { startNatsServer } from '../support/nats-server.js';
import type { NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

describe.each([
  ['nats.conf', { config: natsConf() }],
  ['a server without accounts and mapping', {}],
])('%s', (_name, options) => {
  let server: NatsServer;
  let cluster: ProcessCluster;
  let client: PlainClient;

  beforeAll(async () => {
    server = await startNatsServer(options);
    cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
    client = await PlainClient.connect(server.url);
  });

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
    await server?.stop();
  });

  test('put, get, delete, get: value, then 404 with a context', async () => {
    const put = await client.put('shop.cart', 'three apples');
    expect(put).toMatchObject({ code: 200 });
    expect(put.receipt).toBe('w=2/2 primaries=2 fallbacks=0 durability=sync');
    expect(put.context).toMatch(/^[\w-]+$/);
    expect(await client.get('shop.cart')).toMatchObject({ code: 200, text: 'three apples' });
    expect(await client.del('shop.cart')).toMatchObject({ code: 200 });
    const gone = await client.get('shop.cart');
    expect(gone).toMatchObject({ code: 404, text: '' });
    expect(gone.context).toMatch(/^[\w-]+$/);
    expect((await client.get('shop.never')).code).toBe(404);
  });

  test.each([1, 2, 3, 5, 8, 9, 12])('a key of %i tokens is found again', async (tokens) => {
    const place = `shop.${Array.from({ length: tokens }, (_, i) => `t${i}`).join('.')}`;
    expect((await client.put(place, `tokens ${tokens}`)).code).toBe(200);
    expect((await client.get(place)).text).toBe(`tokens ${tokens}`);
  });

  test.each([
    [{ 'Kv-W': 0 }, /Kv-W/],
    [{ 'Kv-W': 4 }, /Kv-W/],
    [{ 'Kv-W': 'two' }, /Kv-W/],
    [{ 'Kv-Quorum': 'loose' }, /Kv-Quorum/],
    [{ 'Kv-Context': '!!' }, /Kv-Context/],
    [{ 'Kv-Context': 'AAAA' }, /Kv-Context/],
    [{ 'Kv-TTL': -1 }, /Kv-TTL/],
    [{ 'Kv-Timeout': 'soon' }, /Kv-Timeout/],
    [{ 'Kv-Op': 'x'.repeat(65) }, /Kv-Op/],
  ] as const)('a put with %j: 400 that names the header, outcome none', async (fields, message) => {
    const reply = await client.put('shop.bad', 'x', fields);
    expect(reply.code).toBe(400);
    expect(reply.error).toMatch(message);
    expect(reply.outcome).toBe('none');
    expect((await client.get('shop.bad')).code).toBe(404);
  });

  test('a value past the limit: 413, outcome none', async () => {
    const reply = await client.put('shop.big', new Uint8Array(600 * 1024));
    expect(reply).toMatchObject({ code: 413, outcome: 'none' });
  });

  test('a key past the limit: 413 or 400, outcome none', async () => {
    const reply = await client.put(`shop.${'k'.repeat(1025)}`, 'x');
    expect([400, 413]).toContain(reply.code);
    expect(reply.outcome).toBe('none');
  });

  test('two puts with the empty context leave two siblings; a put with the context of the get leaves one', async () => {
    expect((await client.put('shop.wish', 'book', { 'Kv-Context': '-' })).code).toBe(200);
    expect((await client.put('shop.wish', 'bike', { 'Kv-Context': '-' })).code).toBe(200);
    const both = await client.get('shop.wish');
    expect(both).toMatchObject({ code: 200, siblings: 2 });
    expect(both.text).toContain('book');
    expect(both.text).toContain('bike');
    const merged = await client.put('shop.wish', 'book, bike', { 'Kv-Context': both.context! });
    expect(merged.code).toBe(200);
    expect(await client.get('shop.wish')).toMatchObject({ siblings: 1, text: 'book, bike' });
  });

  test('a put with an old context leaves what its author did not see', async () => {
    const first = await client.put('shop.note', 'one');
    await client.put('shop.note', 'two', { 'Kv-Context': first.context! });
    await client.put('shop.note', 'other', { 'Kv-Context': first.context! });
    const both = await client.get('shop.note');
    expect(both.siblings).toBe(2);
    expect(both.text).toContain('two');
    expect(both.text).toContain('other');
  });

  test('200 blind puts one after the other leave the last one, on any of 20 keys', async () => {
    for (let i = 0; i < 200; i++)
      expect((await client.put(`shop.blind-${i % 20}`, `put ${i}`)).code).toBe(200);
    for (let key = 0; key < 20; key++) {
      const reply = await client.get(`shop.blind-${key}`, { 'Kv-R': 3 });
      expect(reply).toMatchObject({ siblings: 1, text: `put ${180 + key}` });
    }
  });

  test('a retried put with the same operation id is one write', async () => {
    const fields = { 'Kv-Op': 'order-7', 'Kv-Context': '-' };
    await client.put('shop.order', 'seven', fields);
    await client.put('shop.order', 'seven', fields);
    expect(await client.get('shop.order')).toMatchObject({ siblings: 1, text: 'seven' });
  });

  test('a put with a lifetime is gone after it', async () => {
    await client.put('shop.flash', 'sale', { 'Kv-TTL': 150 });
    expect((await client.get('shop.flash')).text).toBe('sale');
    await cluster.until('the value has expired', 3_000, async () => {
      return (await client.get('shop.flash')).code === 404;
    });
  });

  test('a deadline of 1 ms either holds or is a 504 that says what may have happened', async () => {
    const reply = await client.put('shop.fast', 'x', { 'Kv-Timeout': 1 });
    if (reply.code !== 200) expect(reply.code).toBe(504);
    if (reply.code === 504) expect(['none', 'unknown']).toContain(reply.outcome);
  });

  test('kv.changed: a subscriber with a wildcard sees the put and the delete', async () => {
    const seen: string[] = [];
    const events = client.connection.subscribe('kv.changed.events.>', {
      callback: (_error, message) => seen.push(message.subject),
    });
    await client.connection.flush();
    await client.put('events.a.b', 'x');
    await client.del('events.a.b');
    await cluster.until('both events arrived', 3_000, () => Promise.resolve(seen.length === 2));
    expect(seen).toEqual(['kv.changed.events.a.b', 'kv.changed.events.a.b']);
    events.unsubscribe();
  });

  test('every node answers $SRV.PING.quorate', async () => {
    const replies = await client.requestAll('$SRV.PING.quorate', 500);
    const ids = new Set(replies.map((reply) => (JSON.parse(reply.text) as { id: string }).id));
    expect(ids.size).toBe(3);
  });

  test('a reply subject of the nodes reaches nothing', async () => {
    const before = (await cluster.status()).map((row) => row.keys);
    client.connection.publish('kv.get.shop.wish', '', { reply: '_kv.all.gossip' });
    await client.connection.flush();
    expect((await client.get('shop.wish')).code).toBe(200);
    expect((await cluster.status()).map((row) => row.keys)).toEqual(before);
  });
});
