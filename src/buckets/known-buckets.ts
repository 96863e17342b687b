/**
 * The buckets as the configuration has them. Until it says anything of buckets they are as this
 * node was told at its start; from then on it wins.
 */
import { inject, injectable } from 'tsyringe';
import {
  type BucketBook,
  defaultsName,
  optionsIn,
  type ReplicaChange,
} from '../../actors/rules/bucket-book.js';
import { type BucketOptions, partOptions } from '../../actors/rules/bucket.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import { isPartBucket, namedBucket } from '../../actors/rules/part-names.js';
import { nAfter, nBefore, type Spread, spreadOf } from '../../actors/rules/spread.js';
import {
  type ReadCount,
  readCountsOf,
  type ReplicaCount,
  replicaCountsOf,
} from '../../actors/rules/transfer.js';
import { NodeOptions } from '../options/node-options.js';
import type { Buckets, BucketTerms } from './buckets.js';
import { bookOf } from './told-book.js';

const nothing: readonly ReplicaChange[] = [];

@injectable()
export class KnownBuckets implements Buckets {
  book!: BucketBook;
  defaults!: BucketTerms;
  own!: ReadonlyMap<ByteString, BucketTerms>;
  largest!: Spread;
  replicaCounts!: readonly ReplicaCount[];
  readCounts!: readonly ReadCount[];
  sayDurability!: boolean;
  private readonly told: BucketBook;
  private unknown!: BucketTerms;
  private followed: readonly unknown[] = [];

  constructor(
    @inject(NodeOptions)
    options: Pick<NodeOptions, 'defaults' | 'buckets'> & Partial<Pick<NodeOptions, 'unknown'>>,
  ) {
    this.told = bookOf(options);
    this.take(this.told, nothing);
  }

  of(name: ByteString): BucketTerms {
    const own = this.own.get(name);
    if (own !== undefined) return own;
    return isPartBucket(name) ? partTerms(this.of(namedBucket(name))) : this.unknown;
  }

  goBy({ buckets = this.told, move }: Pick<Configuration, 'buckets' | 'move'>): void {
    const replicas = move?.replicas ?? nothing;
    const [lastBuckets, lastReplicas] = this.followed;
    if (buckets === lastBuckets && replicas === lastReplicas) return;
    this.followed = [buckets, replicas];
    this.take(buckets, replicas);
  }

  private take(book: BucketBook, replicas: readonly ReplicaChange[]): void {
    const changeOf = (name: ByteString): ReplicaChange | undefined =>
      replicas.find((change) => change.name === name);
    this.book = book;
    this.defaults = termsOf(book.defaults, changeOf(defaultsName));
    this.unknown =
      book.unknown === 'declared' ? { ...this.defaults, refused: 'undeclared' } : this.defaults;
    this.own = new Map(
      book.rows.map(({ name, options, closing }) => {
        const terms = termsOf(options, changeOf(name));
        return [name, closing ? { ...terms, refused: 'closing' } : terms] as const;
      }),
    );
    this.count(replicas);
  }

  /** By the smallest R and W of both sides: so enough of the owners are asked and waited for. */
  private count(replicas: readonly ReplicaChange[]): void {
    const { book, defaults, own } = this;
    const all = [defaults, ...own.values()];
    this.sayDurability = all.some(({ durability }) => durability !== undefined);
    this.largest = spreadOf(
      Math.max(...all.map(({ spread }) => nBefore(spread))),
      Math.max(...all.map(({ spread }) => nAfter(spread))),
    );
    const least = [defaultsName, ...own.keys()].map((name) => {
      const before = optionsIn(book, name);
      const after = replicas.find((change) => change.name === name) ?? before;
      const [r, w] = [Math.min(before.r, after.r), Math.min(before.w, after.w)];
      return { n: spreadOf(before.n, after.n), r, w };
    });
    this.replicaCounts = replicaCountsOf(least);
    this.readCounts = readCountsOf(least);
  }
}

function partTerms(terms: BucketTerms): BucketTerms {
  return { ...terms, ...partOptions(terms) };
}

function termsOf(options: BucketOptions, after: ReplicaChange | undefined): BucketTerms {
  const { n, r, w } = options;
  if (after === undefined) return { ...options, spread: n, quorumMax: n, refused: undefined };
  return {
    ...options,
    r: Math.max(r, after.r),
    w: Math.max(w, after.w),
    spread: spreadOf(n, after.n),
    quorumMax: Math.max(n, after.n),
    refused: undefined,
  };
}
