/**
 * Three nodes with all real parts in one process: serving, a node away and back, a restart of all.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect, headers, type NatsConnection } from 'nats';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes, until } from '../support/real-nodes.js';

let server: NatsServer;
let nodes: RealNodes;
let client: NatsConnection;
const names = ['n1', 'n2', 'n3'];

beforeEach(async () => {
  server = await startNatsServer();
  nodes = new RealNodes(server.url);
  client = await connect({ servers: server.url });
});

afterEach(async () => {
  await client.close();
  await nodes.end();
  await server.stop();
});

interface Reply {
  readonly code: string;
  readonly text: string;
  readonly receipt: string;
  readonly context: string;
}

async function ask(
  subject: string,
  payload = '',
  given: Record<string, string> = {},
): Promise<Reply> {
  const sent = headers();
  for (const [name, value] of Object.entries(given)) sent.set(name, value);
  const reply = await client.request(subject, payload, { timeout: 5_000, headers: sent });
  return {
    code: reply.headers?.get('Nats-Service-Error-Code') ?? '',
    text: reply.string(),
    receipt: reply.headers?.get('Kv-Receipt') ?? '',
    context: reply.headers?.get('Kv-Context') ?? '',
  };
}

const put = (key: string, value: string): Promise<Reply> => ask(`kv.put.${key}`, value);
const get = (key: string): Promise<Reply> => ask(`kv.get.${key}`);

test('three nodes: put, get, delete and 404 by a bare NATS client; one stops, its hints reach it, then all restart', async () => {
  await nodes.startAll(names);
  expect(await put('shop.cart', 'apples')).toMatchObject({ code: '', receipt: /^w=2\/2 / });
  expect(await get('shop.cart')).toMatchObject({ code: '', text: 'apples' });
  expect((await get('shop.nothing')).code).toBe('404');
  await ask('kv.del.shop.cart');
  expect((await get('shop.cart')).code).toBe('404');

  await nodes.stop('n2');
  for (let i = 0; i < 50; i++) expect((await put(`shop.key-${i}`, `value ${i}`)).code).toBe('');
  const hints = (): number =>
    [...nodes.running.values()].reduce((sum, node) => sum + node.status().hints, 0);
  await until('hints are out', 5_000, () => hints() > 0);
  await (
    await nodes.start('n2')
  ).serving;
  await until('hints are delivered and keys equal', 15_000, () => {
    const rows = [...nodes.running.values()].map((node) => node.status());
    return hints() === 0 && rows.every(({ keys }) => keys === rows[0]!.keys);
  });

  await Promise.all(names.map((name) => nodes.stop(name)));
  await nodes.startAll(names);
  for (let i = 0; i < 50; i++)
    expect(await get(`shop.key-${i}`)).toMatchObject({ text: `value ${i}` });
}, 60_000);
