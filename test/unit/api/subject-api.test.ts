import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import type { PutRequest } from '../../../src/coordinator/coordinator.js';
import { ConditionError } from '../../../src/errors.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import { encode } from '../../../src/wire/message-pack.js';
import { startApiNode, type ApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);

let network: MemoryNetwork;
let bus: MemoryBus;
let node: ApiNode;
let nowMs: number;
let asked = 0;

beforeEach(() => {
  network = new MemoryNetwork();
  nowMs = 0;
  const clock = network.clock(() => nowMs);
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  bus = network.connect();
  const options = { partitions: 4, changeEvents: false };
  node = startApiNode({ id, nodes: [id], bus, clock, random, world: new Map(), options });
});

/** The codes and outcomes of the replies. */
function ask(
  verb: 'put' | 'get' | 'del',
  headers: Readonly<Record<string, string>> = {},
  name = 'b.k',
): (string | undefined)[] {
  const client = network.connect();
  const reply = `_INBOX.x.${++asked}`;
  const replies: (string | undefined)[] = [];
  client.subscribe(reply, (message) => {
    const [code, outcome] = ['Nats-Service-Error-Code', 'Kv-Outcome'].map((name) =>
      message.header(name),
    );
    replies.push(outcome === undefined ? code : `${code} ${outcome}`);
  });
  client.publish(`kv.${verb}.${name}`, Buffer.alloc(0), { reply, headers });
  network.settle();
  return replies;
}

test('requests that wait too long until they are read are refused, and none is begun; as soon as they do not, they are done', async () => {
  const answers: (() => void)[] = [];
  node.hearing.ask();
  await Promise.resolve();
  bus.flush = () => new Promise((resolve) => void answers.push(resolve));
  node.hearing.ask();
  nowMs += limits.waitMsMax;
  expect(ask('put')).toEqual([undefined]);
  nowMs += 1;
  expect([ask('put'), ask('get'), ask('del')]).toEqual([['429 none'], ['429'], ['429 none']]);
  expect(node.coordinator.puts).toHaveLength(1);
  answers[0]!();
  await Promise.resolve();
  expect(ask('put')).toEqual([undefined]);
  expect(node.coordinator.puts).toHaveLength(2);
});

test.each(['put', 'get'] as const)(
  'a %s that is the first to be read after a standstill is late, but not refused',
  async (verb) => {
    node.hearing.ask();
    await Promise.resolve();
    bus.flush = () => new Promise(() => undefined);
    node.hearing.ask();
    nowMs += 2_000;
    expect(ask(verb)).not.toEqual([expect.stringMatching('429')]);
  },
);

/** The first answer to a put or delete that is to be told in JSON. */
function toldInJson(verb: 'put' | 'del', data = ''): { data: string; code: string | undefined } {
  const client = network.connect();
  const replies: { data: string; code: string | undefined; told: unknown }[] = [];
  client.subscribe('_INBOX.j', (message) => {
    const [context, receipt] = ['Kv-Context', 'Kv-Receipt'].map((name) => message.header(name));
    const told = { context, receipt };
    const code = message.header('Nats-Service-Error-Code');
    replies.push({ data: Buffer.from(message.data).toString(), code, told });
  });
  const headers = { 'Kv-Accept': 'json' };
  client.publish(`kv.${verb}.b.k`, Buffer.from(data), { reply: '_INBOX.j', headers });
  network.settle();
  const { data: payload, code, told } = replies[0]!;
  if (payload !== '') expect(JSON.parse(payload)).toEqual(told);
  return { data: payload, code };
}

describe('a put or delete told in JSON', () => {
  test('done: context and receipt are in the payload, as in the headers', () => {
    for (const verb of ['put', 'del'] as const) {
      const { data, code } = toldInJson(verb, verb === 'put' ? 'v' : '');
      expect(code).toBeUndefined();
      expect(Object.keys(JSON.parse(data) as object)).toEqual(['context', 'receipt']);
    }
  });

  test('refused: no payload, also where what is there would be shown in it', () => {
    expect(toldInJson('del', 'a payload')).toEqual({ data: '', code: '400' });
    const found = { values: [Buffer.from('one')], context: encodeContext([]) };
    node.coordinator.failure = new ConditionError('Kv-If: absent is not met', 'none', found);
    expect(toldInJson('put', 'v')).toEqual({ data: '', code: '409' });
  });
});

/** What is answered to a put whose condition is not met. */
function refusalOf(values: readonly (Buffer | null)[]): {
  data: string;
  headers: (string | undefined)[];
} {
  const found = { values, context: encodeContext([]) };
  node.coordinator.failure = new ConditionError('Kv-If: absent is not met', 'none', found);
  const client = network.connect();
  const replies: { data: string; headers: (string | undefined)[] }[] = [];
  client.subscribe('_INBOX.x', (message) => {
    const names = ['Nats-Service-Error-Code', 'Kv-Outcome', 'Kv-Siblings', 'Kv-Context'];
    const headers = names.map((name) => message.header(name));
    replies.push({ data: Buffer.from(message.data).toString('latin1'), headers });
  });
  const headers = { 'Kv-If': 'absent' };
  client.publish('kv.put.b.k', Buffer.from('v'), { reply: '_INBOX.x', headers });
  network.settle();
  return replies[0]!;
}

describe('on a condition', () => {
  const context = encodeContext([]).toString('base64url');

  test('what is there in its place is in the reply, as a get shows it', () => {
    expect(refusalOf([Buffer.from('one')])).toEqual({
      data: 'one',
      headers: ['409', 'none', '1', context],
    });
    const several = [Buffer.from('one'), null];
    expect(refusalOf(several)).toEqual({
      data: encode(several).toString('latin1'),
      headers: ['409', 'none', '2', context],
    });
    expect(refusalOf([])).toEqual({ data: '', headers: ['409', 'none', '0', context] });
    const large = Array.from({ length: 3 }, () => Buffer.alloc(bus.payloadBytesMax / 2));
    expect(refusalOf(large)).toEqual({ data: '', headers: ['409', 'none', undefined, context] });
  });

  test('a context beside "absent" says nothing: what is there counts', () => {
    ask('put', { 'Kv-If': 'absent', 'Kv-Context': '-' });
    const [{ context, onlyIf }] = node.coordinator.puts as [PutRequest];
    expect({ context, onlyIf }).toEqual({ context: undefined, onlyIf: { is: 'absent', r: 0 } });
  });

  test.each([
    ['put', { 'Kv-If': 'context' }],
    ['del', { 'Kv-If': 'absent' }],
    ['put', { 'Kv-If': 'present' }],
    ['put', { 'Kv-If': 'absent', 'Kv-R': '4' }],
  ] as const)('a %s with %j is refused', (verb, headers) => {
    expect(ask(verb, headers)).toEqual(['400 none']);
    expect(node.coordinator.puts).toHaveLength(0);
  });
});

test.each([
  ['put', 'greetings', '400 none'],
  ['del', 'greetings', '400 none'],
  ['get', 'greetings', '400'],
] as const)('a %s without a key is answered', (verb, name, answer) => {
  expect(ask(verb, {}, name)).toEqual([answer]);
});

test('a part or a commit without the name of its upload is refused: it would become the value', () => {
  for (const headers of [{ 'Kv-Part': '1' }, { 'Kv-Commit': '2' }])
    expect([ask('put', headers), ask('del', headers)]).toEqual([['400 none'], ['400 none']]);
  expect(node.coordinator.puts).toHaveLength(0);
});

test('what is no verb is answered where the mapping leads', () => {
  const client = network.connect();
  const codes: (string | undefined)[] = [];
  client.subscribe(
    '_INBOX.x.0',
    (message) => void codes.push(message.header('Nats-Service-Error-Code')),
  );
  client.publish('kv.p.1.pot.b.k', Buffer.alloc(0), { reply: '_INBOX.x.0' });
  network.settle();
  expect(codes).toEqual(['400']);
});

/** Hears, and then nothing for so long. */
async function standsStill(ms: number): Promise<void> {
  node.hearing.ask();
  await Promise.resolve();
  bus.flush = () => new Promise(() => undefined);
  nowMs += ms;
}

describe('a put that is read after a standstill', () => {
  test.each(['put', 'del'] as const)(
    'and may have waited longer than its timeout: a %s is refused, and not begun',
    async (verb) => {
      await standsStill(1_200);
      expect(ask(verb, { 'Kv-Timeout': '1200' })).toEqual(['504 none']);
      expect(node.coordinator.puts).toEqual([]);
    },
  );

  test.each(['put', 'del'] as const)(
    'so long that others may have been given it as well: a %s is refused, and may be done by them',
    async (verb) => {
      await standsStill(2_000);
      expect(ask(verb, { 'Kv-Timeout': '2000' })).toEqual(['504 unknown']);
      expect(node.coordinator.puts).toEqual([]);
    },
  );

  test('and may be in time has what is left of its timeout if it had waited since the last answer', async () => {
    await standsStill(2_000);
    expect(ask('put', { 'Kv-Timeout': '5000' })).toEqual([undefined]);
    expect(node.coordinator.puts.map(({ deadlineMs }) => deadlineMs)).toEqual([5_000]);
  });

  test('a get is answered', async () => {
    await standsStill(2_000);
    expect(ask('get', { 'Kv-Timeout': '100' })).toEqual(['404']);
  });
});

describe('Kv-Deadline', () => {
  test('past it a put is refused, and not begun; before it, it has what is left', () => {
    nowMs = 10_000;
    expect(ask('put', { 'Kv-Deadline': '9999' })).toEqual(['504 none']);
    expect(ask('del', { 'Kv-Deadline': '0' })).toEqual(['504 none']);
    expect(node.coordinator.puts).toEqual([]);
    expect(ask('put', { 'Kv-Deadline': '10700' })).toEqual([undefined]);
    expect(ask('put', { 'Kv-Deadline': '10700', 'Kv-Timeout': '300' })).toEqual([undefined]);
    expect(ask('put', { 'Kv-Deadline': '99999999999999' })).toEqual([undefined]);
    expect(node.coordinator.puts.map(({ deadlineMs }) => deadlineMs)).toEqual([
      10_700, 10_300, 15_000,
    ]);
  });

  test.each(['soon', '-1', '2026-11-28', '1e12', '1'.repeat(16)])('%s is none', (text) => {
    expect(ask('put', { 'Kv-Deadline': text })).toEqual(['400 none']);
  });
});

/** As which trace the reply says that it was noted. */
function traceOf(verb: 'put' | 'get', headers: Readonly<Record<string, string>>): unknown[] {
  const client = network.connect();
  const reply = `_INBOX.x.${++asked}`;
  const traces: unknown[] = [];
  client.subscribe(reply, (message) => void traces.push(message.header('Kv-Trace')));
  client.publish(`kv.${verb}.b.k`, Buffer.alloc(0), { reply, headers });
  network.settle();
  return traces;
}

describe('Kv-Trace', () => {
  test.each(['put', 'get'] as const)('a %s is noted, and its reply says as what', (verb) => {
    expect(traceOf(verb, { 'Kv-Trace': '1' })).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const own = '0123456789abcdef';
    expect(traceOf(verb, { 'Kv-Trace': own })).toEqual([own]);
    expect(traceOf(verb, {})).toEqual([undefined]);
  });

  test.each(['', '0', 'yes', 'a'.repeat(15), 'a'.repeat(17), 'A'.repeat(16)])(
    'of anything else is refused, and nothing is begun: %p',
    (text) => {
      expect(ask('put', { 'Kv-Trace': text })).toEqual(['400 none']);
      expect(ask('get', { 'Kv-Trace': text })).toEqual(['400']);
      expect(node.coordinator.puts).toEqual([]);
    },
  );
});

test('names that were no UTF-8, and have become others on the way, are refused', () => {
  expect(ask('put', {}, 'b.\u{1f98a}')).toEqual([undefined]);
  for (const name of ['b.\ufffd', 'b.a\ufffd.b', '\ufffd.k'])
    expect([ask('put', {}, name), ask('get', {}, name), ask('del', {}, name)]).toEqual([
      ['400 none'],
      ['400'],
      ['400 none'],
    ]);
  expect(node.coordinator.puts).toHaveLength(1);
});
