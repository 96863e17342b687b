/** The buckets as this node was told at its start; they stay so for as long as it runs. */
import { inject, injectable } from 'tsyringe';
import { partOptions, type BucketOptions } from '../../actors/rules/bucket.js';
import type { ByteString } from '../../actors/rules/key.js';
import { isPartBucket, namedBucket } from '../../actors/rules/part-names.js';
import { NodeOptions } from '../options/node-options.js';
import type { Buckets } from './buckets.js';

@injectable()
export class ToldBuckets implements Buckets {
  readonly defaults: BucketOptions;
  readonly own: ReadonlyMap<string, BucketOptions>;
  readonly largestN: number;

  constructor(
    @inject(NodeOptions) { defaults, buckets }: Pick<NodeOptions, 'defaults' | 'buckets'>,
  ) {
    this.defaults = defaults;
    this.own = new Map(
      Object.entries(buckets).map(([name, own]) => [name, { ...defaults, ...own }]),
    );
    this.largestN = Math.max(defaults.n, ...[...this.own.values()].map(({ n }) => n));
  }

  of(name: ByteString): BucketOptions {
    const own = this.own.get(name);
    if (own !== undefined) return own;
    return isPartBucket(name) ? partOptions(this.of(namedBucket(name))) : this.defaults;
  }
}
