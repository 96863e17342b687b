import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
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
