/** Quorate's public door: what is not exported here may change at any time. */
import type { NatsBusOptions } from './bus/nats-bus.js';
import type { RunningNode, StartOptions } from './node/start-node.js';

export { connect, type ConnectOptions } from './client/connect.js';
export { QuorateClient, type ClientOptions } from './client/client.js';
export {
  Bucket,
  PutAllError,
  type CreateOptions,
  type Key,
  type PutResult,
  type UpdateOptions,
} from './client/bucket.js';
export type {
  BucketDefaults,
  DeleteOptions,
  GetOptions,
  Lifetime,
  PutOptions,
} from './client/bucket-options.js';
export { BigValueError, type BigValueInfo } from './client/big-entry.js';
export { BigRead } from './client/big-read.js';
export {
  UnfinishedUploadError,
  type GetStreamOptions,
  type PutStreamOptions,
} from './client/big-values.js';
export type { ByteSource } from './client/byte-source.js';
export type { Progress, UploadPosition } from './client/upload.js';
export { ClientBuckets, type BucketProperties } from './client/buckets.js';
export type { BucketChanged, BucketForm, BucketInfo, BucketList } from './wire/bucket-form.js';
export { Context } from './client/context.js';
export { ConflictError, Entry } from './client/entry.js';
export type { Counter, MergingMap, MergingSet } from './client/crdt/merging-values.js';
export { ResolveError } from './client/resolve-error.js';
export { lastWriter, union, type Resolver } from './client/resolver.js';
export { KeyListing, type ListingOptions } from './client/key-listing.js';
export type { RequestTrace } from './client/request-trace.js';
export type { RetryOptions } from './client/retry-budget.js';
export type { TouchOptions } from './client/touch.js';
export { json, raw, text, type ValueCodec } from './client/value-codec.js';
export { BucketWatch, type WatchOptions } from './client/bucket-watch.js';
export type { Change, Watch } from './client/watch.js';
export {
  natsKv,
  type NatsKv,
  type NatsKvDeleteOptions,
  type NatsKvPutOptions,
  type NatsKvStatus,
} from './client/nats-kv.js';
export type { NatsKvWatch, NatsKvWatchOptions } from './client/nats-kv-watch.js';
export type { NatsKvEntry, NatsKvIterator, NatsKvOperation } from './client/nats-kv-entry.js';
export type {
  WatchedEvent,
  WatchedKey,
  WatchMarker,
  WatchStatus,
} from './client/watch-messages.js';
export * from './errors.js';
export type { Receipt } from './wire/receipt.js';
export { DataDirectoryError } from './node/data-directory.js';
export type { NatsBusOptions, RunningNode, StartOptions };
export type { BucketOptions } from '../actors/rules/bucket.js';
export type { NodeOptions } from './options/node-options.js';

/**
 * A node inside one's own service: `const node = await startNode({ name, dataDir }, { servers })`.
 * Resolves when it has read its disk; `await node.serving` for the rest. See
 * `src/node/start-node.ts`.
 */
export async function startNode(
  options: StartOptions,
  connection: NatsBusOptions,
): Promise<RunningNode> {
  // Clients shall not pay for loading the store.
  const module = await import('./node/start-node.js');
  return module.startNode(options, connection);
}
