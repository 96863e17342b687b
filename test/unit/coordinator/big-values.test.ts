import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { limits } from '../../../actors/rules/limits.js';
import { nothingSeen } from '../../../actors/rules/versions.js';
import type { PutReply } from '../../../src/coordinator/coordinator.js';
import { ConditionError } from '../../../src/errors.js';
import { encodeManifest } from '../../../src/wire/manifest.js';
import { givenUpIndex, partBucket, partKey, uploadOf } from '../../../src/wire/part-names.js';
import { RoundCluster } from '../../support/round-cluster.js';

let cluster: RoundCluster;

beforeEach(async () => {
  cluster = await RoundCluster.start({ nodes: 3, buckets: { small: { valueBytesMax: 1_000 } } });
});

afterEach(() => {
  expect(cluster.errors).toEqual([]);
});

const nowMs = (): number => cluster.nodes[0]!.clock.wallMs();
const upload = (agoMs = 0): string => uploadOf(nowMs() - agoMs, 'abcdefghij');

function manifestOf(of: string, size = 2_000_000): Buffer {
  return encodeManifest({ size, partBytes: 500_000, sha256: Buffer.alloc(32, 5), upload: of });
}

function commit(of: string, ask: { at?: number; bucket?: string } = {}): Promise<PutReply> {
  const { at = 0, bucket = 'b' } = ask;
  return cluster.put(at, { bucket, value: manifestOf(of), isManifest: true });
}

function part(of: string, index: number): Promise<PutReply> {
  return cluster.put(0, { bucket: partBucket('b'), key: partKey('k', of, index), value: 'part' });
}

describe('big values at coordinators', () => {
  test('a get says that the value is a manifest, from any node, and at R=1', async () => {
    const of = upload();
    expect(await part(of, 0)).toMatchObject({ ok: true });
    expect(await commit(of)).toMatchObject({ ok: true });
    const shown = { ok: true, values: [manifestOf(of)], manifests: [0] };
    for (const [at] of cluster.nodes.entries())
      for (const quorum of [1, 2]) expect(await cluster.get(at, { quorum })).toMatchObject(shown);
    // On bytes, too: the second put replaces all that is held.
    const next = uploadOf(nowMs(), 'zzzzzzzzzz');
    expect(await commit(next)).toMatchObject({ ok: true });
    expect(await cluster.get(1)).toMatchObject({ values: [manifestOf(next)], manifests: [0] });
  });

  test('siblings: which of them are big is said by their place', async () => {
    const of = upload();
    await cluster.put(0, { value: 'small', context: undefined });
    await cluster.put(0, {
      value: manifestOf(of),
      isManifest: true,
      context: nothingSeen,
    });
    const reply = await cluster.get(1);
    if (!reply.ok) throw reply.error;
    const at = reply.values.findIndex((value) => value?.length === manifestOf(of).length);
    expect(reply).toMatchObject({ manifests: [at] });
    expect(reply.values).toHaveLength(2);
  });

  test('a put or delete that replaces one says of its upload that the parts need not wait', async () => {
    const [first, second] = [upload(), uploadOf(nowMs(), 'zzzzzzzzzz')];
    const end = (of: string): string[] =>
      cluster.valuesAt(0, { bucket: partBucket('b'), key: partKey('k', of, givenUpIndex) });
    await commit(first);
    // The same once more replaces nothing.
    await commit(first);
    await cluster.run(10);
    expect(end(first)).toEqual([]);
    await commit(second);
    await cluster.run(10);
    expect([end(first), end(second)]).toEqual([[''], []]);
    await cluster.put(0, { value: 'beside it', context: nothingSeen });
    await cluster.run(10);
    expect(end(second)).toEqual([]);
    await cluster.put(0, { value: null });
    await cluster.run(10);
    expect(end(second)).toEqual(['']);
  });

  test('bytes of a client that look like a manifest are a value', async () => {
    await cluster.put(0, { value: manifestOf(upload()) });
    const reply = await cluster.get(1);
    expect(reply).toMatchObject({ ok: true });
    expect(reply).not.toHaveProperty('manifests');
  });

  test('what a condition was compared with may be big', async () => {
    await commit(upload());
    const reply = await cluster.put(0, { value: 'x', onlyIf: { is: 'absent', r: 0 } });
    if (reply.ok || !(reply.error instanceof ConditionError)) throw new Error('it was put');
    expect(reply.error.found).toMatchObject({ manifests: [0] });
  });
});

describe('refused by coordinators', () => {
  const lateMs = partLimits.uploadLeaseMsDefault;

  test.each<[string, () => Promise<PutReply>]>([
    ['a manifest of an upload that is over', () => commit(upload(lateMs))],
    ['one that has not begun', () => commit(upload(-60_000))],
    ['a part of an upload that is over', () => part(upload(lateMs), 0)],
    ['a part of one that has not begun', () => part(upload(-60_000), 0)],
  ])('%s: 409', async (_what, put) => {
    const reply = await put();
    expect(reply).toMatchObject({ ok: false, error: { code: 409, outcome: 'none' } });
    if (!reply.ok) expect(reply.error.message).toMatch(/^Kv-Upload: /);
  });

  test('a manifest of an upload that was given up', async () => {
    const of = upload();
    expect(await part(of, givenUpIndex)).toMatchObject({ ok: true });
    expect(await commit(of)).toMatchObject({ ok: false, error: { code: 409 } });
  });

  test('not what the key has already: it may be put again, and whoever read it may keep it', async () => {
    const of = upload(lateMs - 10 * 60_000);
    expect(await commit(of)).toMatchObject({ ok: true });
    await cluster.run(20 * 60_000);
    expect(await commit(of)).toMatchObject({ ok: true });
    await cluster.put(0, { value: 'other' });
    expect(await commit(of)).toMatchObject({ ok: false, error: { code: 409 } });
  });

  test('values beyond the bound of their bucket, parts and all, by a text that says what it is', async () => {
    const big = await commit(upload(), { bucket: 'small' });
    expect(big).toMatchObject({ ok: false, error: { code: 413 } });
    if (!big.ok) expect(big.error.message).toContain('1000 bytes');
    const plain = await cluster.put(0, { bucket: 'small', value: 'x'.repeat(1_001) });
    expect(plain).toMatchObject({ ok: false, error: { code: 413 } });
    const inOne = await cluster.put(0, { value: 'x'.repeat(limits.valueBytesMax + 1) });
    if (inOne.ok) throw new Error('it was put');
    for (const way of ['Kv-Upload', 'putStream', 'quorate put --file'])
      expect(inOne.error.message).toContain(way);
  });

  test('what is in the bucket of parts and no part', async () => {
    const reply = await cluster.put(0, { bucket: partBucket('b'), key: 'k' });
    expect(reply).toMatchObject({ ok: false, error: { code: 400 } });
  });
});
