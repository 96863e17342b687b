/** What each bucket of the cluster promises, for whoever serves it: the only place that knows. */
import type { BucketBook } from '../../actors/rules/bucket-book.js';
import type { BucketOptions } from '../../actors/rules/bucket.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { Spread } from '../../actors/rules/spread.js';
import type { ReadCount, ReplicaCount } from '../../actors/rules/transfer.js';

/** As requests are served by it. While N changes, R and W are the larger ones of both sides. */
export interface BucketTerms extends BucketOptions {
  /** Where its keys lie; N itself unless N changes. */
  readonly spread: Spread;
  /** No request may say a larger R or W. */
  readonly quorumMax: number;
  /** Why nothing is served: it is being removed, or was never created; undefined: it is served. */
  readonly refused: 'closing' | 'undeclared' | undefined;
}

export interface Buckets {
  /** Of every bucket that has nothing of its own. */
  readonly defaults: BucketTerms;
  /** Whole, with the defaults where a bucket says nothing; in the order in which they were told. */
  readonly own: ReadonlyMap<ByteString, BucketTerms>;
  /** Of the most replicas that any key has, or comes to have. */
  readonly largest: Spread;
  /** Of each number of replicas that some bucket has. */
  readonly replicaCounts: readonly ReplicaCount[];
  readonly readCounts: readonly ReadCount[];
  /** As the configuration has it, or will once it says anything of buckets. */
  readonly book: BucketBook;
  /** Whether some bucket is acknowledged otherwise than nodes are told. */
  readonly sayDurability: boolean;
  of(name: ByteString): BucketTerms;
  /** Called by membership alone, before anything else follows the configuration. */
  goBy(configuration: Pick<Configuration, 'buckets' | 'move'>): void;
}

export const Buckets = Symbol('Buckets');
