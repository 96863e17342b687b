/** Listings on real nodes: of any client, of the TypeScript client, and while a node is killed. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Key, QuorateClient } from '../../src/index.js';
import { main } from '../support/launched.js';
import type { NatsServer } from '../support/nats-server.js';
import type { PlainClient, RequestOptions } from '../support/plain-client.js';
import type { ProcessCluster } from '../support/process-cluster.js';
import { nodesInProcesses } from '../support/three-nodes.js';

jest.setTimeout(240_000);

let three: Awaited<ReturnType<typeof nodesInProcesses>>;
let server: NatsServer;
let cluster: ProcessCluster;
let plain: PlainClient;
let client: QuorateClient;

beforeAll(async () => {
  three = await nodesInProcesses();
  ({ cluster, plain, client, server } = three);
});

afterAll(() => three?.end());

/** Machines may be busy. */
const patient = { timeoutMs: 20_000 };

type Page = Readonly<Record<string, unknown>>;

async function ask(bucket: string, question: object, options: RequestOptions = {}): Promise<Page> {
  const reply = await plain.request(`kv.keys.${bucket}`, JSON.stringify(question), options);
  expect([reply.code, reply.error]).toEqual([200, '']);
  return JSON.parse(reply.text) as Page;
}

async function plainKeys(bucket: string, question: object = {}): Promise<unknown[]> {
  const keys: unknown[] = [];
  let cursor: unknown;
  do {
    const page: Page = await ask(bucket, { ...question, cursor });
    keys.push(...(page['keys'] as unknown[]));
    ({ cursor } = page);
  } while (cursor !== undefined);
  return keys;
}

function names(count: number, prefix = 'key-'): string[] {
  return sorted(Array.from({ length: count }, (_, i) => `${prefix}${i}`));
}

/** All of them are text. */
function sorted(keys: readonly unknown[]): string[] {
  return (keys as readonly string[]).toSorted((one, other) => (one < other ? -1 : 1));
}

async function fill(bucket: string, keys: readonly Key[], value = 'v'): Promise<void> {
  await client.bucket(bucket).putAll(keys.map((key) => [key, value] as const));
}

async function quorate(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [main, ...args, '--servers', server.url]);
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return Buffer.concat(out).toString();
}

describe('keys', () => {
  test('of any bytes, by the client, plain NATS and the command', async () => {
    const texts = ['a', 'a.b', 'a b', 'ü', '"', '\n', '{}', '>'];
    const bytes = [Buffer.from([0xff, 0xfe]), Buffer.from([0]), Buffer.from('é', 'latin1')];
    await fill('odd', [...texts, ...bytes]);
    const keys = await client.bucket('odd').keys().all();
    expect(sorted(keys.filter((key) => typeof key === 'string'))).toEqual(sorted([...texts, '\0']));
    const others = keys.filter((key): key is Uint8Array => typeof key !== 'string');
    expect(sorted(others.map((key) => Buffer.from(key).toString('latin1')))).toEqual([
      'é',
      '\xff\xfe',
    ]);
    const found = await plainKeys('odd');
    expect(found).toHaveLength(keys.length);
    expect(found).toEqual(
      expect.arrayContaining([...texts, { base64url: '__4' }, { base64url: '6Q' }]),
    );
    const lines = (await quorate('keys', 'odd', '--json')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expect.arrayContaining(found));
  });

  test('are those that have a value: neither deleted nor expired', async () => {
    const bucket = client.bucket('lives');
    await fill('lives', names(50));
    for (const name of names(50).slice(0, 10)) await bucket.delete(name);
    expect(await bucket.count()).toBe(40);
    await bucket.put('short', 'v', { ttlMs: 1 });
    await cluster.until('it has expired', 20_000, async () => (await bucket.count()) === 40);
    expect(sorted(await bucket.keys().all())).toEqual(names(50).slice(10));
    expect(await ask('lives', { count: true })).toEqual({ count: 40 });
    expect((await quorate('keys', 'lives', '--count')).trim()).toBe('40');
  });

  test('with a prefix, page by page, in slices, with values and contexts', async () => {
    await fill('pages', [...names(300), ...names(20, 'other.')], 'some value');
    expect(sorted(await plainKeys('pages', { prefix: 'other.', limit: 3 }))).toEqual(
      names(20, 'other.'),
    );
    const sliced = await Promise.all(
      [0, 1, 2].map((i) => plainKeys('pages', { limit: 10, slice: [i, 3] })),
    );
    expect(sorted(sliced.flat())).toEqual(sorted([...names(300), ...names(20, 'other.')]));
    const { entries } = await ask('pages', { prefix: 'other.1', values: true });
    expect(entries).toHaveLength(11);
    const [{ key, value, context }] = entries as [Record<string, string>];
    expect(value).toBe('some value');
    const put = await plain.put(`pages.${key}`, 'next', { 'Kv-Context': context! });
    expect(put.code).toBe(200);
    const seen: string[] = [];
    for await (const entry of client.bucket('pages').scan({ prefix: 'other.', pageKeys: 5 }))
      seen.push(`${entry.key as string} ${entry.text()}`);
    expect(seen).toHaveLength(20);
    expect(seen).toContain(`${key} next`);
  });

  test('values in conflict are all shown', async () => {
    await plain.put('split.key', 'one', { 'Kv-Context': '-' });
    await plain.put('split.key', 'two', { 'Kv-Context': '-' });
    const { entries } = await ask('split', { values: true });
    expect(entries).toMatchObject([{ key: 'key', values: expect.arrayContaining(['one', 'two']) }]);
  });

  test('what can be no request is refused with a text', async () => {
    for (const payload of ['[]', '{"limit":0}', '{"cursor":"1.2.3.4"}', '{"x":1}']) {
      const { code, error } = await plain.request('kv.keys.odd', payload);
      expect([payload, code, error === '']).toEqual([payload, 400, false]);
    }
  });
});

describe('20 000 keys', () => {
  const all = names(20_000);

  test('are all there, whichever way', async () => {
    const bucket = client.bucket('many');
    await fill('many', all);
    expect(sorted(await bucket.keys().all())).toEqual(all);
    expect(await bucket.count()).toBe(all.length);
    expect(sorted(await plainKeys('many'))).toEqual(all);
    const found = await bucket.getAll(all);
    expect(found.size).toBe(all.length);
  });

  test('while a node is killed, and while it is away', async () => {
    const bucket = client.bucket('many');
    const found: Key[] = [];
    for await (const page of bucket.keys({ pageKeys: 500, ...patient }).pages()) {
      if (found.length === 0) await cluster.kill(1);
      found.push(...page);
    }
    expect(sorted(found)).toEqual(all);
    await bucket.delete(all[7]!, patient);
    await bucket.put('late', 'v', patient);
    const rest = sorted([...all.filter((_, i) => i !== 7), 'late']);
    expect(sorted(await bucket.keys(patient).all())).toEqual(rest);
    cluster.launch(1);
    await cluster.serving(3);
    // The node that was away lacks the last put, or has been told of it by now: it does not matter.
    for (let i = 0; i < 3; i++) expect(sorted(await bucket.keys(patient).all())).toEqual(rest);
  });

  test('with only one node left: an error that says so', async () => {
    await cluster.kill(1);
    await cluster.kill(2);
    await expect(client.bucket('many').keys({ timeoutMs: 2_000 }).all()).rejects.toMatchObject({
      code: expect.any(Number),
      outcome: 'none',
    });
    const one = await client
      .bucket('many')
      .keys({ r: 1, ...patient })
      .all();
    expect(one.length).toBe(all.length);
  });
});
