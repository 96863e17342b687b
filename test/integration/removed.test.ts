/** One of three nodes is gone for good: what the others can do about it, on real processes. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { run } from '../support/launched.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

/** Each step is a process to start, on machines that may be busy. */
jest.setTimeout(240_000);

let server: NatsServer | undefined;
let cluster: ProcessCluster | undefined;
let client: PlainClient | undefined;

afterEach(async () => {
  await client?.close();
  await cluster?.stop();
  await server?.stop();
});

async function command(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const { code, out, err } = await run([...args, '--servers', server!.url]);
  return { code, text: out + err };
}

test('a node is killed and a key deleted: the tombstone stays until the node is removed; started again it ends and says why', async () => {
  server = await startNatsServer({ config: natsConf({ partitions: 16 }) });
  cluster = await ProcessCluster.start({
    nodes: 3,
    serverUrl: server.url,
    arguments: ['--tombstone-grace=1s', '--partitions=16'],
  });
  client = await PlainClient.connect(server.url);
  const keysOf = async (): Promise<number[]> => (await cluster!.status()).map(({ keys }) => keys);
  // What may have been given to two nodes, as a plain put at nodes that have just started, or is
  // asked for again, is remembered for minutes: so the client that the command has asks one node.
  expect((await command(['put', 'shop', 'ada', 'v'])).code).toBe(0);
  await cluster.until('all hold it', 20_000, async () => (await keysOf()).join() === '1,1,1');
  const rows = await cluster.status();
  await cluster.kill(2);
  await cluster.until('it is down', 60_000, async () => {
    return /^n3 .*down/m.test((await command(['status'])).text);
  });
  expect((await command(['del', 'shop', 'ada'])).code).toBe(0);

  // No terminal to ask at, unless it is still thought to live.
  expect([2, 5]).toContain((await command(['remove', 'n3'])).code);
  expect((await command(['remove', 'n9', '--yes'])).text).toMatch(/no node named n9/);
  // An application can't reach the nodes' subjects.
  const [n1, n3] = ['n1', 'n3'].map((name) => rows.find((row) => row.name === name)!.id);
  const asApp = client.request(`_kv.${n1}.remove`, n3!, { timeoutMs: 500 });
  await expect(asApp).rejects.toThrow();
  expect((await command(['remove', 'n1', '--yes'])).text).toMatch(/not removed/);
  expect(await keysOf()).toEqual([1, 1]);

  await cluster.until('the others know that it is down', 60_000, async () => {
    const { code, text } = await command(['remove', 'n3', '--yes']);
    if (code !== 0) expect(text).toMatch(/not removed: .*(alive|silent)/);
    else
      expect(text).toMatch(
        /n3 is removed: configuration \d+ was chosen, and is on the disks of n1, n2/,
      );
    return code === 0;
  });
  await cluster.until('forgotten', 60_000, async () => (await keysOf()).join() === '0,0');
  await cluster.until('the others have moved on without it', 60_000, async () => {
    return !/^n3 /m.test((await command(['status'])).text);
  });

  cluster.launch(2);
  const { code, text } = await cluster.ended(2);
  expect(code).toBe(7);
  expect(text).toMatch(/this node was removed from its cluster/);
});
