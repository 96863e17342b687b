/** Values that no message holds, on real nodes: through the client and by the command. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { connect, UnfinishedUploadError, type QuorateClient } from '../../src/index.js';
import { QuorateCluster } from '../bench/systems/quorate.js';
import { main } from '../support/launched.js';
import { until } from '../support/until.js';

jest.setTimeout(240_000);

const partBytes = 512 * 1024;

let directory = '';
let cluster: QuorateCluster;
let client: QuorateClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-big-'));
  const data = join(directory, 'data');
  cluster = await QuorateCluster.start(data, { durability: 'sync', restarts: true });
  client = await connect({ servers: cluster.servers });
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

/** Of no two parts that are equal. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

async function* unplugged(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* pieces(bytes);
  throw new Error('unplugged');
}

const file = (name: string): string => join(directory, name);

const digestOf = (bytes: Buffer): string =>
  `SHA-256=${createHash('sha256').update(bytes).digest('base64url')}`;

async function run(...args: string[]): Promise<{ code: number; out: Buffer; err: string }> {
  const env = { ...process.env, NATS_URL: cluster.servers.join(',') };
  const child = spawn(process.execPath, [main, ...args], { env });
  const out: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: Buffer.concat(out), err };
}

async function allServe(): Promise<boolean> {
  const rows = await cluster.status();
  return rows.filter(({ status }) => status === 'serving').length === cluster.nodes;
}

describe('the client', () => {
  test('a value goes in and out while a node is killed in the middle of each', async () => {
    const bucket = client.bucket('media');
    const value = bytesOf(24 * partBytes + 1_000);
    const [first, second] = await cluster.status();
    const isKilled = { put: false, get: false };
    await bucket.putStream('trailer', Readable.from(pieces(value)), {
      size: value.length,
      onProgress: ({ bytes, size }) => {
        if (isKilled.put || bytes < size! / 2) return;
        isKilled.put = true;
        process.kill(first!.pid, 'SIGKILL');
      },
    });
    await until(allServe, 100_000);
    const read = (await bucket.getStream('trailer'))!;
    expect(read).toMatchObject({ size: value.length, digest: digestOf(value) });
    const got: Uint8Array[] = [];
    for await (const piece of read.node()) {
      got.push(piece as Uint8Array);
      if (isKilled.get || got.length < 10) continue;
      isKilled.get = true;
      process.kill(second!.pid, 'SIGKILL');
    }
    expect(isKilled).toEqual({ put: true, get: true });
    expect(Buffer.concat(got).equals(value)).toBe(true);
    await until(allServe, 100_000);
    const entry = (await bucket.get('trailer'))!;
    expect(entry.big).toEqual({ size: value.length, digest: digestOf(value) });
    const range = { from: partBytes - 5, end: partBytes + 5 };
    const some = await (await bucket.getStream('trailer', { range }))!.bytes();
    expect(value.subarray(range.from, range.end).equals(some)).toBe(true);
  });

  test('an upload that broke off is gone on with; one that is given up shows nothing', async () => {
    const bucket = client.bucket('media');
    const value = bytesOf(5 * partBytes);
    const half = value.subarray(0, 3 * partBytes);
    await expect(bucket.putStream('lost', unplugged(half))).rejects.toThrow('unplugged');
    expect(await bucket.get('lost')).toBeUndefined();
    const kept = bucket.putStream('kept', unplugged(half), { keep: true });
    const error = await kept.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnfinishedUploadError);
    const { position } = error as UnfinishedUploadError;
    expect(position.parts).toBe(3);
    expect(await bucket.get('kept')).toBeUndefined();
    await bucket.putStream('kept', pieces(value), { resume: position });
    expect(value.equals(await (await bucket.getStream('kept'))!.bytes())).toBe(true);
  });

  test('siblings, a put in its place and a delete are as those of other values', async () => {
    const bucket = client.bucket('media');
    const [one, other] = [bytesOf(2 * partBytes), Buffer.alloc(3 * partBytes, 'x')];
    await bucket.putStream('twice', pieces(one), { context: '-' });
    await bucket.putStream('twice', pieces(other), { context: '-' });
    const entry = await bucket.read('twice', { r: 3 });
    const sizes = [entry.bigOf(0)?.size, entry.bigOf(1)?.size];
    expect(new Set(sizes)).toEqual(new Set([one.length, other.length]));
    const chosen = await bucket.getStream('twice', { sibling: sizes.indexOf(other.length) });
    expect(other.equals(await chosen!.bytes())).toBe(true);
    await bucket.put('twice', 'small again', { context: entry.context });
    expect((await bucket.get('twice'))!.text()).toBe('small again');
    await bucket.delete('twice');
    expect(await bucket.getStream('twice')).toBeUndefined();
  });
});

describe('the command', () => {
  const value = bytesOf(3 * partBytes + 77);

  test('a file goes in, and comes out as a file, as bytes and in part; nothing is said', async () => {
    writeFileSync(file('in'), value);
    const put = await run('put', 'media', 'film', '--file', file('in'));
    expect(put).toMatchObject({ code: 0, err: '' });
    const got = await run('get', 'media', 'film', '--file', file('out'));
    expect(got).toMatchObject({ code: 0, err: '' });
    expect(got.out).toHaveLength(0);
    expect(readFileSync(file('out')).equals(value)).toBe(true);
    const printed = await run('get', 'media', 'film');
    expect(printed.code).toBe(0);
    expect(printed.out.equals(value)).toBe(true);
    const some = await run('get', 'media', 'film', '--range', '524280-524295');
    expect(some.out.equals(value.subarray(524_280, 524_296))).toBe(true);
    const { out } = await run('get', 'media', 'film', '--json');
    const { values } = JSON.parse(String(out)) as { values: unknown[] };
    expect(values).toEqual([{ size: value.length, digest: digestOf(value) }]);
  });

  test('what an interrupted get has left is gone on with, and checked', async () => {
    const name = `.again.${digestOf(value).slice('SHA-256='.length).slice(0, 16)}.part`;
    writeFileSync(file(name), Buffer.alloc(1_000_000));
    const wrong = await run('get', 'media', 'film', '--file', file('again'));
    expect(wrong).toMatchObject({ code: 5, err: expect.stringContaining('SHA-256') });
    expect(readdirSync(directory).filter((left) => left.includes('again'))).toEqual([]);
    writeFileSync(file(name), value.subarray(0, 1_000_000));
    expect((await run('get', 'media', 'film', '--file', file('again'))).code).toBe(0);
    expect(readFileSync(file('again')).equals(value)).toBe(true);
    expect(readdirSync(directory)).not.toContain(name);
  });

  test('a put that is killed goes on where its file says, with the same bytes alone', async () => {
    const kept = file('kept');
    const large = bytesOf(9 * partBytes + 5);
    writeFileSync(file('large'), large);
    const words = ['put', 'media', 'killed', '-', '--resume', kept];
    const env = { ...process.env, NATS_URL: cluster.servers.join(',') };
    const child = spawn(process.execPath, [main, ...words], { env, stdio: ['pipe', 'ignore', 2] });
    child.stdin!.on('error', () => undefined);
    // It has no more than this, and waits for the rest.
    child.stdin!.write(large.subarray(0, 6 * partBytes));
    const partsKept = (): number => Number(readFileSync(kept, 'utf8').split('.')[1]);
    await until(() => existsSync(kept) && partsKept() >= 3, 100_000);
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    const parts = partsKept();
    expect(parts).toBeLessThanOrEqual(6);
    expect((await run('get', 'media', 'killed')).code).toBe(4);

    writeFileSync(file('other'), Buffer.alloc(large.length));
    const other = await run('put', 'media', 'killed', '--file', file('other'), '--resume', kept);
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('does not begin') });
    expect(other.err).not.toContain('To go on');
    expect(partsKept()).toBe(parts);

    const again = await run('put', 'media', 'killed', '--file', file('large'), '--resume', kept);
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(existsSync(kept)).toBe(false);
    expect((await run('get', 'media', 'killed')).out.equals(large)).toBe(true);
  });

  test('exit codes: 4 for no such key, 2 for a file that is not there or a word that is none', async () => {
    expect((await run('get', 'media', 'absent', '--file', file('absent'))).code).toBe(4);
    expect(readdirSync(directory).filter((left) => left.includes('absent'))).toEqual([]);
    expect((await run('put', 'media', 'k', '--file', file('nowhere'))).code).toBe(2);
    const put = ['put', 'media', 'k', '--file', file('in'), '--resume'];
    const word = `${'a'.repeat(22)}.1.${'a'.repeat(43)}`;
    expect((await run(...put, `${word}a`)).code).toBe(2);
    // Words that were said once: nothing of them is there.
    expect((await run(...put, word)).code).toBe(2);
    expect((await run(...put, file('in'))).code).toBe(2);
  });
});
