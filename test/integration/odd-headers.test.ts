/**
 * What an application may write into headers: it gets an answer, and nobody ends or stands still
 * for it.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { connect, type QuorateClient } from '../../src/index.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RawNats } from '../support/raw-nats.js';
import { RealNodes } from '../support/real-nodes.js';

const block = (lines: string): Buffer => Buffer.from(`NATS/1.0\r\n${lines}\r\n`, 'latin1');
const many = (count: number): Buffer =>
  block(Array.from({ length: count }, (_, i) => `a${i.toString(36)}:\r\n`).join(''));

const odd: readonly (readonly [string, Buffer])[] = [
  ['a blank in a name', block('Kv W: 1\r\n')],
  ['an umlaut in a name', block('Kv-\u00dc: 1\r\n')],
  ['a blank before the colon', block('Kv-W : 1\r\n')],
  ['a line feed in a value', block('Kv-W: 1\nx: 2\r\n')],
  ['a carriage return in a value', block('Kv-W: 1\rx\r\n')],
  ['no colon', block('Kv-W\r\n')],
  ['no name', block(': 1\r\n')],
  ['no end', Buffer.from('NATS/1.0\r\nKv-W: 1')],
  ['not NATS', Buffer.from('x')],
  ['65 names', many(65)],
  ['120 000 names', many(120_000)],
  ['a long value', block(`Kv-Op: ${'x'.repeat(20_000)}\r\n`)],
];

const subjects = ['kv.put.b.k', 'kv.get.b.k', 'kv.del.b.k', 'kv.ring', 'kv.status'];

describe('odd headers', () => {
  let server: NatsServer;
  let nodes: RealNodes;
  let client: QuorateClient;
  let raw: RawNats;
  const fatal: unknown[] = [];
  const uncaught = (error: unknown): number => fatal.push(error);

  beforeAll(async () => {
    process.on('uncaughtException', uncaught);
    server = await startNatsServer();
    nodes = new RealNodes(server.url);
    await nodes.startAll(['n1', 'n2', 'n3']);
    for (const node of nodes.running.values()) node.onFatal((error) => fatal.push(error));
    client = await connect({ servers: server.url });
    raw = await RawNats.connect(server.port);
  });
  afterAll(async () => {
    raw.close();
    await client.close();
    await nodes.end();
    await server.stop();
    process.off('uncaughtException', uncaught);
  });

  test.each(odd)('%s: 400, and all nodes go on', async (_, head) => {
    for (const subject of subjects) expect(await raw.ask(subject, head, empty)).toBe(400);
    raw.publish('kv.put.b.k', { head, payload: empty });
    await client.bucket('b').put('other', Buffer.from('x'));
    expect(fatal).toEqual([]);
  });

  test('headers of others and in any case are no harm', async () => {
    const head = block('x-trace: \u00fc\r\nKV-w:\t2 \r\nEmpty:\r\n');
    for (const subject of subjects.slice(0, 3))
      expect(await raw.ask(subject, head, empty)).toBe(200);
  });

  test('who watches gets the changes that are some, and goes on', async () => {
    const watch = client.bucket('b').watch('>');
    // Behind the subscription on the same connection.
    await client.bucket('b').put('before', Buffer.from('x'));
    for (const [, head] of odd) raw.publish('kv.changed.b.k', { head, payload: empty });
    raw.publish('kv.changed.b.k', { head: block('Kv-Context: no context\r\n'), payload: empty });
    await raw.flush();
    await client.bucket('b').put('seen', Buffer.from('x'));
    let key = '';
    while (key !== 'seen') {
      const { value } = (await watch.next()) as { value: { key: string } };
      ({ key } = value);
    }
    await watch.return();
    expect(watch.messagesIgnored).toBe(odd.length + 1);
    expect(fatal).toEqual([]);
  });

  test('answers about the ring that are none are passed over', async () => {
    const forger = await NatsBus.connect({ servers: server.url });
    let asked = 0;
    forger.subscribe('kv.ring', ({ reply }) => {
      asked++;
      for (const [, head] of odd) raw.publish(reply, { head, payload: empty });
    });
    await forger.flush();
    const late = await connect({ servers: server.url });
    await late.bucket('b').put('again', Buffer.from('x'), { timeoutMs: 30_000 });
    await late.close();
    await forger.close();
    expect(asked).toBeGreaterThan(0);
    expect(fatal).toEqual([]);
  });
});

const empty = Buffer.alloc(0);
