/** Conflicts that are resolved for who reads them, and values that merge, over three real nodes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, Context, json, text, union, type QuorateClient } from '../../src/index.js';
import type { NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { until, type RealNodes } from '../support/real-nodes.js';
import { nodesBehindAccounts } from '../support/three-nodes.js';

let three: Awaited<ReturnType<typeof nodesBehindAccounts>>;
let server: NatsServer;
let nodes: RealNodes;
let client: QuorateClient;

beforeAll(async () => {
  three = await nodesBehindAccounts({ buckets: { served: { resolve: 'service' } } });
  ({ client, nodes, server } = three);
});

afterAll(() => three?.end());

async function putBeside(bucket: string, values: readonly string[]): Promise<void> {
  const handle = client.bucket(bucket);
  for (const value of values) await handle.put('k', value, { context: Context.empty });
}

describe('resolvers', () => {
  test('a function makes one value, and puts it back', async () => {
    await putBeside('lists', ['["a","b"]', '["b","c"]']);
    const codec = json<string[]>();
    const bucket = client.bucket('lists', { codec, resolve: union, writeBack: true });
    const entry = (await bucket.get('k'))!;
    expect([...entry.value].sort()).toEqual(['a', 'b', 'c']);
    expect(entry.conflict!.values).toHaveLength(2);
    const plain = client.bucket('lists', { codec });
    await until('it is put back', 20_000, async () => !(await plain.get('k'))!.inConflict);
    expect([...(await plain.get('k'))!.value].sort()).toEqual(['a', 'b', 'c']);
  });

  test('an application behind the accounts of nats.conf answers where the bucket says so; without it all is shown', async () => {
    await putBeside('served', ['x', 'y']);
    const bucket = client.bucket('served', { codec: text, resolveTimeoutMs: 300 });
    const alone = (await bucket.get('k'))!;
    expect([...alone.values].sort()).toEqual(['x', 'y']);
    expect(alone.unresolved).toBeDefined();
    const service = await PlainClient.connect(server.url);
    try {
      service.connection.subscribe('kv.resolve.served', {
        callback: (_error, message) => {
          const { values } = message.json<{ values: { text: string }[] }>();
          message.respond(
            values
              .map((value) => value.text)
              .sort()
              .join('+'),
          );
        },
      });
      await service.connection.flush();
      expect((await bucket.get('k'))!.value).toBe('x+y');
      const updated = await bucket.update('k', ([value]) => `${value}+z`);
      expect(updated).toBeDefined();
      const shown = (await client.bucket('served', { codec: text, resolve: 'nobody' }).get('k'))!;
      expect(shown.values).toEqual(['x+y+z']);
    } finally {
      await service.close();
    }
  });
});

test('a counter, a set and a map of three clients that change them at once, while a node goes and comes back', async () => {
  const clients = await Promise.all(
    Array.from({ length: 3 }, () => connect({ servers: server.url, timeoutMs: 20_000 })),
  );
  try {
    const each = async (act: (user: QuorateClient, nth: number) => Promise<unknown>) =>
      Promise.all(clients.map((user, nth) => act(user, nth)));
    const round = async (from: number): Promise<void> => {
      await each(async (user, nth) => {
        const bucket = user.bucket('merged');
        const [counter, set, map] = [bucket.counter('c'), bucket.set('s'), bucket.map('m')];
        for (let i = from; i < from + 10; i++) {
          await Promise.all([
            counter.add(2),
            counter.add(-1),
            set.add(`${nth}.${i}`, `all.${i}`),
            map.set(`${nth}`, i),
          ]);
        }
      });
    };
    await round(0);
    await nodes.stop('n3');
    await round(10);
    await (
      await nodes.start('n3')
    ).serving;
    await round(20);
    await each(async (user, nth) => {
      await user.bucket('merged').set('s').remove(`${nth}.0`);
    });
    await each(async (user) => {
      const bucket = user.bucket('merged');
      expect(await bucket.counter('c').value()).toBe(90);
      const elements = await bucket.set('s').values();
      expect(elements.size).toBe(3 * 29 + 30);
      expect(await bucket.map('m').entries()).toEqual(
        new Map([
          ['0', 29],
          ['1', 29],
          ['2', 29],
        ]),
      );
    });
  } finally {
    await Promise.all(clients.map((user) => user.close()));
  }
}, 120_000);
