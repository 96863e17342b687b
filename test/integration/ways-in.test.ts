/**
 * The ways in on a real nats-server with the project's configuration, for a client that speaks only
 * NATS.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, headers, type Msg, type NatsConnection } from 'nats';
import { limits } from '../../actors/rules/limits.js';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { natsConf } from '../../src/bus/nats-conf.js';
import { UnavailableError } from '../../src/errors.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { decode, decodeDocument } from '../../src/wire/message-pack.js';
import { ringFromDocument } from '../../src/wire/ring-document.js';
import { startApiNode, type ApiNode, type World } from '../support/api-node.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(16));

/** Four nodes, three of them primaries of each partition. */
class Cluster {
  readonly nodes: ApiNode[] = [];
  readonly buses: NatsBus[] = [];
  client!: NatsConnection;

  static async start(server: NatsServer, credentials: object): Promise<Cluster> {
    const cluster = new Cluster();
    const world: World = new Map();
    for (const id of ids) {
      const bus = await NatsBus.connect({ servers: server.url, ...credentials });
      const clock = new RealClock();
      const random = new RealRandom();
      const options = { buckets: { single: { n: 1, r: 1, w: 1 } } };
      cluster.buses.push(bus);
      cluster.nodes.push(startApiNode({ id, nodes: ids, bus, clock, random, world, options }));
      await bus.flush();
    }
    cluster.client = await connect({ servers: server.url });
    return cluster;
  }

  async stop(): Promise<void> {
    await this.client.close();
    await Promise.all(this.buses.map((bus) => bus.close()));
  }

  async ask(subject: string, payload: string | Uint8Array = '', fields: object = {}): Promise<Msg> {
    const given = headers();
    for (const [name, value] of Object.entries(fields)) given.set(name, String(value));
    return this.client.request(subject, payload, { headers: given, timeout: 2000 });
  }

  puts(): number[] {
    return this.nodes.map((node) => node.coordinator.puts.length);
  }
}

function fields(message: Msg): Record<string, string> {
  return Object.fromEntries([...(message.headers ?? [])].map(([name, [value]]) => [name, value!]));
}

let server: NatsServer;
let cluster: Cluster;

describe.each([
  ['with accounts and mappings', natsConf(), { user: 'node', password: 'quorate' }],
  ['on a plain server', undefined, {}],
])('%s', (_what, config, credentials) => {
  beforeAll(async () => {
    server = await startNatsServer(config === undefined ? {} : { config });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    cluster = await Cluster.start(server, credentials);
  });
  afterEach(() => cluster.stop());

  test('put, get, delete, 404', async () => {
    const put = await cluster.ask('kv.put.shop.cart', 'apples');
    const receipt = 'w=2/2 primaries=2 fallbacks=0 durability=sync';
    expect(fields(put)).toEqual({ 'Kv-Context': expect.any(String), 'Kv-Receipt': receipt });
    const got = await cluster.ask('kv.get.shop.cart', '', { 'Kv-R': 3 });
    expect(got.string()).toBe('apples');
    expect(fields(got)).toEqual({
      'Kv-Context': put.headers!.get('Kv-Context'),
      'Kv-Receipt': 'r=3/3 primaries=3 fallbacks=0 durability=sync',
    });
    const deleted = await cluster.ask('kv.del.shop.cart');
    expect(fields(deleted)).toMatchObject({ 'Kv-Receipt': receipt });
    const gone = await cluster.ask('kv.get.shop.cart');
    expect(gone.data).toHaveLength(0);
    expect(fields(gone)).toEqual({
      'Kv-Context': deleted.headers!.get('Kv-Context'),
      'Nats-Service-Error-Code': '404',
      'Nats-Service-Error': 'no such key',
    });
    expect(fields(await cluster.ask('kv.get.shop.never'))).not.toHaveProperty('Kv-Context');
  });

  test('siblings: a MessagePack array, nil for a tombstone; a put with the context leaves one', async () => {
    await cluster.ask('kv.put.shop.wish', 'book', { 'Kv-Context': '-' });
    await cluster.ask('kv.put.shop.wish', 'bike', { 'Kv-Context': '-' });
    await cluster.ask('kv.del.shop.wish', '', { 'Kv-Context': '-' });
    const both = await cluster.ask('kv.get.shop.wish');
    expect(fields(both)).toMatchObject({ 'Kv-Siblings': '3' });
    expect(
      new Set((decode(both.data) as (Buffer | null)[]).map((value) => value?.toString())),
    ).toEqual(new Set(['book', 'bike', undefined]));
    const seen = { 'Kv-Context': both.headers!.get('Kv-Context') };
    await cluster.ask('kv.put.shop.wish', 'both', seen);
    const one = await cluster.ask('kv.get.shop.wish');
    expect([one.string(), one.headers!.has('Kv-Siblings')]).toEqual(['both', false]);
  });

  test.each([1, 2, 8, 9, 20])('keys of %i tokens; blind puts meet at one node', async (tokens) => {
    const name = `b.${Array.from({ length: tokens }, (_, i) => `t${i}`).join('.')}`;
    for (let i = 0; i < 30; i++) await cluster.ask(`kv.put.${name}`, String(i));
    expect((await cluster.ask(`kv.get.${name}`)).string()).toBe('29');
    expect(cluster.puts().filter((puts) => puts > 0)).toEqual([30]);
  });

  test('a name beyond ASCII is its UTF-8 bytes inside', async () => {
    await cluster.ask('kv.put.tiere.kätzchen', 'miau');
    expect((await cluster.ask('kv.get.tiere.kätzchen')).string()).toBe('miau');
    const [put] = cluster.nodes.flatMap((node) => node.coordinator.puts);
    expect(put!.key).toBe(Buffer.from('kätzchen').toString('latin1'));
  });

  test.each<[string, string, string | Uint8Array, object, string]>([
    ['a header', 'kv.put.b.k', 'x', { 'Kv-W': 4 }, '400 Kv-W is a number from 1 to 3'],
    ['a header in lower case', 'kv.put.b.k', 'x', { 'kv-w': 4 }, '400 Kv-W'],
    [
      'a bucket of its own N',
      'kv.put.single.k',
      'x',
      { 'Kv-W': 2 },
      '400 Kv-W is a number from 1 to 1',
    ],
    ['a bucket name', `kv.put.${'b'.repeat(65)}.k`, 'x', {}, '400 a bucket is'],
    ['a key', `kv.put.b.${'k'.repeat(1025)}`, 'x', {}, '400 a key has'],
    ['a delete with a value', 'kv.del.b.k', 'x', {}, '400 a delete has no payload'],
    [
      'a value',
      'kv.put.b.k',
      Buffer.alloc(limits.valueBytesMax + 1),
      {},
      '413 a value of one message has at most',
    ],
  ])('refused: %s', async (_what, subject, payload, given, error) => {
    const reply = fields(await cluster.ask(subject, payload, given));
    expect(`${reply['Nats-Service-Error-Code']} ${reply['Nats-Service-Error']}`).toMatch(error);
    expect(reply['Kv-Outcome']).toBe('none');
    expect(cluster.puts()).toEqual([0, 0, 0, 0]);
  });

  test('a get that is refused has no outcome', async () => {
    const reply = fields(await cluster.ask('kv.get.b.k', '', { 'Kv-R': 'all' }));
    expect(reply).toEqual({
      'Nats-Service-Error-Code': '400',
      'Nats-Service-Error': 'Kv-R is a number from 1 to 3',
    });
  });

  test('errors of the coordinator, passed on or not', async () => {
    for (const { coordinator } of cluster.nodes)
      coordinator.failure = new UnavailableError('quorum lost', 'unknown');
    for (let i = 0; i < 12; i++) {
      expect(fields(await cluster.ask(`kv.put.b.k${i}`, 'x'))).toEqual({
        'Nats-Service-Error-Code': '503',
        'Nats-Service-Error': 'quorum lost',
        'Kv-Outcome': 'unknown',
      });
    }
  });

  test('the node that orders dies: 100 blind puts go on without an error', async () => {
    for (let i = 0; i < 100; i++) {
      if (i === 20) await cluster.buses[0]!.close();
      const reply = await cluster.ask(`kv.put.b.k${i}`, 'x');
      expect(fields(reply)).toHaveProperty('Kv-Receipt');
    }
  });

  test('a put nobody waits for is done; a get is not', async () => {
    cluster.client.publish('kv.put.b.k', 'x');
    cluster.client.publish('kv.get.b.k');
    await until(() => cluster.puts().some((puts) => puts > 0));
    expect((await cluster.ask('kv.get.b.k')).string()).toBe('x');
    const gets = cluster.nodes.map(({ waysIn }) => waysIn.traffic.endpoints.get.requests);
    expect(gets.reduce((sum, requests) => sum + requests)).toBe(1);
  });

  test('events for every put and delete, with context, for keys that can be subjects', async () => {
    const events: object[] = [];
    cluster.client.subscribe('kv.changed.shop.>', {
      callback: (_error, message) => events.push([message.subject, fields(message)]),
    });
    const put = await cluster.ask('kv.put.shop.a.b', 'x');
    await cluster.ask('kv.del.shop.a.b');
    await cluster.ask('kv.put.other.a.b', 'x');
    await until(() => events.length >= 2);
    expect(events).toEqual([
      ['kv.changed.shop.a.b', { 'Kv-Context': put.headers!.get('Kv-Context') }],
      ['kv.changed.shop.a.b', { 'Kv-Context': expect.any(String), 'Kv-Deleted': 'true' }],
    ]);
  });

  test('partitions follow the ring', async () => {
    for (const { view } of cluster.nodes) view.tellNodes(ids.slice(0, 3));
    await cluster.buses[3]!.flush();
    const requests = (): number =>
      Object.values(cluster.nodes[3]!.waysIn.traffic.endpoints).reduce(
        (sum, endpoint) => sum + endpoint.requests,
        0,
      );
    for (let i = 0; i < 40; i++) await cluster.ask(`kv.p.${i}.get.b.k${i}`);
    expect(requests()).toBe(0);
    for (const { view } of cluster.nodes) view.tellNodes(ids.slice(1));
    await cluster.buses[3]!.flush();
    for (let i = 0; i < 40; i++) await cluster.ask(`kv.p.${i}.get.b.k${i}`);
    expect(requests()).toBeGreaterThan(0);
  });

  test('partitions whose primaries are all down are served by who is left', async () => {
    const down = ids.slice(1);
    for (const bus of cluster.buses.slice(1)) await bus.close();
    for (const id of down) cluster.nodes[0]!.view.tellReachability(id, 'down');
    await cluster.buses[0]!.flush();
    for (let i = 0; i < 40; i++) {
      const reply = await cluster.ask(`kv.put.b.k${i}`, 'x', { 'Kv-W': 1 });
      expect(fields(reply)).toHaveProperty('Kv-Receipt');
    }
    expect(cluster.puts()).toEqual([40, 0, 0, 0]);
  });

  test('kv.ring and kv.status, for programs and for people', async () => {
    const packed = await cluster.ask('kv.ring');
    const ring = ringFromDocument(decodeDocument(packed.data));
    expect(ring).toMatchObject({ n: 3, r: 2, buckets: [['single', 1, 1]] });
    expect(ring.nodes.map(({ id, reachability }) => [id, reachability])).toEqual(
      ids.map((id) => [id, 'alive']),
    );
    expect(ring.groupOf.slice(0, 5).map((group) => ring.groups[group])).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3, 0],
      [2, 3, 0, 1],
      [3, 0, 1, 2],
      [0, 1, 2, 3],
    ]);
    const text = await cluster.ask('kv.ring', '', { 'Kv-Accept': 'json' });
    // Each node tells its own time.
    const timeless = ({ nodes, ...rest }: typeof ring): object => ({
      ...rest,
      nodes: nodes.map(({ id, name, host, zone, reachability }) => [
        id,
        name,
        host,
        zone,
        reachability,
      ]),
    });
    expect(timeless(ringFromDocument(text.json()))).toEqual(timeless(ring));
    const statuses: string[] = [];
    const given = headers();
    given.set('Kv-Accept', 'json');
    const options = { maxWait: 500, headers: given };
    for await (const reply of await cluster.client.requestMany('kv.status', '', options))
      statuses.push(reply.json<{ id: string }>().id);
    expect(statuses.sort()).toEqual(ids);
  });

  test('every node is a service; its counters are live', async () => {
    await cluster.ask('kv.put.b.k', 'x');
    await cluster.ask('kv.get.b.never');
    await cluster.ask('kv.get.b.k', '', { 'Kv-R': 9 });
    const sums: Record<string, [number, number]> = {};
    const options = { maxWait: 500 };
    for await (const reply of await cluster.client.requestMany('$SRV.STATS.quorate', '', options)) {
      const { endpoints } = reply.json<{
        endpoints: { name: string; num_requests: number; num_errors: number }[];
      }>();
      for (const { name, num_requests, num_errors } of endpoints) {
        const [requests, errors] = sums[name] ?? [0, 0];
        sums[name] = [requests + num_requests, errors + num_errors];
      }
    }
    expect(sums).toMatchObject({ put: [1, 0], get: [2, 1], del: [0, 0], frame: [0, 0] });
  });

  test('two of four nodes close under load, one after the other: no request is lost', async () => {
    const failures: string[] = [];
    const load = { asked: 0, ended: false };
    const client = async (): Promise<void> => {
      while (!load.ended) {
        const reply = cluster.ask(`kv.put.b.k${load.asked++}`, 'x');
        await reply.then(
          (message) => failures.push(...Object.values(fields(message)).slice(2)),
          (error) => failures.push(String(error)),
        );
      }
    };
    const clients = Array.from({ length: 16 }, client);
    for (const [i, { waysIn, peers }] of cluster.nodes.slice(2).entries()) {
      await until(() => load.asked > 300 * (i + 1));
      await waysIn.close();
      peers.close();
    }
    load.ended = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
  });

  test('a node that closes answers what it took, and takes nothing more', async () => {
    for (const { coordinator } of cluster.nodes) coordinator.silent = true;
    const asked = cluster.ask('kv.put.b.k', 'x');
    await until(() => cluster.puts().some((puts) => puts > 0));
    const closing = cluster.nodes.map(({ waysIn }) => waysIn.close());
    const [put] = cluster.nodes.flatMap(({ coordinator }) => coordinator.puts);
    put!.onReply({ ok: false, error: new UnavailableError('closing', 'unknown') });
    expect(fields(await asked)).toMatchObject({ 'Nats-Service-Error': 'closing' });
    await Promise.all(closing);
    // "No responders" does not cross accounts: there the client hears nothing.
    const silence = config === undefined ? '503' : 'TIMEOUT';
    await expect(cluster.ask('kv.get.b.k')).rejects.toThrow(silence);
  });
});

test('in one account, a reply subject outside an inbox: nothing done, counted', async () => {
  server = await startNatsServer();
  cluster = await Cluster.start(server, {});
  const heard: string[] = [];
  cluster.client.subscribe('>', { callback: (_error, { subject }) => heard.push(subject) });
  for (const reply of [`_kv.${ids[0]}.merge`, 'kv.put.b.other', '_INBOXES.x'])
    cluster.client.publish('kv.put.b.k', 'x', { reply });
  const refused = (): number =>
    cluster.nodes.reduce((sum, { waysIn }) => sum + waysIn.traffic.repliesRefused.value, 0);
  await until(() => refused() === 3);
  expect(heard).toEqual(['kv.put.b.k', 'kv.put.b.k', 'kv.put.b.k']);
  expect(cluster.puts()).toEqual([0, 0, 0, 0]);
  await cluster.stop();
  await server.stop();
});
