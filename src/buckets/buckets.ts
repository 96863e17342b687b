/** What each bucket of the cluster promises, for whoever serves it: the only place that knows. */
import type { BucketOptions } from '../../actors/rules/bucket.js';
import type { ByteString } from '../../actors/rules/key.js';

export interface Buckets {
  /** Of every bucket that has nothing of its own. */
  readonly defaults: BucketOptions;
  /** Whole, with the defaults where a bucket says nothing; in the order in which they were told. */
  readonly own: ReadonlyMap<string, BucketOptions>;
  /** The most replicas that any key has. */
  readonly largestN: number;
  of(name: ByteString): BucketOptions;
}

export const Buckets = Symbol('Buckets');
