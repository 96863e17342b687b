/** Many keys in one message of a client that only speaks NATS, on real nodes. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { natsConf } from '../../src/bus/nats-conf.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient, type RequestOptions } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

jest.setTimeout(180_000);

let server: NatsServer;
let cluster: ProcessCluster;
let client: PlainClient;

beforeAll(async () => {
  server = await startNatsServer({ config: natsConf() });
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  client = await PlainClient.connect(server.url);
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
  await server?.stop();
});

interface Row {
  readonly value?: unknown;
  readonly values?: readonly unknown[];
  readonly absent?: true;
  readonly context?: string;
  readonly receipt?: string;
  readonly error?: { readonly code: number; readonly outcome?: string };
}

/** Undefined: the message was refused as a whole, or nobody answered. */
async function ask(question: object, options: RequestOptions = {}): Promise<Row[] | undefined> {
  const reply = await client
    .request('kv.multi.many', JSON.stringify(question), options)
    .catch(() => undefined);
  if (reply?.code !== 200) return undefined;
  return (JSON.parse(reply.text) as { rows: Row[] }).rows;
}

const names = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('as many as may be are put, got by kv.multi and by kv.get, and deleted', async () => {
  const keys = names(511, 'all.');
  const put = await ask({ put: keys.map((key) => ({ key, value: `of ${key}` })) });
  for (const row of put!) expect(row.receipt).toContain('w=2/2');
  const got = await ask({ get: keys }, { 'Kv-R': 3, 'Kv-Quorum': 'strict' });
  expect(got!.map(({ value }) => value)).toEqual(keys.map((key) => `of ${key}`));
  expect(got!.map(({ context }) => context)).toEqual(put!.map(({ context }) => context));
  expect((await client.get('many.all.7')).text).toBe('of all.7');
  await ask({ put: keys.map((key) => ({ key, value: null })) });
  const gone = await ask({ get: [...keys, 'never'] });
  expect(gone!.every(({ absent }) => absent === true)).toBe(true);
  expect(gone!.filter(({ context }) => context === undefined)).toHaveLength(1);
});

test('a big value and a value that expires are told as such', async () => {
  const upload = (await client.put('many.big', '', { 'Kv-Upload': 'begin' })).header('Kv-Upload')!;
  await client.put('many.big', randomBytes(1_000), { 'Kv-Upload': upload, 'Kv-Part': 0 });
  expect((await client.put('many.big', '', { 'Kv-Upload': upload, 'Kv-Commit': 1 })).code).toBe(
    200,
  );
  await ask({ put: [{ key: 'brief', value: 'x', ttl: 3_600_000 }] });
  expect(await ask({ get: ['big', 'brief'] })).toMatchObject([
    { value: { size: 1_000, digest: expect.stringMatching(/^SHA-256=/) } },
    { value: 'x', expires: expect.any(Number) },
  ]);
});

test('a message that comes twice under one Kv-Op is one write of each key', async () => {
  const beside = { put: names(8, 'op.').map((key) => ({ key, value: 'v', context: '-' })) };
  const shown = async (): Promise<string[]> =>
    (await ask({ get: names(8, 'op.') }))!.map((row) => Object.keys(row)[0]!);
  await ask(beside, { 'Kv-Op': 'first' });
  await ask(beside, { 'Kv-Op': 'first', 'Kv-Age': 10 });
  expect(await shown()).toEqual(names(8, '').map(() => 'value'));
  await ask(beside, { 'Kv-Op': 'second' });
  expect(await shown()).toEqual(names(8, '').map(() => 'values'));
});

const keysOf = (i: number): string[] => names(16, `kill.${i}.`);

test('a node is killed while messages are under way: what was acknowledged is there, once', async () => {
  const messages = 60;
  let done = 0;
  let tries = 0;
  const putAll = async (i: number): Promise<void> => {
    const firstAsked = Date.now();
    let left = keysOf(i);
    let isFirst = true;
    await cluster.until(`message ${i} is done`, 60_000, async () => {
      // What has failed alone, under the id of the message that it came in.
      const question = { put: left.map((key) => ({ key, value: `of ${key}`, context: '-' })) };
      const age = Math.max(1, Date.now() - firstAsked);
      const named = { 'Kv-Op': `message ${i}`, 'Kv-Timeout': 2_000, timeoutMs: 2_500 } as const;
      tries++;
      const rows = await ask(question, isFirst ? named : { ...named, 'Kv-Age': age });
      isFirst = false;
      left = left.filter((_, row) => rows?.[row]?.receipt === undefined);
      return left.length === 0;
    });
    done++;
  };
  const lane = async (first: number): Promise<void> => {
    for (let i = first; i < messages; i += 4) {
      await putAll(i);
      if (i === 20) await cluster.kill(2);
    }
  };
  await Promise.all([0, 1, 2, 3].map(lane));
  expect(done).toBe(messages);
  expect(tries).toBeGreaterThanOrEqual(messages);
  for (let i = 0; i < messages; i++) {
    const keys = keysOf(i);
    let rows: Row[] | undefined;
    await cluster.until(`values of ${i}`, 30_000, async () => {
      rows = await ask({ get: keys });
      return rows !== undefined && rows.every(({ error }) => error === undefined);
    });
    expect(rows!.map(({ value }) => value)).toEqual(keys.map((key) => `of ${key}`));
  }
});
