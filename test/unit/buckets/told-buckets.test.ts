import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
import { partBucket } from '../../../actors/rules/part-names.js';
import { ToldBuckets } from '../../../src/buckets/told-buckets.js';

const defaults = { ...bucketOptionsDefault, n: 3, r: 2, w: 2 };

test('buckets: what a bucket says of itself stands before the defaults, property by property', () => {
  const buckets = new ToldBuckets({ defaults, buckets: { shop: { w: 3, ttlMs: 5 } } });
  expect(buckets.of('shop')).toEqual({ ...defaults, w: 3, ttlMs: 5 });
  expect(buckets.of('elsewhere')).toEqual(defaults);
  expect([...buckets.own.keys()]).toEqual(['shop']);
});

test.each(['constructor', '__proto__', 'toString'])(
  'buckets: %s is a name like any other',
  (name) => {
    expect(new ToldBuckets({ defaults, buckets: {} }).of(name)).toEqual(defaults);
  },
);

test.each([
  [3, {}],
  [3, { few: { n: 1 } }],
  [5, { few: { n: 1 }, many: { n: 5 } }],
])('buckets: the largest N is %i of %j', (largestN, own) => {
  expect(new ToldBuckets({ defaults, buckets: own }).largestN).toBe(largestN);
});

test('buckets: parts of big values lie as their keys do, for as long, and tell nobody', () => {
  const media = { n: 5, r: 3, w: 4, ttlMs: 9, conflict: 'last-writer-wins' } as const;
  const buckets = new ToldBuckets({ defaults, buckets: { media } });
  const { conflict, ttlMs, events, ...alike } = buckets.of(partBucket('media'));
  expect({ conflict, ttlMs, events }).toEqual({ conflict: 'siblings', ttlMs: 0, events: 'off' });
  expect(buckets.of('media')).toMatchObject(alike);
  expect(buckets.of(partBucket('elsewhere')).n).toBe(defaults.n);
});
