/** A client on a connection that its program has already. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { connect as connectNats, type NatsConnection } from 'nats';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import { connect, MalformedError, QuorateError, text } from '../../src/index.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes } from '../support/real-nodes.js';

jest.setTimeout(120_000);

let server: NatsServer;
let nodes: RealNodes;
let connection: NatsConnection;

beforeAll(async () => {
  const port = await freePort();
  server = await startNatsServer({ config: natsConf({ port }), port });
  const { nodeUser, nodePassword } = natsConfDefault;
  nodes = new RealNodes(`nats://${nodeUser}:${nodePassword}@127.0.0.1:${port}`);
  await nodes.startAll(['n1', 'n2', 'n3']);
  connection = await connectNats({ servers: server.url });
});

afterAll(async () => {
  await connection?.close();
  await nodes?.end();
  await server?.stop();
});

test('put, get, delete, many at once, conditions, a stream, a watch; it stays open afterwards', async () => {
  const client = await connect({ connection });
  const bucket = client.bucket('shared', { codec: text });
  await bucket.put('a', 'one');
  expect((await bucket.get('a'))?.value).toBe('one');
  await bucket.putAll(
    Array.from({ length: 500 }, (_, at): [string, string] => [`k${at}`, `${at}`]),
  );
  const all = await bucket.getAll(Array.from({ length: 500 }, (_, at) => `k${at}`));
  expect(Array.from(all, ([key, { value }]) => `k${value}` === key).every(Boolean)).toBe(true);
  expect(all.size).toBe(500);
  await bucket.update('a', ([value]) => `${value}, two`);
  expect((await bucket.get('a'))?.value).toBe('one, two');
  const large = Buffer.alloc(3_000_000, 'x');
  await bucket.putStream('large', large);
  const read = await bucket.getStream('large');
  expect(Buffer.compare(Buffer.from((await read?.bytes()) ?? []), large)).toBe(0);
  const changes = bucket.watch()[Symbol.asyncIterator]();
  const heard = changes.next();
  const waiting = new AbortController();
  void heard.then(() => waiting.abort());
  for (let at = 0; !waiting.signal.aborted; at++) await bucket.put('seen', String(at));
  expect((await heard).done).toBe(false);
  await changes.return?.();
  await bucket.delete('a');
  expect(await bucket.get('a')).toBeUndefined();
  await client.close();
  expect(connection.isClosed()).toBe(false);
  await connection.flush();
});

test('it may be given to several clients, and what is closed or told two things is refused', async () => {
  const [one, other] = [await connect({ connection }), await connect({ connection })];
  await one.bucket('shared').put('b', Buffer.from('1'));
  await one.close();
  expect((await other.bucket('shared').get('b'))?.text()).toBe('1');
  await other.close();
  await expect(connect({ connection, user: 'u' })).rejects.toThrow(MalformedError);
  const closed = await connectNats({ servers: server.url });
  await closed.close();
  await expect(connect({ connection: closed })).rejects.toThrow(MalformedError);
});

test('where no node is, what is said is the same as on a link of its own', async () => {
  const empty = await startNatsServer();
  const there = await connectNats({ servers: empty.url });
  const outcomes = [];
  for (const where of [{ connection: there }, { servers: empty.url }]) {
    const client = await connect({ ...where, timeoutMs: 1_000 });
    const put = client.bucket('b').put('k', Buffer.from('v'));
    const error = await put.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(QuorateError);
    const { code, message, outcome } = error as QuorateError;
    outcomes.push({ code, message, outcome });
    await client.close();
  }
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]).toMatchObject({ outcome: 'none' });
  await there.close();
  await empty.stop();
});
