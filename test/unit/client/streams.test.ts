/** Values of any size through the client: over nodes that keep what they are sent. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../../actors/rules/key.js';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  BigValueError,
  type Bucket,
  ConflictError,
  DigestError,
  MalformedError,
  NotFoundError,
  type Progress,
  ReplacedError,
  TooLargeError,
  UnavailableError,
  UnfinishedUploadError,
} from '../../../src/index.js';
import { partNameOf } from '../../../actors/rules/part-names.js';
import { givenUpIndex, partBucket, partKey } from '../../../src/wire/part-names.js';
import { manifestIn } from '../../../src/client/big-entry.js';
import type { BigRead } from '../../../src/client/big-read.js';
import { FakeCluster, partitions, type FakeNode } from './fake-cluster.js';

type Bytes = Bucket<Uint8Array, Uint8Array | string>;

const partBytes = limits.valueBytesMax;

/** Of no two parts that are equal. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

const big = bytesOf(3 * partBytes + 12_345);

function* pieces(bytes: Buffer, size = 100_000): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** After so many bytes. */
async function* unplugged(size: number): AsyncGenerator<Uint8Array> {
  yield* pieces(big.subarray(0, size));
  throw new Error('unplugged');
}

async function ready(): Promise<{ cluster: FakeCluster; bucket: Bytes }> {
  const cluster = new FakeCluster();
  return { cluster, bucket: (await cluster.ready()).bucket('b') };
}

async function openedOf(cluster: FakeCluster, bucket: Bytes, key = 'k'): Promise<BigRead> {
  return (await cluster.settled(bucket.getStream(key)))!;
}

function puts({ frames }: FakeNode): { bucket: string; keys: number }[] {
  return frames.flatMap(({ frame }) =>
    frame.kind === 'put' ? [{ bucket: frame.bucket, keys: frame.keys.length }] : [],
  );
}

describe('a value of many parts', () => {
  test('comes back as it was put, with its size and SHA-256, in a message for each part', async () => {
    const { cluster, bucket } = await ready();
    const { receipt } = await cluster.settled(bucket.putStream('k', pieces(big)));
    expect(receipt.acked).toBe(2);
    const read = await openedOf(cluster, bucket);
    const sha256 = createHash('sha256').update(big).digest('base64url');
    expect(read).toMatchObject({ size: big.length, digest: `SHA-256=${sha256}`, from: 0 });
    expect(big.equals(await cluster.settled(read.bytes()))).toBe(true);
    const all = cluster.nodes.flatMap(puts);
    expect(all.filter((put) => put.bucket === partBucket('b'))).toEqual(
      Array.from({ length: 4 }, () => ({ bucket: partBucket('b'), keys: 1 })),
    );
    expect(all.at(-1)).toEqual({ bucket: 'b', keys: 1 });
  });

  test('all of it goes to who coordinates its key', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const first = cluster.nodes[partitionOf({ bucket: 'b', key: 'k' }, partitions) % 3]!;
    expect(puts(first)).toHaveLength(5);
  });

  test('parts are read of all readers in turn, of each once', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const read = await openedOf(cluster, bucket);
    for (const node of cluster.nodes) node.own.length = 0;
    await cluster.settled(read.bytes());
    const asked = cluster.nodes.map(({ own }) => own.length);
    expect([Math.min(...asked), Math.max(...asked)]).toEqual([1, 2]);
  });

  test.each<[string, (read: BigRead) => AsyncIterable<Uint8Array>]>([
    ['a web stream', (read) => read.stream()],
    ['a Node stream', (read) => read.node()],
    ['itself', (read) => read],
  ])('is read from %s', async (_, streamOf) => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', Readable.from(pieces(big))));
    const read = await openedOf(cluster, bucket);
    const all = (async () => {
      const got: Uint8Array[] = [];
      for await (const piece of streamOf(read)) got.push(piece);
      return Buffer.concat(got);
    })();
    expect((await cluster.settled(all)).equals(big)).toBe(true);
    expect(() => read.stream()).toThrow(/read already/);
  });

  test.each([
    [0, 1],
    [partBytes - 1, partBytes + 1],
    [700_000, 700_000],
    [1_500_000, undefined],
  ])('is read from byte %d up to %p', async (from, end) => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const read = await cluster.settled(bucket.getStream('k', { range: { from, end } }));
    const got = await cluster.settled(read!.bytes());
    expect(big.subarray(from, end).equals(got)).toBe(true);
  });

  test('progress goes up to its size, both ways', async () => {
    const { cluster, bucket } = await ready();
    const [put, got]: Progress[][] = [[], []];
    const size = big.length;
    const onProgress = (progress: Progress): number => put!.push(progress);
    await cluster.settled(bucket.putStream('k', pieces(big), { size, onProgress }));
    const read = await cluster.settled(
      bucket.getStream('k', { onProgress: (progress) => got!.push(progress) }),
    );
    await cluster.settled(read!.bytes());
    for (const seen of [put!, got!]) {
      expect(seen).toHaveLength(4);
      expect(seen.at(-1)).toEqual({ bytes: size, size });
    }
  });
});

test.each([0, 1, 100_000, partBytes])('%d bytes are a value as others are', async (size) => {
  const { cluster, bucket } = await ready();
  const value = bytesOf(size);
  const seen: Progress[] = [];
  const onProgress = (progress: Progress): number => seen.push(progress);
  await cluster.settled(bucket.putStream('k', pieces(value), { onProgress }));
  expect(cluster.nodes.flatMap(puts)).toEqual([{ bucket: 'b', keys: 1 }]);
  expect(seen).toEqual([{ bytes: size, size }]);
  const read = await openedOf(cluster, bucket);
  const sha256 = createHash('sha256').update(value).digest('base64url');
  expect(read).toMatchObject({ size, digest: `SHA-256=${sha256}` });
  expect(value.equals(await cluster.settled(read.bytes()))).toBe(true);
});

test('an absent key has no stream', async () => {
  const { cluster, bucket } = await ready();
  expect(await cluster.settled(bucket.getStream('absent'))).toBeUndefined();
});

test('a slow reader is not ahead of by more than a few parts', async () => {
  const { cluster, bucket } = await ready();
  await cluster.settled(bucket.putStream('k', pieces(bytesOf(12 * partBytes))));
  const read = (await cluster.settled(bucket.getStream('k')))!.stream().getReader();
  for (const node of cluster.nodes) node.own.length = 0;
  await cluster.after(100);
  expect(cluster.nodes.flatMap(({ own }) => own)).toHaveLength(0);
  await cluster.settled(read.read());
  await cluster.after(1_000);
  expect(cluster.nodes.flatMap(({ own }) => own)).toHaveLength(clientLimits.partsAheadMax);
  await cluster.settled(read.cancel());
});

describe('an entry of a big value', () => {
  test('says so, and shows its manifest to nobody', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    for (const r of [1, 2]) {
      const entry = (await cluster.settled(bucket.get('k', { r })))!;
      expect(entry).toMatchObject({ exists: true, inConflict: false });
      expect(entry.big).toMatchObject({ size: big.length });
      for (const look of [() => entry.value, () => entry.values, () => entry.bytes()])
        expect(look).toThrow(BigValueError);
      expect(() => entry.siblings).toThrow(/getStream/);
      expect(() => entry.siblingAt(0)).toThrow(BigValueError);
    }
  });

  test('an ordinary one is not big', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.put('k', 'v'));
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect([entry.big, entry.bigOf(0), entry.valueCount]).toEqual([undefined, undefined, 1]);
  });

  test('several values: one has to be chosen, big or not', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const manifest = cluster.values.get('k') as Uint8Array;
    cluster.values.set('k', [Buffer.from('small'), null, manifest]);
    cluster.manifests.set('k', [2]);
    await expect(cluster.settled(bucket.getStream('k'))).rejects.toThrow(ConflictError);
    const small = await cluster.settled(bucket.getStream('k', { sibling: 0 }));
    expect(String(await cluster.settled(small!.bytes()))).toBe('small');
    const large = await cluster.settled(bucket.getStream('k', { sibling: 2 }));
    expect(big.equals(await cluster.settled(large!.bytes()))).toBe(true);
    for (const sibling of [1, 3])
      await expect(cluster.settled(bucket.getStream('k', { sibling }))).rejects.toThrow(
        NotFoundError,
      );
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect([entry.big, entry.bigOf(2)?.size]).toEqual([undefined, big.length]);
    await expect(cluster.settled(bucket.update('k', (values) => values[0]))).rejects.toThrow(
      BigValueError,
    );
  });
});

test('a put of too much says that putStream takes it', async () => {
  const { bucket } = await ready();
  const put = bucket.put('k', new Uint8Array(partBytes + 1));
  await expect(put).rejects.toThrow(TooLargeError);
  await expect(put).rejects.toThrow(/putStream/);
});

describe('when things go wrong', () => {
  test('a node dies in the middle of a put, and one in the middle of a get', async () => {
    const { cluster, bucket } = await ready();
    const value = bytesOf(20 * partBytes);
    const first = cluster.nodes[partitionOf({ bucket: 'b', key: 'k' }, partitions) % 3]!;
    const put = bucket.putStream('k', pieces(value));
    while (puts(first).length < 8) await cluster.after(1);
    first.kill();
    await cluster.settled(put);
    const read = (await cluster.settled(bucket.getStream('k')))!;
    const other = cluster.nodes.find((node) => node !== first)!;
    const onward = read.bytes();
    await cluster.after(8);
    other.kill();
    expect(value.equals(await cluster.settled(onward))).toBe(true);
  });

  test('all nodes are gone for a while, longer than a request lives: it goes on when they are back', async () => {
    const { cluster, bucket } = await ready();
    const put = bucket.putStream('k', pieces(big));
    await cluster.after(3);
    for (const node of cluster.nodes) node.kill();
    await cluster.after(15_000);
    for (const node of cluster.nodes) node.start();
    await cluster.settled(put, 60_000);
    expect(big.equals(await cluster.settled((await openedOf(cluster, bucket)).bytes()))).toBe(true);
  });

  test('a part that one reader does not have comes from a quorum', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const read = await openedOf(cluster, bucket);
    // What only a quorum shows.
    const { upload } = manifestIn(cluster.values.get('k') as Uint8Array);
    const name = partKey('k', upload, 1);
    const part = cluster.values.get(name)!;
    cluster.values.delete(name);
    const script = cluster.nodes[0]!.script;
    for (const node of cluster.nodes)
      node.script = (frame, seen) => {
        cluster.values.set(name, part);
        return script(frame, seen);
      };
    expect(big.equals(await cluster.settled(read.bytes()))).toBe(true);
  });

  test('a value that is replaced under its reader: an error says to begin again', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const read = await openedOf(cluster, bucket);
    const { upload } = manifestIn(cluster.values.get('k') as Uint8Array);
    cluster.values.delete(partKey('k', upload, 2));
    await cluster.settled(bucket.putStream('k', pieces(bytesOf(2 * partBytes))));
    const got = read.bytes();
    await expect(cluster.settled(got)).rejects.toThrow(ReplacedError);
    await expect(got).rejects.toThrow(/again from the start/);
  });

  test('a part is lost though its value stands: that is said, and nothing is made up', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const { upload } = manifestIn(cluster.values.get('k') as Uint8Array);
    cluster.values.delete(partKey('k', upload, 2));
    const read = await openedOf(cluster, bucket);
    const got = read.bytes();
    await expect(cluster.settled(got)).rejects.toThrow(UnavailableError);
    await expect(got).rejects.toThrow(/part 2/);
  });

  test('other bytes than were put', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const { upload } = manifestIn(cluster.values.get('k') as Uint8Array);
    cluster.values.set(partKey('k', upload, 0), Buffer.alloc(partBytes));
    const read = await openedOf(cluster, bucket);
    await expect(cluster.settled(read.bytes())).rejects.toThrow(DigestError);
  });

  test('a range that is not there', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.put('k', 'abc'));
    for (const range of [{ from: 4 }, { from: -1 }, { from: 2, end: 1 }, { from: 0.5 }])
      await expect(cluster.settled(bucket.getStream('k', { range }))).rejects.toThrow(
        MalformedError,
      );
  });

  test.each([5, null, undefined, 'text', {}])('%j is no source', async (source) => {
    const { cluster, bucket } = await ready();
    const put = bucket.putStream('k', source as Uint8Array);
    expect(await cluster.failure(put)).toBeInstanceOf(MalformedError);
  });

  test('a source that fails makes no value, and what was stored of it is given up', async () => {
    const { cluster, bucket } = await ready();
    await expect(cluster.settled(bucket.putStream('k', unplugged(big.length)))).rejects.toThrow(
      'unplugged',
    );
    expect(cluster.values.has('k')).toBe(false);
    const marks = [...cluster.values].filter(([name]) => partNameOf(name)!.index === givenUpIndex);
    expect(marks.map(([, value]) => (value as Uint8Array).length)).toEqual([0]);
  });

  test('an upload that is kept goes on where it was', async () => {
    const { cluster, bucket } = await ready();
    const error = await cluster.failure(
      bucket.putStream('k', unplugged(2 * partBytes + 7), { keep: true }),
    );
    expect(error).toBeInstanceOf(UnfinishedUploadError);
    const { position, message } = error as UnfinishedUploadError;
    expect([position.parts, message]).toEqual([2, expect.stringMatching(/unplugged.*2 parts/)]);
    const before = cluster.nodes.flatMap(puts).length;
    const resume = JSON.parse(JSON.stringify(position)) as typeof position;
    await cluster.settled(bucket.putStream('k', pieces(big), { resume }));
    expect(cluster.nodes.flatMap(puts)).toHaveLength(before + 3);
    expect(big.equals(await cluster.settled((await openedOf(cluster, bucket)).bytes()))).toBe(true);
  });

  test('a signal ends a put and a get, with its reason', async () => {
    const { cluster, bucket } = await ready();
    await cluster.settled(bucket.putStream('k', pieces(big)));
    const [put, got] = [new AbortController(), new AbortController()];
    const other = bucket.putStream('l', pieces(bytesOf(20 * partBytes)), { signal: put.signal });
    const read = await cluster.settled(bucket.getStream('k', { signal: got.signal }));
    put.abort(new Error('enough of that'));
    got.abort(new Error('and of this'));
    await expect(cluster.settled(other)).rejects.toThrow('enough of that');
    await expect(cluster.settled(read!.bytes())).rejects.toThrow('and of this');
    expect(cluster.values.has('l')).toBe(false);
  });
});
