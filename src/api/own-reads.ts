/**
 * Answers own reads: what this node holds of keys it is a primary of, asked of nobody else. A
 * client that gets the same digest from R primaries has what a get round would give it; when they
 * differ, it asks a coordinator.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { ConflictPolicy } from '../../actors/rules/bucket.js';
import { isServed, unsaid } from '../../actors/rules/said-configuration.js';
import {
  partitionOf,
  storageKeyOf,
  type ByteString,
  type StorageKey,
} from '../../actors/rules/key.js';
import { isReadAlike } from '../../actors/rules/placement.js';
import { emptyDigest, emptyState } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import { bucketRefusal } from '../coordinator/bucket-refusal.js';
import type { Receipt } from '../coordinator/coordinator.js';
import { contextShown, replyOf } from '../coordinator/views.js';
import { OtherConfigurationError, UnavailableError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Store, type HeldRecord } from '../store/store.js';
import { digestBytes, writeDigest } from '../wire/digest-codec.js';
import type { FrameValue, GetFrameReply, ManifestPlace, RowError } from '../wire/frame-replies.js';
import { loneValueOf } from '../wire/lone-value.js';
import type { OwnFrame, OwnReply } from '../wire/own-frames.js';
import { receiptOfOne, receiptText } from '../wire/receipt.js';
import { checkFrameBucket, keysOf } from './names.js';

type Records = readonly (HeldRecord | undefined)[];

@scoped(Lifecycle.ContainerScoped)
export class OwnReads {
  private readonly receipt: Receipt;
  private readonly receipts: readonly string[];

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.receipt = receiptOfOne(store.durability);
    this.receipts = [receiptText(this.receipt)];
  }

  /**
   * Throws `MalformedError`, `OtherConfigurationError`, and `UnavailableError` when this node is no
   * primary of some key.
   */
  answer({ bucket, whole, keys, configuration, side }: OwnFrame): Omit<OwnReply, 'kind'> {
    if (!isServed(configuration, this.view.configuration)) throw new OtherConfigurationError();
    checkFrameBucket(bucket);
    const keyOf = keysOf(bucket);
    const { spread: n, conflict, refused } = this.buckets.of(bucket);
    if (refused !== undefined) throw bucketRefusal(refused, { bucket });
    const said = { configuration, side };
    const names = keys.map((key) => this.nameOf({ bucket, key: keyOf(key) }, n, said));
    const records = this.store.readAll(names);
    const digests = Buffer.allocUnsafe(records.length * digestBytes);
    for (let i = 0; i < records.length; i++)
      writeDigest(records[i]?.digest ?? emptyDigest, digests, i * digestBytes);
    return { digests, shown: whole ? this.show(records, conflict) : undefined };
  }

  private nameOf(
    named: { readonly bucket: ByteString; readonly key: ByteString },
    n: number,
    { configuration, side }: Pick<OwnFrame, 'configuration' | 'side'>,
  ): StorageKey {
    const partition = partitionOf(named, this.options.partitions);
    const placement = this.view.placement(partition, n);
    if (configuration !== unsaid && !isReadAlike(side, placement))
      throw new OtherConfigurationError();
    if (!placement.readers.includes(this.view.self.id))
      throw new UnavailableError('not a primary of the key: ask for the ring again');
    return storageKeyOf({ partition, bucket: named.bucket, key: named.key });
  }

  private show(records: Records, conflict: ConflictPolicy): GetFrameReply {
    const how = { conflict, nowMs: this.clock.wallMs(), receipt: this.receipt };
    const contexts: (Uint8Array | null)[] = [];
    const values: FrameValue[] = [];
    const errors: RowError[] = [];
    const manifests: ManifestPlace[] = [];
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      const lone = record === undefined ? undefined : loneValueOf(record.span, how.nowMs);
      // Without the reply object of `replyOfBytes`: own reads are what there is most of.
      if (lone !== undefined) {
        contexts.push(contextShown(record!.span));
        values.push(lone);
        continue;
      }
      const reply = replyOf(record?.state ?? emptyState, how);
      contexts.push(reply.context ?? null);
      if (reply.ok) {
        values.push(reply.values.length === 1 ? reply.values[0]! : reply.values);
        for (const place of reply.manifests ?? []) manifests.push([index, place]);
      } else {
        const { code, outcome, message } = reply.error;
        values.push(null);
        errors.push({ index, code, outcome, message });
      }
    }
    const shown: GetFrameReply = {
      kind: 'get',
      contexts,
      values,
      receipts: this.receipts,
      receiptOf: null,
      errors,
      clock: null,
    };
    return manifests.length === 0 ? shown : { ...shown, manifests };
  }
}
