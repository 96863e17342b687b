/** Conflicts that are resolved for who reads them, over three real nodes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import { connect, Context, json, text, union, type QuorateClient } from '../../src/index.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { RealNodes, until } from '../support/real-nodes.js';

let server: NatsServer;
let nodes: RealNodes;
let client: QuorateClient;

beforeAll(async () => {
  const port = await freePort();
  server = await startNatsServer({ config: natsConf({ port }), port });
  const { nodeUser, nodePassword } = natsConfDefault;
  const url = `nats://${nodeUser}:${nodePassword}@127.0.0.1:${port}`;
  nodes = new RealNodes(url, { buckets: { served: { resolve: 'service' } } });
  await nodes.startAll(['n1', 'n2', 'n3']);
  client = await connect({ servers: server.url, timeoutMs: 20_000 });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await nodes?.end();
  await server?.stop();
});

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
