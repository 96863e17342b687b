/** Big values of a client that only speaks NATS, on real nodes: in parts, by ranges, freed. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { decode } from '../../src/wire/message-pack.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient, type PlainReply, type RequestOptions } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

jest.setTimeout(240_000);

const partBytes = 512 * 1024;
let server: NatsServer;
let cluster: ProcessCluster;
let client: PlainClient;

beforeAll(async () => {
  server = await startNatsServer({ config: natsConf({ partitions: 16 }) });
  cluster = await ProcessCluster.start({
    nodes: 3,
    serverUrl: server.url,
    arguments: ['--tombstone-grace=1s', '--upload-lease=45s', '--partitions=16'],
  });
  client = await PlainClient.connect(server.url);
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
  await server?.stop();
});

const digestOf = (data: Buffer): string =>
  `SHA-256=${createHash('sha256').update(data).digest('base64url')}=`;

async function begin(place: string): Promise<string> {
  return (await client.put(place, '', { 'Kv-Upload': 'begin' })).header('Kv-Upload')!;
}

/** What may have been done by another node is asked for again: of a part it is the same put. */
async function putPart(place: string, upload: string, data: Buffer, i: number): Promise<void> {
  const part = data.subarray(i * partBytes, (i + 1) * partBytes);
  const headers = { 'Kv-Upload': upload, 'Kv-Part': i, timeoutMs: 10_000 };
  await cluster.until(`part ${i} is put`, 60_000, async () => {
    const { code } = await client.put(place, part, headers).catch(() => ({ code: 504 }));
    return code === 200;
  });
}

async function uploaded(place: string, data: Buffer): Promise<string> {
  const upload = await begin(place);
  const indexes = Array.from({ length: Math.ceil(data.length / partBytes) }, (_, i) => i);
  await Promise.all(indexes.map((i) => putPart(place, upload, data, i)));
  return upload;
}

function commit(
  place: string,
  upload: string,
  data: Buffer,
  options: RequestOptions = {},
): Promise<PlainReply> {
  return client.put(place, '', {
    'Kv-Upload': upload,
    'Kv-Commit': Math.ceil(data.length / partBytes),
    'Kv-Size': data.length,
    'Kv-Digest': digestOf(data),
    'Kv-Timeout': 30_000,
    timeoutMs: 31_000,
    ...options,
  });
}

async function put(place: string, data: Buffer, options: RequestOptions = {}): Promise<PlainReply> {
  const done = await commit(place, await uploaded(place, data), data, options);
  expect(done).toMatchObject({ code: 200, error: '' });
  return done;
}

async function read(place: string, options: RequestOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let [at, size] = [0, 1];
  while (at < size) {
    const got = await client.get(place, { 'Kv-Range': `bytes=${at}-`, ...options });
    expect(got).toMatchObject({ code: 200 });
    size = Number(got.header('Kv-Size'));
    expect(got.header('Kv-Content-Range')).toBe(`bytes ${at}-${at + got.data.length - 1}/${size}`);
    chunks.push(Buffer.from(got.data));
    at += got.data.length;
  }
  return Buffer.concat(chunks);
}

/** Of all nodes: what keys and parts they hold. */
async function held(): Promise<string> {
  return (await cluster.status()).map(({ keys }) => keys).join();
}

function untilHeld(what: string, keys: string): Promise<void> {
  return cluster.until(what, 120_000, async () => (await held()) === keys);
}

test('12 MB in parts: whole by ranges, and nothing of it was to be seen before', async () => {
  const data = randomBytes(12_000_000);
  const upload = await uploaded('media.film.mkv', data);
  expect(await client.get('media.film.mkv')).toMatchObject({ code: 404 });
  expect(await commit('media.film.mkv', upload, data)).toMatchObject({ code: 200 });
  const told = await client.get('media.film.mkv');
  expect([told.header('Kv-Size'), told.header('Kv-Digest')]).toEqual(['12000000', digestOf(data)]);
  expect(told.data).toHaveLength(0);
  expect(digestOf(await read('media.film.mkv'))).toBe(digestOf(data));
  const across = await client.get('media.film.mkv', { 'Kv-Range': 'bytes=524280-524299' });
  expect(Buffer.from(across.data)).toEqual(data.subarray(524_280, 524_300));
  // The keys of its bucket are those that were put, and parts are none of them.
  const listed = await client.request('kv.keys.media', '{}');
  expect(JSON.parse(listed.text)).toMatchObject({ keys: ['film.mkv'] });
  await untilHeld('all hold the key and 23 parts', '24,24,24');

  expect(await client.put('media.film.mkv', 'small now')).toMatchObject({ code: 200 });
  await untilHeld('the parts are freed', '1,1,1');
  expect((await client.get('media.film.mkv')).text).toBe('small now');
  expect(await client.del('media.film.mkv')).toMatchObject({ code: 200 });
  await untilHeld('nothing is left', '0,0,0');
});

test('deleted, expired and given up: parts and keys go', async () => {
  const data = randomBytes(1_200_000);
  await put('media.a', data);
  expect(await client.del('media.a')).toMatchObject({ code: 200 });
  await put('media.b', data, { 'Kv-TTL': 3_000 });
  const upload = await uploaded('media.c', data);
  expect(await client.del('media.c', { 'Kv-Upload': upload })).toMatchObject({ code: 200 });
  expect(await commit('media.c', upload, data)).toMatchObject({ code: 409 });
  await untilHeld('nothing is left', '0,0,0');
  expect((await client.get('media.b')).code).toBe(404);
});

test('two uploads race: siblings, each of them whole; who resolves them frees the other', async () => {
  const [one, other] = [randomBytes(1_500_000), randomBytes(1_100_000)];
  const uploads = await Promise.all([one, other].map((data) => uploaded('media.r', data)));
  const blind = { 'Kv-Context': '-' };
  await Promise.all([one, other].map((data, i) => commit('media.r', uploads[i]!, data, blind)));
  const both = await client.get('media.r');
  expect(both.siblings).toBe(2);
  const digests = [];
  for (const i of [0, 1]) digests.push(digestOf(await read('media.r', { 'Kv-Sibling': i })));
  expect(digests.sort()).toEqual([digestOf(one), digestOf(other)].sort());
  const listed = (decode(both.data) as [number, string][]).map(([, digest]) => digest);
  expect(listed.sort()).toEqual(digests);
  await untilHeld('all hold both', '7,7,7');
  const resolved = randomBytes(600_000);
  await put('media.r', resolved, { 'Kv-Context': both.context! });
  await untilHeld('the parts of both are freed', '3,3,3');
  expect(digestOf(await read('media.r'))).toBe(digestOf(resolved));
  await client.del('media.r');
  await untilHeld('nothing is left', '0,0,0');
});

test('a node is killed between parts and commit: it is done all the same; back, it holds all of it', async () => {
  const data = randomBytes(2_000_000);
  const upload = await begin('media.k');
  for (const i of [0, 1]) await putPart('media.k', upload, data, i);
  await cluster.kill(1);
  for (const i of [2, 3]) await putPart('media.k', upload, data, i);
  await cluster.until('it is committed', 60_000, async () => {
    const reply = await commit('media.k', upload, data).catch(() => undefined);
    return reply?.code === 200;
  });
  expect(digestOf(await read('media.k'))).toBe(digestOf(data));
  const abandoned = await uploaded('media.n', randomBytes(600_000));
  expect(abandoned).toMatch(/^[\w-]{22}$/);
  cluster.launch(1);
  await cluster.serving(3, 60_000);
  // Four parts and their key; what was abandoned goes once its lease is over.
  await untilHeld('all hold what is committed, and nothing else', '5,5,5');
  expect(digestOf(await read('media.k', { 'Kv-R': 3 }))).toBe(digestOf(data));
});
