/** What nats.conf promises, asked of a real nats-server. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, headers, type Msg, type NatsConnection } from 'nats';
import { partitionOf } from '../../actors/rules/key.js';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import { Relay } from '../soak/network/relay.js';
import {
  freePort,
  type NatsCluster,
  type NatsServer,
  natsServerVersions,
  startNatsCluster,
  startNatsServer,
} from '../support/nats-server.js';

const { nodeUser: user, nodePassword: pass } = natsConfDefault;
const connections: NatsConnection[] = [];

async function open(
  servers: string | readonly string[],
  credentials: { user?: string; pass?: string } = {},
): Promise<NatsConnection> {
  const connection = await connect({ servers: [servers].flat(), ...credentials });
  connections.push(connection);
  return connection;
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Answers everything on `subject` with the subject it saw, and a header. */
async function echo(node: NatsConnection, subject: string): Promise<Msg[]> {
  const seen: Msg[] = [];
  node.subscribe(subject, {
    queue: 'q',
    callback: (_error, message) => {
      seen.push(message);
      const reply = headers();
      reply.set('Kv-Receipt', message.headers?.get('Kv-W') ?? '');
      message.respond(message.subject, { headers: reply });
    },
  });
  await node.flush();
  return seen;
}

describe('nats.conf on one server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ config: natsConf() });
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });

  test.each(['put', 'get', 'del'])(
    'a plain client: %s of keys of 1 … 8 tokens arrives on its partition in one hop, with headers and reply',
    async (verb) => {
      const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
      await echo(node, 'kv.p.>');
      const keys = ['k', 'ключ', '🦊.é', 'a.b.c', '1.2.3.4', ...fives()];
      for (const key of keys) {
        const partition = partitionOf({ bucket: 'b', key: bytesOf(key) }, 256);
        const ask = headers();
        ask.set('Kv-W', '2');
        const reply = await app.request(`kv.${verb}.b.${key}`, 'v', {
          timeout: 2000,
          headers: ask,
        });
        expect(reply.string()).toBe(`kv.p.${partition}.${verb}.b.${key}`);
        expect(reply.headers?.get('Kv-Receipt')).toBe('2');
      }
    },
  );

  test('a key of 9 tokens is not mapped: it arrives on kv.put.> for a node to pass on', async () => {
    const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
    await echo(node, 'kv.put.>');
    const reply = await app.request('kv.put.b.1.2.3.4.5.6.7.8.9', '', { timeout: 2000 });
    expect(reply.string()).toBe('kv.put.b.1.2.3.4.5.6.7.8.9');
  });

  test('a reply subject of _kv.… from an application reaches nothing', async () => {
    const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
    const seen = await echo(node, 'kv.p.>');
    let stolen = 0;
    node.subscribe('_kv.>', { callback: () => stolen++ });
    await node.flush();
    app.publish('kv.put.b.k', 'v', { reply: '_kv.n1.merge' });
    app.publish('_kv.n1.merge', 'v');
    await app.flush();
    for (let i = 0; i < 50 && seen.length === 0; i++) await node.flush();
    await node.flush();
    expect(seen).toHaveLength(1);
    expect(seen[0]!.reply).toMatch(/^_R_\./);
    expect(stolen).toBe(0);
  });

  test('applications neither hear nodes nor reach them on _kv.>', async () => {
    const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
    let heard = 0;
    const count = (error: Error | null): void => {
      if (error === null) heard++;
    };
    app.subscribe('_kv.>', { callback: count });
    app.subscribe('kv.put.>', { callback: count });
    await echo(node, '_kv.>');
    await app.flush();
    node.publish('_kv.n1.gossip', 'x');
    node.publish('kv.put.b.k', 'x');
    await node.flush();
    await app.flush();
    expect(heard).toBe(0);
    const other = await open(server.url);
    await app.drain();
    await expect(other.request('_kv.n1.merge', '', { timeout: 1000 })).rejects.toThrow(
      /Permissions Violation/,
    );
  });

  test('two nodes answer one $SRV.PING.quorate and one kv.status', async () => {
    const nodes = [await open(server.url, { user, pass }), await open(server.url, { user, pass })];
    const app = await open(server.url);
    for (const node of nodes)
      for (const subject of ['$SRV.PING.quorate', 'kv.status']) {
        node.subscribe(subject, { callback: (_error, message) => void message.respond('pong') });
        await node.flush();
      }
    for (const subject of ['$SRV.PING.quorate', 'kv.status']) {
      const replies: string[] = [];
      for await (const reply of await app.requestMany(subject, '', {
        maxMessages: 2,
        maxWait: 3000,
      }))
        replies.push(reply.string());
      expect(replies).toEqual(['pong', 'pong']);
    }
  });

  test('kv.changed.> of the nodes reaches applications', async () => {
    const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
    const heard = new Promise<string>((resolve) => {
      app.subscribe('kv.changed.b.>', { callback: (_error, message) => resolve(message.subject) });
    });
    await app.flush();
    node.publish('kv.changed.b.k', '');
    expect(await heard).toBe('kv.changed.b.k');
  });

  test('a wrong node password is refused, and 1 MiB payloads are allowed', async () => {
    await expect(open(server.url, { user, pass: 'wrong' })).rejects.toThrow(/Authorization/i);
    const app = await open(server.url);
    expect(app.info?.max_payload).toBe(1024 * 1024);
  });
});

describe('nats.conf with Q other than 256', () => {
  test.each([
    { partitions: 1, seed: 7 },
    { partitions: 64, seed: 8 },
    { partitions: 1000, seed: 9 },
    { partitions: 65_536, seed: 10 },
  ])('Q=$partitions: 400 random keys of 1 … 8 tokens, seed $seed', async ({ partitions, seed }) => {
    const server = await startNatsServer({ config: natsConf({ partitions }) });
    try {
      const [node, app] = [await open(server.url, { user, pass }), await open(server.url)];
      const subjects: string[] = [];
      node.subscribe('kv.p.>', { callback: (_error, message) => subjects.push(message.subject) });
      await node.flush();
      const next = numbers(seed);
      const expected: string[] = [];
      for (let i = 0; i < 400; i++) {
        const bucket = token(next);
        const key = Array.from({ length: 1 + next(8) }, () => token(next)).join('.');
        const name = { bucket: bytesOf(bucket), key: bytesOf(key) };
        expected.push(`kv.p.${partitionOf(name, partitions)}.put.${bucket}.${key}`);
        app.publish(`kv.put.${bucket}.${key}`, '');
      }
      await app.flush();
      for (let i = 0; i < 200 && subjects.length < expected.length; i++) await node.flush();
      expect(subjects).toEqual(expected);
    } finally {
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
      await server.stop();
    }
  });
});

describe('nats.conf on a cluster of three servers', () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    cluster = await startNatsCluster({ config: natsConf() });
  });
  afterAll(() => cluster.stop());
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });

  test('application on one server, node on another: request and reply cross the route', async () => {
    const node = await open(cluster.urls[1]!, { user, pass });
    const app = await open(cluster.urls[0]!);
    await echo(node, 'kv.p.>');
    let reply: Msg | undefined;
    // Interest travels to the other servers on its own time.
    for (let i = 0; i < 40 && reply === undefined; i++)
      reply = await app.request('kv.put.b.k', 'v', { timeout: 250 }).catch(() => undefined);
    expect(reply?.string()).toBe(`kv.p.${partitionOf({ bucket: 'b', key: 'k' }, 256)}.put.b.k`);
  });
});

/** Less than the pings of NATS' defaults take to end anything. */
const untilMsMax = 80_000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += 100) {
    if (waitedMs > untilMsMax) throw new Error(`still not so: ${condition.toString()}`);
    await sleep(100);
  }
}

describe.each(natsServerVersions())('the servers of docker/compose.yaml, %s', (_, program) => {
  const file = readFileSync('docker/nats-cluster.conf', 'utf8');

  interface Started {
    readonly server: NatsServer;
    readonly monitor: number;
  }

  async function start(name: string, listens: number, routes: readonly number[]): Promise<Started> {
    const monitor = await freePort();
    const config = file
      .replace('"127.0.0.1:8222"', `"127.0.0.1:${monitor}"`)
      .replace('"0.0.0.0:6222"', `"127.0.0.1:${listens}"`)
      .replace('include "accounts/nats.conf"', natsConf());
    const urls = routes.map((port, i) => [
      `ROUTE_${i + 1}`,
      `nats://routes:secret@127.0.0.1:${port}`,
    ]);
    const env = { SERVER_NAME: name, ROUTE_PASSWORD: 'secret', ...Object.fromEntries(urls) };
    return { server: await startNatsServer({ config, env, program }), monitor };
  }

  async function routesOf({ monitor }: Started): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${monitor}/routez`);
    return ((await answer.json()) as { readonly num_routes: number }).num_routes;
  }

  test('a route whose other end has gone without a word is given up in seconds, by the pings of its file', async () => {
    const [one, two, nobody] = [await freePort(), await freePort(), await freePort()];
    const relays = [
      new Relay({ host: '127.0.0.1', port: one }),
      new Relay({ host: '127.0.0.1', port: two }),
    ];
    const [toOne, toTwo] = await Promise.all(relays.map((relay) => relay.listen()));
    const started = [
      await start('nats-1', one, [one, toTwo!, nobody]),
      await start('nats-2', two, [toOne!, two, nobody]),
    ];
    try {
      await until(async () =>
        (await Promise.all(started.map(routesOf))).every((count) => count > 0),
      );
      const cut = [{ from: 'x', to: 'y', kind: 'cut', amount: 0 }] as const;
      for (const relay of relays) relay.apply(cut, cut);
      await until(async () =>
        (await Promise.all(started.map(routesOf))).every((count) => count === 0),
      );
    } finally {
      for (const { server } of started) await server.stop();
      for (const relay of relays) relay.close();
    }
  }, 180_000);
});

describe('a plain server, without accounts', () => {
  test('takes a node that brings its user and password', async () => {
    const server = await startNatsServer();
    try {
      const node = await open(server.url, { user, pass });
      await node.flush();
      await node.close();
    } finally {
      await server.stop();
    }
  });
});

function fives(): string[] {
  return [5, 6, 7, 8].map((count) => Array.from({ length: count }, (_, i) => `t${i}`).join('.'));
}

/** xorshift32 */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

function token(next: (bound: number) => number): string {
  const alphabet = [
    'a',
    'b',
    'X',
    '0',
    '9',
    '-',
    '_',
    '/',
    '=',
    '$',
    '%',
    'ß',
    'é',
    'ж',
    '漢',
    '🦊',
  ];
  return Array.from({ length: 1 + next(12) }, () => alphabet[next(alphabet.length)]!).join('');
}
