/** Quorate's public door: what is not exported here may change at any time. */
export { connect, type ConnectOptions } from './client/connect.js';
export { QuorateClient, type ClientOptions } from './client/client.js';
export {
  Bucket,
  PutAllError,
  type Key,
  type PutResult,
  type UpdateOptions,
} from './client/bucket.js';
export type {
  BucketDefaults,
  DeleteOptions,
  GetOptions,
  PutOptions,
} from './client/bucket-options.js';
export { Context } from './client/context.js';
export { ConflictError, Entry } from './client/entry.js';
export type { RetryOptions } from './client/retry-budget.js';
export { json, raw, text, type ValueCodec } from './client/value-codec.js';
export type { Change } from './client/watch.js';
export * from './errors.js';
export type { Receipt } from './wire/receipt.js';
export type { BucketOptions, NodeOptions } from './node/node-options.js';
export { DataDirectoryError } from './node/data-directory.js';
export { startNode, type RunningNode, type StartOptions } from './node/start-node.js';
