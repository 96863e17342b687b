/**
 * `quorate import` from a real JetStream: its bucket and the cluster are on one nats-server, as
 * with people who begin with Quorate where they have NATS already.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect as connectNats, headers, type KV, type NatsConnection } from 'nats';
import { natsConf } from '../../src/bus/nats-conf.js';
import { text, type QuorateClient } from '../../src/index.js';
import { main, run } from '../support/launched.js';
import {
  freePort,
  natsServerVersions,
  startNatsServer,
  type NatsServer,
} from '../support/nats-server.js';
import { until } from '../support/real-nodes.js';
import { nodesBesideJetStream } from '../support/three-nodes.js';

let directory: string;
let three: Awaited<ReturnType<typeof nodesBesideJetStream>>;
let server: NatsServer;
let client: QuorateClient;
let nats: NatsConnection;

interface Report {
  readonly complete: boolean;
  readonly read: number;
  readonly put: number;
  readonly deleted: number;
  readonly removed: number;
  readonly skipped: number;
  readonly leftBehind: readonly { readonly key: string; readonly reason: string }[];
  readonly verdict?: Record<'equal' | 'absent' | 'different' | 'unfit' | 'changed', number>;
}

beforeAll(async () => {
  three = await nodesBesideJetStream();
  ({ client, nats, server, directory } = three);
});

afterAll(() => three?.end());

function importing(bucket: string, ...more: string[]): string[] {
  return ['import', '--from-jetstream', bucket, '--servers', server.url, ...more];
}

async function imported(
  bucket: string,
  ...more: string[]
): Promise<{ code: number | null; report: Report; err: string }> {
  const { code, out, err } = await run([...importing(bucket, ...more), '--json']);
  const line = out.split('\n')[0] ?? '';
  return { code, report: JSON.parse(line === '' ? '{}' : line) as Report, err };
}

async function putAll(
  kv: KV,
  keys: readonly string[],
  value: (i: number) => string,
): Promise<void> {
  for (let i = 0; i < keys.length; i += 1_000)
    await Promise.all(keys.slice(i, i + 1_000).map((key, j) => kv.put(key, value(i + j))));
}

test('20 000 keys, interrupted, gone on with, and caught up with what came meanwhile', async () => {
  const kv = await nats.jetstream().views.kv('orders');
  const keys = Array.from({ length: 20_000 }, (_, i) => `eu.${i % 7}.order-${i}`);
  await putAll(kv, keys, (i) => `value ${i}`);
  await kv.delete(keys[3]!);
  await kv.purge(keys[4]!);

  // Interrupted as soon as something is known to be done.
  const file = join(directory, 'orders.json');
  const child = spawn(process.execPath, [main, ...importing('orders', '--resume', file)]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('a position is kept', 60_000, () => existsSync(file));
  const closed = once(child, 'close');
  child.kill('SIGINT');
  expect([(await closed)[0], said]).toEqual([1, expect.anything()]);
  expect(said).toContain(`interrupted: run it again with --resume ${file}`);
  const { sequence } = JSON.parse(readFileSync(file, 'utf8')) as { sequence: number };
  expect(sequence).toBeGreaterThan(0);
  expect(sequence).toBeLessThan(20_000);

  // It changes while it is read.
  const changing = (async () => {
    for (let i = 0; i < 200; i++) {
      await kv.put(keys[i * 50 + 7]!, `changed ${i}`);
      if (i % 10 === 0) await kv.delete(keys[i * 50 + 8]!);
    }
  })();
  const resumed = await imported('orders', '--resume', file);
  await changing;
  expect(resumed).toMatchObject({ code: 0, report: { complete: true, skipped: 0 } });
  expect(resumed.report.read).toBeLessThan(20_000 - sequence + 400);
  expect(resumed.report.verdict).toMatchObject({ absent: 0, different: 0 });

  // What has changed since is all that another run takes.
  await kv.put(keys[0]!, 'the last');
  await kv.delete(keys[1]!);
  const caughtUp = await imported('orders', '--resume', file);
  expect(caughtUp.report.read).toBeLessThan(400);
  expect(caughtUp.report.verdict).toEqual(
    expect.objectContaining({ equal: 20_000, absent: 0, different: 0, changed: 0 }),
  );
  const orders = client.bucket('orders', { codec: text });
  expect((await orders.get(keys[0]!))?.value).toBe('the last');
  expect(await orders.get(keys[1]!)).toBeUndefined();
  expect(await orders.get(keys[3]!)).toBeUndefined();
  expect(await orders.get(keys[4]!)).toBeUndefined();
  expect((await orders.get(keys[7]!))?.value).toBe('changed 0');
  expect(await orders.get(keys[8]!)).toBeUndefined();
  expect((await orders.get(keys[19_999]!))?.value).toBe('value 19999');
});

test('killed half way, it goes on from what it has kept; a new bucket of the name is refused', async () => {
  const kv = await nats.jetstream().views.kv('killed', { history: 3 });
  const keys = Array.from({ length: 5_000 }, (_, i) => `k${i}`);
  await putAll(kv, keys, () => 'old');
  await putAll(kv, keys, (i) => `value ${i}`);
  const file = join(directory, 'killed.json');
  const child = spawn(process.execPath, [main, ...importing('killed', '--resume', file)]);
  await until('a position is kept', 60_000, () => existsSync(file));
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  const { code, report } = await imported('killed', '--resume', file);
  expect(code).toBe(0);
  expect(report.verdict).toMatchObject({ equal: 5_000, absent: 0, different: 0 });

  await kv.destroy();
  await (await nats.jetstream().views.kv('killed')).put('k', 'v');
  const refused = await run(importing('killed', '--resume', file));
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('was made anew')]);
});

test('a value of any size comes; what is no key of Quorate stays behind, and is told', async () => {
  const kv = await nats.jetstream().views.kv('odd');
  await kv.put('fine', 'x');
  await kv.put('empty', '');
  const large = Buffer.from(Array.from({ length: 100_000 }, (_, i) => `${i} `).join(''));
  await kv.put('large', large);
  const js = nats.jetstream();
  await js.publish(`$KV.odd.${'long.'.repeat(250)}key`, 'x');
  await js.publish('$KV.odd.broken\uFFFD', 'x');
  await js.publish('$KV.odd.käse$1', 'x');
  const file = join(directory, 'odd.json');
  const { code, report, err } = await imported('odd', '--resume', file);
  expect(code).toBe(3);
  expect(report).toMatchObject({ complete: true, put: 4, skipped: 2 });
  expect(report.leftBehind.map(({ reason }) => reason).sort()).toEqual([
    'a key has 1 to 1024 bytes',
    'it is no key: not UTF-8, or not of a bucket',
  ]);
  expect(report.verdict).toMatchObject({ equal: 4, absent: 0, different: 0, unfit: 2 });
  expect(err).toContain('left behind: $KV.odd.broken\uFFFD: it is no key');
  const odd = client.bucket('odd', { codec: text });
  expect((await odd.get('empty'))?.value).toBe('');
  expect((await odd.get('käse$1'))?.value).toBe('x');
  const read = await odd.getStream('large');
  const pieces = [];
  for await (const piece of read!.node()) pieces.push(piece as Uint8Array);
  expect(Buffer.concat(pieces).equals(large)).toBe(true);

  // A byte of it is another one.
  await odd.putStream('large', Buffer.concat([large.subarray(1), Buffer.from('x')]));
  const differing = await imported('odd', '--resume', file);
  expect(differing.report.verdict).toMatchObject({ equal: 3, different: 1 });
});

test('a lifetime comes with a value', async () => {
  const lifeMs = 6_000;
  const brief = await nats.jetstream().views.kv('brief', { ttl: lifeMs });
  await brief.put('k', 'v');
  const { code, report } = await imported('brief', '--no-verify');
  expect([code, report.put]).toEqual([0, 1]);
  const bucket = client.bucket('brief');
  await until('it is gone', 60_000, async () => (await bucket.get('k')) === undefined);
});

test('names that are no bucket of Quorate need -b; sources that are not there are said', async () => {
  const name = 'b'.repeat(80);
  await (await nats.jetstream().views.kv(name)).put('k', 'v');
  const refused = await run(importing(name));
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('a bucket name has')]);
  expect((await imported(name, '-b', 'short')).code).toBe(0);
  expect((await client.bucket('short', { codec: text }).get('k'))?.value).toBe('v');

  const absent = await run(importing('nowhere'));
  expect([absent.code, absent.err]).toEqual([
    4,
    "quorate: JetStream has no key-value bucket 'nowhere' (no stream KV_nowhere)\n",
  ]);
  const plain = await startNatsServer();
  try {
    const without = await run([...importing('orders'), '--from-servers', plain.url]);
    expect([without.code, without.err]).toEqual([
      5,
      expect.stringContaining('nobody answers for JetStream'),
    ]);
  } finally {
    await plain.stop();
  }
  const port = await freePort();
  const walled = await startNatsServer({ config: natsConf({ port }), port });
  try {
    const outside = await run([...importing('orders'), '--from-servers', walled.url]);
    expect([outside.code, outside.err]).toEqual([
      1,
      expect.stringContaining('this user may not ask JetStream there'),
    ]);
  } finally {
    await walled.stop();
  }
  const nobody = await run([...importing('orders'), '--from-servers', 'nats://127.0.0.1:1']);
  expect([nobody.code, nobody.err]).toEqual([5, expect.stringContaining('--from-servers')]);
});

test('an import does not hide that the two differ', async () => {
  const kv = await nats.jetstream().views.kv('differing');
  await kv.put('a', '1');
  const file = join(directory, 'differing.json');
  expect((await imported('differing', '--resume', file)).code).toBe(0);
  await client.bucket('differing').put('a', 'another');
  const { code, report, err } = await imported('differing', '--resume', file);
  expect(code).toBe(1);
  expect(report.verdict).toMatchObject({ equal: 0, different: 1 });
  expect(err).toContain('the two buckets differ');
});

test('a bar is drawn on a terminal alone', async () => {
  const kv = await nats.jetstream().views.kv('drawn');
  await putAll(
    kv,
    Array.from({ length: 600 }, (_, i) => `k${i}`),
    String,
  );
  const piped = await run(importing('drawn'));
  expect([piped.code, piped.out + piped.err]).toEqual([0, expect.not.stringContaining('\u001b')]);
  expect(piped.out).toBe(
    'KV_drawn into drawn: 600 values put (1 690 bytes)\nverified: 600 keys are the same in both\n',
  );
  if (process.platform !== 'linux' || !existsSync('/usr/bin/script')) {
    console.warn('script(1) is not here: not tried on a terminal');
    return;
  }
  const line = [process.execPath, main, ...importing('drawn')].join(' ');
  const child = spawn('/usr/bin/script', ['-qec', line, '/dev/null']);
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await once(child, 'close');
  expect(shown).toMatch(/\rimport drawn \[#+-*\] \d+ % · \d+ of 600/);
  expect(shown).toContain('verified: 600 keys are the same in both');
});

for (const [name, program] of natsServerVersions().slice(1)) {
  test(`lifetimes of single keys and markers of what has expired: ${name}`, async () => {
    const newer = await startNatsServer({
      program,
      args: ['-js', '-sd', join(directory, 'jetstream-newer')],
    });
    const connection = await connectNats({ servers: newer.url });
    try {
      const manager = await connection.jetstreamManager();
      const config = { name: 'KV_own', subjects: ['$KV.own.>'], max_msgs_per_subject: 1 };
      const more = {
        allow_rollup_hdrs: true,
        allow_direct: true,
        allow_msg_ttl: true,
        subject_delete_marker_ttl: 60_000_000_000,
      };
      await manager.streams.add({ ...config, ...more });
      const js = connection.jetstream();
      const own = headers();
      own.set('Nats-TTL', '6s');
      await js.publish('$KV.own.brief', 'v', { headers: own });
      await js.publish('$KV.own.ever', 'v');
      const over = headers();
      over.set('Nats-TTL', '1s');
      await js.publish('$KV.own.over', 'v', { headers: over });
      await until('a marker is there', 30_000, async () => {
        const { state } = await manager.streams.info('KV_own');
        return state.last_seq > 3;
      });
      const { code, report } = await imported('own', '--from-servers', newer.url, '--no-verify');
      expect([code, report]).toEqual([0, expect.objectContaining({ put: 2, deleted: 1 })]);
      const bucket = client.bucket('own', { codec: text });
      await until('it is gone', 60_000, async () => (await bucket.get('brief')) === undefined);
      expect((await bucket.get('ever'))?.value).toBe('v');
    } finally {
      await connection.close();
      await newer.stop();
    }
  });
}
