/**
 * Applications that share a server and mean no good: whatever they forge, none of it is taken for a
 * node's word.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, type NatsConnection } from 'nats';
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import type { QuorateClient } from '../../src/client/client.js';
import { connect as connectClient } from '../../src/client/connect.js';
import { startNode, type RunningNode } from '../../src/node/start-node.js';
import { encodeDocument } from '../../src/wire/message-pack.js';
import { ringMessageOf } from '../../src/wire/ring-message.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';

const { nodeUser, nodePassword } = natsConfDefault;
const rounds = 200;

let server: NatsServer;
let node: RunningNode;
let directory = '';
const connections: NatsConnection[] = [];
let client: QuorateClient | undefined;

async function open(credentials: { user?: string; pass?: string } = {}): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, ...credentials });
  connections.push(connection);
  return connection;
}

async function startAll(config: string): Promise<void> {
  server = await startNatsServer({ config });
  directory = mkdtempSync(join(tmpdir(), 'quorate-strangers-'));
  node = await startNode(
    {
      name: 'n1',
      dataDir: join(directory, 'n1'),
      founders: 1,
      defaults: { ...bucketOptionsDefault, n: 1, r: 1, w: 1 },
    },
    { servers: server.url, user: nodeUser, password: nodePassword },
  );
  await node.serving;
}

async function stopAll(): Promise<void> {
  await node?.stop();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
}

afterEach(async () => {
  await client?.close();
  client = undefined;
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

/** Answers everything it can hear that asks for an answer. Returns what it was refused. */
async function answerEverything(
  forger: NatsConnection,
  word: Uint8Array | string,
): Promise<string[]> {
  const refused: string[] = [];
  for (const subject of [
    '>',
    'kv.>',
    'kv.get.>',
    'kv.put.>',
    'kv.p.>',
    'kv.ring',
    'kv.frame.*',
    '_INBOX.>',
  ])
    forger.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) refused.push(subject);
        else if (message.reply !== undefined && message.reply !== '') message.respond(word);
        else if (message.subject.startsWith('_INBOX.')) forger.publish(message.subject, word);
      },
    });
  await forger.flush();
  return refused;
}

describe('the account all applications share', () => {
  beforeAll(() => startAll(natsConf()));
  afterAll(stopAll);

  test(`${rounds} puts and gets beside one that answers whatever it hears: 0 forged answers`, async () => {
    const forger = await open();
    const refused = await answerEverything(forger, 'forged');
    const app = await open();
    let forged = 0;
    for (let i = 0; i < rounds; i++) {
      const put = await app.request(`kv.put.b.k${i}`, 'true', { timeout: 5000 });
      const got = await app.request(`kv.get.b.k${i}`, '', { timeout: 5000 });
      if (put.string() !== '' || got.string() !== 'true') forged++;
    }
    expect(forged).toBe(0);
    expect(refused).toEqual(expect.arrayContaining(['>', 'kv.>', 'kv.get.>', 'kv.p.>', 'kv.ring']));
  });

  test('what one publishes to an inbox of another does not arrive', async () => {
    const [app, forger] = [await open(), await open()];
    const heard: string[] = [];
    app.subscribe('_INBOX.app', { callback: (_error, message) => heard.push(message.string()) });
    await app.flush();
    forger.publish('_INBOX.app', 'forged');
    await forger.flush();
    await app.flush();
    expect(heard).toEqual([]);
  });

  test('a forged ring reaches nobody, and no values go to a forger', async () => {
    const forger = await open();
    const ring = ringMessageOf({
      epoch: 7,
      partitions: 256,
      nodes: [{ id: 'f'.repeat(16), name: 'f', host: 'f', zone: '', reachability: 'alive' }],
      n: 1,
      r: 1,
      buckets: [],
      layout: { preferenceList: () => ['f'.repeat(16)] },
    });
    const refused = await answerEverything(forger, encodeDocument(ring as never));
    for (let i = 0; i < 20; i++) {
      const each = await connectClient({ servers: server.url });
      try {
        const bucket = each.bucket('b');
        await bucket.put(`ring${i}`, 'true');
        expect((await bucket.get(`ring${i}`))?.values).toHaveLength(1);
      } finally {
        await each.close();
      }
    }
    expect(refused).toContain('kv.frame.*');
  });

  test("kv.changed is the nodes' word: published by another, or answered by a node to who asked for that, it is no change", async () => {
    client = await connectClient({ servers: server.url });
    const bucket = client.bucket('b');
    await bucket.put('k', 'true');
    const watch = bucket.watch();
    const heard = watch.next();
    const forger = await open();
    forger.publish('kv.changed.b.forged', '');
    for (const asked of ['kv.get.b.k', 'kv.get.b.absent', 'kv.ring', 'kv.status', 'kv.put.other.k'])
      for (let i = 0; i < 20; i++) forger.publish(asked, '', { reply: 'kv.changed.b.forged' });
    await forger.flush();
    // Behind all that: what the node has answered before it did this put.
    await forger.request('kv.get.b.k', '', { timeout: 5000 });
    await bucket.put('honest', 'true');
    expect((await heard).value.key).toBe('honest');
    await watch.return?.();
  });

  test('keys that are no UTF-8 are refused by a real server and node: as text they would be one key', async () => {
    const connect = Buffer.from('CONNECT {"headers":true,"verbose":false}\r\nSUB _INBOX.raw 1\r\n');
    const heard = await say(Buffer.concat([connect, rawPut(0xff), rawPut(0xfe)]), 2);
    expect(heard.match(/Nats-Service-Error-Code: 400/g)).toHaveLength(2);
  });
});

/** A put, as bytes, of a key that is this byte. */
function rawPut(byte: number): Buffer {
  const [head, tail] = ['PUB kv.put.b.', ' _INBOX.raw 4\r\ntrue\r\n'];
  return Buffer.concat([Buffer.from(head), Buffer.from([byte]), Buffer.from(tail)]);
}

/** What the server sends to one that says these bytes and is answered so many messages. */
function say(bytes: Buffer, answers: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(server.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('connect', () => socket.write(bytes));
    socket.on('data', (text: string) => {
      heard += text;
      if (heard.split('HMSG').length <= answers) return;
      socket.destroy();
      resolve(heard);
    });
  });
}

describe('an account for each application', () => {
  const apps = [
    { name: 'orders', password: 'o' },
    { name: 'billing', password: 'b' },
  ];
  beforeAll(() => startAll(natsConf({ apps })));
  afterAll(stopAll);

  test('both reach the nodes; neither hears nor reaches the other, through a node neither', async () => {
    const orders = await open({ user: 'orders', pass: 'o' });
    const billing = await open({ user: 'billing', pass: 'b' });
    const heard: string[] = [];
    for (const subject of ['>', '_INBOX.>'])
      billing.subscribe(subject, {
        callback: (_error, message) => heard.push(message.subject),
      });
    await billing.flush();
    orders.subscribe('_INBOX.orders', { callback: () => heard.push('reached') });
    orders.subscribe('kv.changed.b.forged', { callback: () => heard.push('reached') });
    await orders.flush();
    await orders.request('kv.put.b.k', 'true', { timeout: 5000 });
    expect((await orders.request('kv.get.b.k', '', { timeout: 5000 })).string()).toBe('true');
    const changes = heard.splice(0);
    expect(changes.every((subject) => subject === 'kv.changed.b.k')).toBe(true);
    billing.publish('_INBOX.orders', 'forged');
    billing.publish('kv.get.b.k', '', { reply: '_INBOX.orders' });
    billing.publish('kv.get.b.k', '', { reply: 'kv.changed.b.forged' });
    const got = await billing.request('kv.get.b.k', '', { timeout: 5000 });
    expect(got.string()).toBe('true');
    await orders.request('kv.get.b.k', '', { timeout: 5000 });
    await orders.flush();
    expect(heard.filter((subject) => subject === 'reached')).toEqual([]);
  });

  test('nobody comes in without a name, or as another', async () => {
    await expect(open()).rejects.toThrow(/Authorization/i);
    await expect(open({ user: 'orders', pass: 'b' })).rejects.toThrow(/Authorization/i);
  });
});
