/** Quorate's public door: what is not exported here may change at any time. */
import type { NatsBusOptions } from './bus/nats-bus.js';
import { NativePartError, withNativeParts } from './node/native-parts.js';
import type { RunningNode, StartOptions } from './node/start-node.js';
import type { Journal, JournalEvent } from './seams/journal.js';

export * from './client/index.js';
export { DataDirectoryError } from './node/data-directory.js';
export { NativePartError };
export type { Journal, JournalEvent, NatsBusOptions, RunningNode, StartOptions };
export type { BucketOptions } from '../actors/rules/bucket.js';
export type { NodeOptions } from './options/node-options.js';

/**
 * A node inside one's own service: `const node = await startNode({ name, dataDir }, { servers })`.
 * Resolves when it has read its disk; `await node.serving` for the rest. `journal` is told what an
 * operator must know; it must not throw.
 *
 * Rejects with a `NativePartError` where LMDB is not installed, a `RangeError` on an option that
 * makes no sense, a `DataDirectoryError` when another process has the directory, and whatever NATS
 * says when it can't be reached (unless `waitForServer`).
 */
export async function startNode(
  options: StartOptions,
  connection: NatsBusOptions,
  journal?: Journal,
): Promise<RunningNode> {
  // Clients shall not pay for loading the store.
  const module = await withNativeParts(() => import('./node/start-node.js'));
  return module.startNode(options, connection, journal);
}
