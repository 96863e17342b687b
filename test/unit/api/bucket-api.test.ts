import { beforeEach, describe, expect, test } from '@jest/globals';
import { startApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);
let network: MemoryNetwork;
let client: MemoryBus;

beforeEach(() => {
  network = new MemoryNetwork();
  const clock = network.clock();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const world = new Map();
  startApiNode({ id, nodes: [id], bus: network.connect(), clock, random, world, options: {} });
  client = network.connect();
});

interface Answer {
  readonly said: Record<string, unknown>;
  readonly code: string | undefined;
  readonly text: string | undefined;
}

async function ask(subject: string, question: unknown = ''): Promise<Answer> {
  const answers: Answer[] = [];
  const inbox = client.subscribe('_INBOX.x', (message) => {
    const text = Buffer.from(message.data).toString();
    answers.push({
      said: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
      code: message.header('Nats-Service-Error-Code'),
      text: message.header('Nats-Service-Error'),
    });
  });
  const payload = typeof question === 'string' ? question : JSON.stringify(question);
  client.publish(`kv.${subject}`, Buffer.from(payload), { reply: '_INBOX.x' });
  for (let turns = 0; turns < 20 && answers.length === 0; turns++) {
    network.settle();
    await Promise.resolve();
  }
  network.settle();
  inbox.unsubscribe();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

describe('kv.bucket', () => {
  test('creates, shows, changes and removes', async () => {
    const own = {
      w: 3,
      ttlMs: 5_000,
      durability: 'periodic:50',
      events: 'off',
      resolve: 'service',
    };
    expect((await ask('bucket.create.orders', own)).said).toMatchObject({
      bucket: { name: 'orders', n: 3, r: 2, ...own },
      configuration: 2,
      moving: false,
    });
    expect((await ask('bucket.set.orders', { durability: 'node' })).said).toMatchObject({
      bucket: { w: 3, durability: 'node' },
    });
    expect((await ask('bucket.ls')).said).toMatchObject({
      unknown: 'defaults',
      defaults: { n: 3 },
      buckets: [{ name: 'orders', w: 3 }],
    });
    expect((await ask('bucket.rm.orders')).said).toMatchObject({ bucket: { closing: true } });
    expect(await ask('bucket.create.orders')).toMatchObject({
      code: '409',
      text: /is being removed/,
    });
  });

  test('what has more words than a name is refused, and befalls no bucket', async () => {
    for (const verb of ['create', 'set', 'rm', 'info', 'ls', 'defaults'])
      expect(await ask(`bucket.${verb}.orders.eu`)).toMatchObject({ code: '400' });
    expect((await ask('bucket.ls')).said).toMatchObject({ buckets: [], configuration: 1 });
  });

  test('another N begins a move, and nothing else of N until that is over', async () => {
    expect((await ask('bucket.create.small', { n: 1 })).said).toMatchObject({
      bucket: { n: 3, becomes: { n: 1, r: 1, w: 1 } },
      moving: true,
    });
    expect(await ask('bucket.create.large', { n: 2 })).toMatchObject({
      code: '409',
      text: /a move is under way/,
    });
    expect((await ask('bucket.create.alike', { ttlMs: 1 })).code).toBeUndefined();
    // What the move makes of them would replace it: it must not look as if it were done.
    for (const own of [{ n: 3 }, { w: 3 }, { r: 3, ttlMs: 2 }])
      expect(await ask('bucket.set.small', own)).toMatchObject({
        code: '409',
        text: /its keys move, to N=1, R=1, W=1/,
      });
    expect((await ask('bucket.set.small', { ttlMs: 2 })).said).toMatchObject({
      bucket: { n: 3, ttlMs: 2, becomes: { n: 1 } },
    });
  });

  test('of a bucket that is refused nothing is listed or counted', async () => {
    await ask('bucket.defaults', { unknown: 'declared' });
    for (const subject of ['keys.shop', 'bucket.info.shop', 'bucket.rm.shop'])
      expect(await ask(subject)).toMatchObject({ code: '404', text: /bucket create shop/ });
    await ask('bucket.create.shop');
    await ask('bucket.rm.shop');
    expect(await ask('keys.shop')).toMatchObject({ code: '404', text: /is being removed/ });
  });

  test.each<[string, unknown, string]>([
    ['bucket.create', {}, '400'],
    ['bucket.ls.orders', '', '400'],
    ['bucket.drop.orders', '', '400'],
    ['bucket.create.a.b', { n: '3' }, '400'],
    ['bucket.create.orders', '{', '400'],
    ['bucket.create.orders', [3], '400'],
    ['bucket.create.orders', { n: 1.5 }, '400'],
    ['bucket.create.orders', { speed: 9 }, '400'],
    ['bucket.create.orders', { events: 'some' }, '400'],
    ['bucket.create.orders', { durability: 'periodic:0' }, '400'],
    ['bucket.create.orders', { ttlMs: 1, x: 'y'.repeat(5_000) }, '400'],
    ['bucket.create.orders', { w: 4 }, '409'],
    ['bucket.create.orders', { n: 9 }, '409'],
    ['bucket.create.orders', { valueBytesMax: 0 }, '409'],
    ['bucket.set.orders', { w: 1 }, '404'],
    [`bucket.create.${'b'.repeat(65)}`, {}, '400'],
  ])('%s %j is refused', async (subject, question, code) => {
    expect((await ask(subject, question)).code).toBe(code);
  });
});
