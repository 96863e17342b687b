/**
 * The public door without a node, `quorate/client`: nothing behind it loads LMDB. What is not
 * exported here or in `src/index.ts` may change at any time.
 */
export { connect, type ConnectOptions } from './connect.js';
export type { ExistingConnection, NatsCredentials, NatsTls } from '../bus/who-one-is.js';
export { QuorateClient, type ClientOptions } from './client.js';
export {
  Bucket,
  PutAllError,
  type CreateOptions,
  type Key,
  type PutResult,
  type UpdateOptions,
} from './bucket.js';
export type {
  BucketDefaults,
  DeleteOptions,
  GetOptions,
  Lifetime,
  PutOptions,
} from './bucket-options.js';
export { BigValueError, type BigValueInfo } from './big-entry.js';
export { BigRead } from './big-read.js';
export {
  UnfinishedUploadError,
  type GetStreamOptions,
  type PutStreamOptions,
} from './big-values.js';
export type { ByteSource } from './byte-source.js';
export type { Progress, UploadPosition } from './upload.js';
export { ClientBuckets, type BucketProperties } from './buckets.js';
export type { BucketChanged, BucketForm, BucketInfo, BucketList } from '../wire/bucket-form.js';
export { Context } from './context.js';
export { ConflictError, Entry } from './entry.js';
export type { Counter, MergingMap, MergingSet } from './crdt/merging-values.js';
export { ResolveError } from './resolve-error.js';
export { lastWriter, union, type Resolver } from './resolver.js';
export { KeyListing, type ListingOptions } from './key-listing.js';
export type { RequestTrace } from './request-trace.js';
export type { RetryOptions } from './retry-budget.js';
export type { TouchOptions } from './touch.js';
export { json, raw, text, type ValueCodec } from './value-codec.js';
export { BucketWatch, type WatchOptions } from './bucket-watch.js';
export type { Change, Watch } from './watch.js';
export {
  natsKv,
  type NatsKv,
  type NatsKvDeleteOptions,
  type NatsKvPutOptions,
  type NatsKvStatus,
} from './nats-kv.js';
export type { NatsKvWatch, NatsKvWatchOptions } from './nats-kv-watch.js';
export type { NatsKvEntry, NatsKvIterator, NatsKvOperation } from './nats-kv-entry.js';
export type { WatchedEvent, WatchedKey, WatchMarker, WatchStatus } from './watch-messages.js';
export * from '../errors.js';
export type { Receipt } from '../wire/receipt.js';
