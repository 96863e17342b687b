/**
 * How large a bucket is: each partition is counted where it is read, page by page, a few at a time.
 * It costs nothing where nobody asks.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import type { BucketCounts } from '../wire/bucket-form.js';
import { countBody, countedOf } from '../wire/protocol/count.js';

export interface CountedBucket extends BucketCounts {
  readonly complete: boolean;
}

@scoped(Lifecycle.ContainerScoped)
export class BucketCounting {
  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  async count(bucket: ByteString): Promise<CountedBucket> {
    const total = { keys: 0, bytes: 0, tombstones: 0, siblings: 0, hints: 0 };
    let complete = true;
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < this.options.partitions) {
        const isCounted = await this.countPartition(bucket, next++, total);
        complete &&= isCounted;
      }
    };
    await Promise.all(Array.from({ length: bucketLimits.countsUnderwayMax }, work));
    return { ...total, complete };
  }

  private async countPartition(
    bucket: ByteString,
    partition: number,
    total: Record<keyof BucketCounts, number>,
  ): Promise<boolean> {
    let after: StorageKey = '';
    for (;;) {
      const node = this.readerOf(bucket, partition);
      if (node === undefined) return false;
      const page = await this.ask(node, { bucket, partition, after });
      if (page === undefined) return false;
      for (const name of ['keys', 'bytes', 'tombstones', 'siblings', 'hints'] as const)
        total[name] += page[name];
      if (page.upTo === '') return true;
      after = page.upTo;
    }
  }

  private readerOf(bucket: ByteString, partition: number): NodeId | undefined {
    const { view } = this;
    const { readers } = view.placement(partition, this.buckets.of(bucket).spread);
    return readers.find((node) => view.reachability(node) === 'alive');
  }

  private ask(
    node: NodeId,
    question: Parameters<typeof countBody>[0],
  ): Promise<ReturnType<typeof countedOf> | undefined> {
    return new Promise((resolve) => {
      this.peers.call(node, 'count', countBody(question), (answer) => {
        if (answer.kind !== 'ok') return resolve(undefined);
        try {
          resolve(countedOf(answer.body, question.after));
        } catch (error) {
          if (!(error instanceof QuorateError)) throw error;
          resolve(undefined);
        }
      });
    });
  }
}
