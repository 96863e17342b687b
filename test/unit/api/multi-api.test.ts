import { beforeEach, describe, expect, test } from '@jest/globals';
import msgpack from 'msgpack-lite';
import { limits } from '../../../actors/rules/limits.js';
import { multiLimits } from '../../../actors/rules/limits/multi.js';
import { BucketRefusedError, UnavailableError } from '../../../src/errors.js';
import { startApiNode, type ApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);
let network: MemoryNetwork;
let node: ApiNode;
let client: MemoryBus;

beforeEach(() => {
  network = new MemoryNetwork();
  const clock = network.clock(() => 1_000);
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const options = { partitions: 4, changeEvents: false };
  node = startApiNode({ id, nodes: [id], bus: network.connect(), clock, random, options });
  client = network.connect();
});

type Headers = Readonly<Record<string, string>>;
interface Answer {
  readonly data: Buffer;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly outcome: string | undefined;
}
type Row = Readonly<Record<string, unknown>> & {
  readonly error?: { readonly code: number; readonly message: string; readonly outcome?: string };
};

let inboxes = 0;

function send(payload: unknown, headers: Headers = {}, bucket = 'b'): Answer[] {
  const answers: Answer[] = [];
  const reply = `_INBOX.${++inboxes}`;
  client.subscribe(reply, (message) =>
    answers.push({
      data: Buffer.from(message.data),
      code: message.header('Nats-Service-Error-Code'),
      error: message.header('Nats-Service-Error'),
      outcome: message.header('Kv-Outcome'),
    }),
  );
  const data = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  client.publish(`kv.multi.${bucket}`, data, { reply, headers });
  network.settle();
  return answers;
}

function rowsOf(payload: unknown, headers: Headers = {}): Row[] {
  const [answer, ...more] = send(payload, headers);
  expect(more).toEqual([]);
  expect(answer!.error).toBeUndefined();
  return (JSON.parse(answer!.data.toString()) as { rows: Row[] }).rows;
}

const put = (...keys: string[]): { put: unknown[] } => ({
  put: keys.map((key) => ({ key, value: `of ${key}` })),
});

describe('many keys in one message', () => {
  test('are put, got, deleted; a row for each, in the order asked', () => {
    const [a, b] = rowsOf(put('a', 'b'));
    expect(a).toEqual({ context: expect.any(String), receipt: expect.stringContaining('w=2/2') });
    expect(b).toEqual({ context: expect.any(String), receipt: expect.stringContaining('w=2/2') });
    const [gotB, gotC, gotA] = rowsOf({ get: ['b', 'c', 'a'] });
    expect(gotB).toMatchObject({
      value: 'of b',
      context: b!['context'],
      receipt: expect.stringContaining('r=2/2'),
    });
    expect(gotC).toEqual({ absent: true });
    expect(gotA).toMatchObject({ value: 'of a' });
    rowsOf({ put: [{ key: 'a', value: null }] });
    expect(rowsOf({ get: ['a'] })).toEqual([{ absent: true, context: expect.any(String) }]);
  });

  test('come back in MessagePack, if they were asked for so', () => {
    const value = Buffer.from([0xff, 0]);
    const key = Buffer.from([0x80]);
    const [done] = send(msgpack.encode({ put: [{ key, value }] }));
    expect(msgpack.decode(done!.data)).toMatchObject({ rows: [{ receipt: expect.any(String) }] });
    const [got] = send(msgpack.encode({ get: [key] }));
    expect(msgpack.decode(got!.data)).toMatchObject({ rows: [{ value }] });
    expect(rowsOf({ get: [{ base64url: 'gA' }] })).toMatchObject([{ value: { base64url: '_wA' } }]);
  });

  test('in conflict show all values, and a put with the context leaves one', () => {
    for (const value of ['one', 'two', null]) rowsOf({ put: [{ key: 'k', value, context: '-' }] });
    const [row] = rowsOf({ get: ['k'] });
    expect(new Set(row!['values'] as string[])).toEqual(new Set(['one', 'two', null]));
    rowsOf({ put: [{ key: 'k', value: 'both', context: row!['context'] }] });
    expect(rowsOf({ get: ['k'] })).toMatchObject([{ value: 'both' }]);
  });

  test('take the headers of the message; rows have lifetimes of their own', () => {
    rowsOf(
      {
        put: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2', ttl: 7 },
          { key: 'c', value: '3', ttl: 'none' },
        ],
      },
      { 'Kv-W': '1', 'Kv-Quorum': 'sloppy', 'Kv-TTL': '5000', 'Kv-Timeout': '700', 'Kv-Op': 'op' },
    );
    const { puts } = node.coordinator;
    expect(puts.map(({ ttlMs }) => ttlMs)).toEqual([5_000, 7, limits.ttlMsNone]);
    for (const request of puts)
      expect(request).toMatchObject({ quorum: 1, strict: false, operation: 'op', copy: 'any' });
  });

  test('that are tried again with Kv-Age are later copies', () => {
    rowsOf(put('a'), { 'Kv-Op': 'op', 'Kv-Age': '1000' });
    expect(node.coordinator.puts[0]).toMatchObject({ copy: 'later' });
  });

  test('are put without a reply subject, too', () => {
    client.publish('kv.multi.b', Buffer.from(JSON.stringify(put('a', 'b'))));
    network.settle();
    expect(node.coordinator.puts).toHaveLength(2);
  });
});

describe('a message that is refused as a whole', () => {
  const big = { base64url: 'A'.repeat(limits.messageBytesMax) };

  test.each([
    [Buffer.from('hello'), {}, '400', /\{"get":/],
    [{ get: ['a'], put: [] }, {}, '400', /\{"get":/],
    [put('a', 'a'), {}, '400', /put\[1\]/],
    [{ put: [{ key: 'a', value: 'v', context: '!' }] }, {}, '400', /put\[0\]\.context/],
    [put('a'), { 'Kv-W': '9' }, '400', /Kv-W/],
    [put('a'), { 'Kv-Context': '-' }, '400', /Kv-Context/],
    [put('a'), { 'Kv-If': 'absent' }, '400', /Kv-If/],
    [put('a'), { 'Kv-Op': 'x'.repeat(65) }, '400', /Kv-Op/],
    [put('a'), { 'Kv-Deadline': '1' }, '504', /Kv-Deadline/],
    [{ put: [{ key: 'a', value: big }] }, {}, '413', /send several/],
  ])('%.40j %j: %s', (payload, headers, code, error) => {
    const [answer] = send(payload, headers);
    expect(answer).toMatchObject({ code, outcome: 'none' });
    expect(answer!.error).toMatch(error);
    expect(node.coordinator.puts).toEqual([]);
  });

  test('of gets says no outcome', () => {
    expect(send({ get: ['a'] }, { 'Kv-R': '9' })).toMatchObject([
      { code: '400', outcome: undefined },
    ]);
  });

  test('because too many are under way: 429, until one is answered', () => {
    node.coordinator.silent = true;
    for (let i = 0; i < multiLimits.messagesUnderwayMax; i++) expect(send(put('a'))).toEqual([]);
    expect(send({ get: ['a'] })).toMatchObject([{ code: '429' }]);
    const [first] = node.coordinator.puts;
    first!.onReply({ ok: false, error: new UnavailableError('gone') });
    network.settle();
    expect(rowsOf({ get: ['a'] })).toEqual([{ absent: true }]);
  });

  test('names no inbox to reply to: it is neither done nor answered', () => {
    client.publish('kv.multi.b', Buffer.from(JSON.stringify(put('a'))), { reply: '_kv.x' });
    network.settle();
    expect(node.coordinator.puts).toEqual([]);
  });
});

describe('rows that fail', () => {
  test('say so alone, and what became of them', () => {
    const { coordinator } = node;
    coordinator.silent = true;
    const answers: string[] = [];
    client.subscribe('_INBOX.x', ({ data }) => answers.push(Buffer.from(data).toString()));
    const data = Buffer.from(JSON.stringify(put('a', 'b')));
    client.publish('kv.multi.b', data, { reply: '_INBOX.x' });
    network.settle();
    const [a, b] = coordinator.puts;
    b!.onReply({ ok: false, error: new UnavailableError('no quorum', 'unknown') });
    network.settle();
    expect(answers).toEqual([]);
    coordinator.silent = false;
    coordinator.put(a!);
    network.settle();
    expect(JSON.parse(answers[0]!)).toEqual({
      rows: [
        { context: expect.any(String), receipt: expect.any(String) },
        { error: { code: 503, message: 'no quorum', outcome: 'unknown' } },
      ],
    });
  });

  test('are those whose value is too large, and no others', () => {
    const base64url = Buffer.alloc(limits.valueBytesMax + 1).toString('base64url');
    const [a, b] = rowsOf({
      put: [
        { key: 'a', value: { base64url } },
        { key: 'b', value: 'v' },
      ],
    });
    expect(a!.error).toMatchObject({ code: 413, outcome: 'none' });
    expect(b!['receipt']).toBeDefined();
  });

  test('are all of a bucket that is not declared', () => {
    node.coordinator.failure = new BucketRefusedError('no such bucket');
    expect(rowsOf(put('a'))).toMatchObject([{ error: { code: 404, outcome: 'none' } }]);
  });

  test('are those for whose values the answer has no room: 413, the rest is there', () => {
    const value = 'x'.repeat(400 * 1024);
    for (const key of ['a', 'b', 'c']) rowsOf({ put: [{ key, value }] });
    const rows = rowsOf({ get: ['a', 'b', 'c', 'd'] });
    expect(rows.map((row) => row.error?.code ?? Object.keys(row)[0])).toEqual([
      'value',
      'value',
      413,
      'absent',
    ]);
    expect(rows[2]!.error!.message).toContain('fewer keys');
  });

  test('of as many keys as may be, each with a long error, fit an answer', () => {
    const message = '"ä\u0001'.repeat(1_000);
    node.coordinator.failure = new UnavailableError(message, 'unknown');
    const keys = Array.from({ length: multiLimits.rowsMax }, (_, i) => `k${i}`);
    const [answer] = send(put(...keys));
    expect(answer!.data.length).toBeLessThanOrEqual(limits.messageBytesMax);
    const { rows } = JSON.parse(answer!.data.toString()) as { rows: Row[] };
    expect(rows).toHaveLength(multiLimits.rowsMax);
    for (const { error } of rows) expect(error).toMatchObject({ code: 503, outcome: 'unknown' });
  });
});
