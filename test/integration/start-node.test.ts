/**
 * What `startNode` promises whoever embeds a node: clear errors, a clean end.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { connect as dial, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { DataDirectoryError } from '../../src/node/data-directory.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes, until } from '../support/real-nodes.js';

let server: NatsServer;
let nodes: RealNodes;
let client: NatsConnection;
const alone = {
  founders: 1,
  defaults: { ...bucketOptionsDefault, n: 1, r: 1, w: 1 },
} as const;

beforeEach(async () => {
  server = await startNatsServer();
  nodes = new RealNodes(server.url, alone);
  client = await connect({ servers: server.url });
});

afterEach(async () => {
  await client.close();
  await nodes.end();
  await server.stop();
});

test('startNode: an option that makes no sense is named', async () => {
  nodes = new RealNodes(server.url, { defaults: { ...alone.defaults, w: 2 } });
  await expect(nodes.start('n1')).rejects.toThrow('defaults.w: a whole number from 1 to 1, not 2');
});

test('startNode: a data directory in use is refused, and free again after the stop', async () => {
  const node = await nodes.start('n1');
  await node.serving;
  await expect(nodes.start('n1')).rejects.toThrow(DataDirectoryError);
  nodes.running.set('n1', node);
  await nodes.stop('n1');
  expect(
    readdirSync(join(nodes.directory, 'n1')).filter((name) => name.startsWith('lock')),
  ).toEqual([]);
  await (
    await nodes.start('n1')
  ).serving;
});

test('startNode: all it writes is for its own user alone', async () => {
  const node = await nodes.start('n1');
  await node.serving;
  await client.request('kv.put.b.k', 'value', { timeout: 5000 });
  await nodes.stop('n1');
  const all = readdirSync(nodes.directory, { recursive: true, withFileTypes: true });
  const open = all.filter((entry) => {
    const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
    return mode !== (entry.isDirectory() ? 0o700 : 0o600);
  });
  expect(all.length).toBeGreaterThan(4);
  expect(open.map(({ name }) => name)).toEqual([]);
});

test('startNode: without a server it fails at once, and leaves the directory free', async () => {
  await server.stop();
  await expect(nodes.start('n1')).rejects.toThrow();
  expect(readdirSync(join(nodes.directory, 'n1'))).toEqual([]);
  server = await startNatsServer();
});

/** What a node says takes a while to get to the server, what it hears does not. */
async function slowRoadTo(url: string): Promise<Server> {
  const { hostname, port } = new URL(url);
  const road = createServer((node) => {
    const there = dial(Number(port), hostname);
    there.pipe(node);
    node.on('data', (bytes) => setTimeout(() => there.write(bytes), 100));
    node.on('close', () => there.destroy());
    for (const socket of [node, there]) socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => road.once('listening', resolve));
  return road;
}

test('startNode: once it serves, its server knows what it listens to', async () => {
  const road = await slowRoadTo(server.url);
  try {
    nodes = new RealNodes(`nats://127.0.0.1:${(road.address() as AddressInfo).port}`, alone);
    await (
      await nodes.start('n1')
    ).serving;
    const reply = await client.request('kv.put.b.k', 'value', { timeout: 20_000 });
    expect(reply.headers?.code ?? 0).toBe(0);
  } finally {
    await nodes.end();
    road.close();
  }
});

test('startNode: against a cluster that was founded without it, it says what it waits for', async () => {
  await (
    await nodes.start('n1')
  ).serving;
  const others = new RealNodes(server.url, { ...alone, founders: 0, join: 'ask' });
  try {
    const late = await others.start('n2');
    const said: string[] = [];
    late.onProblem((text) => said.push(text));
    const why =
      'the cluster was founded without this node: it waits to be taken in; an operator has to take it in: quorate ring plan --add n2, and apply';
    await until('it says so', 20_000, () => said.includes(why));
    expect(late.status()).toMatchObject({ status: 'joining', problems: [why] });
  } finally {
    await others.end();
  }
});

test('startNode: told to stop before its cluster is founded, it stops', async () => {
  nodes = new RealNodes(server.url, { founders: 3 });
  const node = await nodes.start('n1');
  expect(node.status().status).toBe('joining');
  const outcome = node.serving.then(
    () => 'serving',
    (error: Error) => error.message,
  );
  await nodes.stop('n1');
  expect(await outcome).toBe('the node was stopped before it served');
});

test('a node serves, is cut off and serves again; its status says so', async () => {
  const node = await nodes.start('n1');
  await node.serving;
  expect(node.status()).toMatchObject({
    id: node.id,
    name: 'n1',
    status: 'serving',
    partitions: 256,
    pid: process.pid,
  });
  const { port } = server;
  await server.stop();
  await until('it is cut off', 5_000, () => node.status().status === 'cutOff');
  server = await startNatsServer({ port });
  await until('it serves again', 10_000, () => node.status().status === 'serving');
});
