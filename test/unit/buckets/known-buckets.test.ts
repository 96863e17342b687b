import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import type { BucketBook, BucketRow } from '../../../actors/rules/bucket-book.js';
import { bucketOptionsDefault, type BucketOptions } from '../../../actors/rules/bucket.js';
import { partBucket } from '../../../actors/rules/part-names.js';
import { spreadOf } from '../../../actors/rules/spread.js';
import { KnownBuckets } from '../../../src/buckets/known-buckets.js';

const defaults = { ...bucketOptionsDefault, n: 3, r: 2, w: 2 };

test('buckets: what a bucket says of itself stands before the defaults, property by property', () => {
  const buckets = new KnownBuckets({ defaults, buckets: { shop: { w: 3, ttlMs: 5 } } });
  expect(buckets.of('shop')).toMatchObject({ ...defaults, w: 3, ttlMs: 5 });
  expect(buckets.of('elsewhere')).toMatchObject(defaults);
  expect([...buckets.own.keys()]).toEqual(['shop']);
});

test.each(['constructor', '__proto__', 'toString'])(
  'buckets: %s is a name like any other',
  (name) => {
    expect(new KnownBuckets({ defaults, buckets: {} }).of(name)).toMatchObject(defaults);
  },
);

test.each([
  [3, {}],
  [3, { few: { n: 1 } }],
  [5, { few: { n: 1 }, many: { n: 5 } }],
])('buckets: the largest N is %i of %j', (largestN, own) => {
  expect(new KnownBuckets({ defaults, buckets: own }).largest).toBe(largestN);
});

describe('buckets: what the configuration says', () => {
  const row = (name: string, own: Partial<BucketOptions> = {}, closing = false): BucketRow => {
    return { name, options: { ...defaults, ...own }, closing };
  };
  const book = (...rows: BucketRow[]): BucketBook => ({ defaults, unknown: 'defaults', rows });
  const known = new KnownBuckets({ defaults, buckets: { shop: { w: 3 } } });

  test('counts instead of what the node was told, and is followed', () => {
    known.goBy({ buckets: undefined, move: undefined });
    expect(known.of('shop').w).toBe(3);
    known.goBy({ buckets: book(row('shop', { w: 1 })), move: undefined });
    expect(known.of('shop').w).toBe(1);
    known.goBy({ buckets: book(), move: undefined });
    expect(known.of('shop')).toMatchObject(defaults);
  });

  test('of a bucket that is being removed, or was never declared, nothing is served', () => {
    known.goBy({ buckets: book(row('old', {}, true)), move: undefined });
    expect(['old', 'new'].map((name) => known.of(name).refused)).toEqual(['closing', undefined]);
    known.goBy({ buckets: { ...book(row('shop')), unknown: 'declared' }, move: undefined });
    expect(['shop', 'new'].map((name) => known.of(name).refused)).toEqual([
      undefined,
      'undeclared',
    ]);
  });

  test('while N changes both sides count, with the larger quorums for requests', () => {
    const replicas = [{ name: 'shop', n: 1, r: 1, w: 1 }];
    const move = { members: [], ring: 2 as const, moved: [], replicas };
    known.goBy({ buckets: book(row('big', { n: 5 }), row('shop')), move });
    const { spread, n, r, w, quorumMax } = known.of('shop');
    expect({ spread, n, r, w, quorumMax }).toEqual({
      spread: spreadOf(3, 1),
      n: 3,
      r: 2,
      w: 2,
      quorumMax: 3,
    });
    expect(known.largest).toBe(5);
    // What was put before has met the W of before: of whom to ask says the smaller one.
    expect(known.replicaCounts).toContainEqual({ n: spreadOf(3, 1), w: 1 });
    expect(known.readCounts).toContainEqual({ n: spreadOf(3, 1), r: 1 });
  });

  test('names are bytes', () => {
    const told = new KnownBuckets({ defaults, buckets: { käse: { w: 3 } } });
    expect(told.of(Buffer.from('käse').toString('latin1')).w).toBe(3);
  });
});

test('buckets: parts of big values lie as their keys do, for as long, and tell nobody', () => {
  const media = { n: 5, r: 3, w: 4, ttlMs: 9, conflict: 'last-writer-wins' } as const;
  const buckets = new KnownBuckets({ defaults, buckets: { media } });
  const { conflict, ttlMs, events, ...alike } = buckets.of(partBucket('media'));
  expect({ conflict, ttlMs, events }).toEqual({ conflict: 'siblings', ttlMs: 0, events: 'off' });
  expect(buckets.of('media')).toMatchObject(alike);
  expect(buckets.of(partBucket('elsewhere')).n).toBe(defaults.n);
});
