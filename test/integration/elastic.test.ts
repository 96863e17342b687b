/**
 * A cluster that grows, shrinks and has a lost machine replaced, on real processes and by the
 * commands an operator has: what was put is there all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { run, type Ended } from '../support/launched.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

/** Each step is a process to start, on machines that may be busy. */
jest.setTimeout(480_000);

const keys = Array.from({ length: 60 }, (_, i) => `shop.key-${i}`);
const moveMsMax = 120_000;
let server: NatsServer | undefined;
let cluster: ProcessCluster | undefined;
let client: PlainClient | undefined;

afterEach(async () => {
  await client?.close();
  await cluster?.stop();
  await server?.stop();
});

async function command(...args: readonly string[]): Promise<Ended & { readonly text: string }> {
  const ended = await run([...args, '--servers', server!.url]);
  return { ...ended, text: ended.out + ended.err };
}

/** What is read of each key; what can't be read for a moment is read again. */
async function valuesOf(places: readonly string[]): Promise<string[]> {
  return Promise.all(
    places.map(async (place) => {
      for (let tries = 0; ; tries++) {
        const reply = await client!.get(place).catch(() => undefined);
        if (reply?.code === 200) return reply.text;
        if (reply?.code === 404 || tries >= 20) return `${place}: ${reply?.code ?? 'no answer'}`;
        await sleep(250);
      }
    }),
  );
}

interface Ring {
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  readonly groups: readonly (readonly number[])[];
  readonly move?: object;
}

/** Nothing moves, and these hold everything. */
async function isHeldBy(...names: string[]): Promise<boolean> {
  const reply = await client!
    .request('kv.ring', '', { 'Kv-Accept': 'json' })
    .catch(() => undefined);
  if (reply?.code !== 200) return false;
  const { nodes, groups, move } = JSON.parse(reply.text) as Ring;
  const holders = new Set(groups.flat().map((index) => nodes[index]!.name));
  return move === undefined && [...holders].sort().join() === names.join();
}

async function keysHeld(): Promise<Readonly<Record<string, number>>> {
  const rows = await cluster!.status();
  return Object.fromEntries(rows.map(({ name, keys }) => [name, keys]));
}

test('three nodes become four, one leaves and ends, one loses its disk and is replaced: every key is there, and at last on three disks', async () => {
  server = await startNatsServer({ config: natsConf({ partitions: 16 }) });
  cluster = await ProcessCluster.start({
    nodes: 3,
    serverUrl: server.url,
    arguments: ['--partitions=16'],
  });
  client = await PlainClient.connect(server.url);
  for (const place of keys) {
    await cluster.until(`${place} is put`, 20_000, async () => {
      const reply = await client!.put(place, place).catch(() => undefined);
      return reply?.code === 200;
    });
  }

  // Growing: it is taken in by itself, and what is read meanwhile is there.
  cluster.launch(3);
  let readings = 0;
  await cluster.until('the fourth holds its share', moveMsMax, async () => {
    expect(await valuesOf(keys)).toEqual(keys);
    readings++;
    return isHeldBy('n1', 'n2', 'n3', 'n4');
  });
  expect(readings).toBeGreaterThan(0);

  // Shrinking: what was seen is what happens, once.
  expect((await command('leave', 'n3')).text).toMatch(/say --yes to have n3 leave/);
  expect((await command('ring', 'plan', '--leave', 'n9')).text).toMatch(/no node named n9/);
  const shown = await command('ring', 'plan', '--leave', 'n3');
  expect(shown.text).toMatch(/n3 leaves\n[^]*to move: \d+ replicas/);
  const token = /apply it with: quorate ring apply (\S+)$/m.exec(shown.out)?.[1] ?? '';
  expect((await command('ring', 'apply', token.slice(0, -2))).code).toBe(2);
  expect(await command('ring', 'apply', token)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/applied: configuration \d+ was chosen/),
  });
  const again = await command('ring', 'apply', token);
  expect(again.code).toBe(5);
  await cluster.ended(2);
  const left = await cluster.ended(2);
  expect(left.text).toMatch(/n3: .*left its cluster/);
  await cluster.until('three hold all of it', moveMsMax, () => isHeldBy('n1', 'n2', 'n4'));
  expect(await valuesOf(keys)).toEqual(keys);

  // A lost disk: the machine comes back empty, under its name.
  await cluster.kill(1);
  cluster.wipe(1);
  cluster.launch(1);
  await cluster.until('it is in its own stead', moveMsMax, async () => {
    const { code, text } = await command('replace', 'n2', 'n2', '--yes');
    if (code !== 0) expect(code).not.toBe(1);
    return code === 0 && /n2 comes in the stead of n2/.test(text);
  });
  const full = { n1: keys.length, n2: keys.length, n4: keys.length };
  await cluster.until('each of three disks has every key', moveMsMax, async () => {
    const held = await keysHeld();
    return Object.entries(full).every(([name, count]) => held[name] === count);
  });
  await cluster.until('nothing moves any more', moveMsMax, () => isHeldBy('n1', 'n2', 'n4'));
  expect(await valuesOf(keys)).toEqual(keys);
});
