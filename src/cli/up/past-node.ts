/**
 * The directory of a node that has left its cluster, or was never taken in: it goes when it holds
 * nothing. What is looked at is what a start of the node would find, its commit log included.
 */
import 'reflect-metadata';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDirectory } from '../../node/data-directory.js';
import { nodeOptionsDefault, type NodeOptions } from '../../options/node-options.js';
import { Metrics } from '../../seams/metrics.js';
import { RealClock } from '../../seams/real-clock.js';
import { RealRandom } from '../../seams/real-random.js';
import { DiskLogDirectory } from '../../store/disk-log-directory.js';
import { DurableStore } from '../../store/durable-store.js';
import { LmdbTables } from '../../store/lmdb-tables.js';
import { decodeIdentity, metaKeys, metaRow } from '../../store/meta.js';

export interface Held {
  /** Tombstones included. */
  readonly keys: number;
  /** Owed to other nodes. */
  readonly hints: number;
}

/**
 * Removes the directory unless it holds something; resolves to what that is. Throws
 * `DataDirectoryError` while the node runs.
 */
export async function dropPastNode(dataDir: string, name: string): Promise<Held> {
  const path = join(dataDir, name);
  const directory = lockDataDirectory(path);
  let held: Held;
  try {
    held = await heldIn(path, name);
  } finally {
    directory.release();
  }
  if (held.keys === 0 && held.hints === 0) rmSync(path, { recursive: true });
  return held;
}

async function heldIn(path: string, name: string): Promise<Held> {
  if (!existsSync(join(path, 'tables'))) return { keys: 0, hints: 0 };
  const preset = { ...nodeOptionsDefault, name, dataDir: path };
  const tables = new LmdbTables(preset);
  const identity = metaRow(tables.open('meta'), metaKeys.identity);
  if (identity === undefined) {
    await tables.close();
    return { keys: 0, hints: 0 };
  }
  const { partitions } = decodeIdentity(identity);
  const options: NodeOptions = { ...preset, partitions };
  const store = new DurableStore(
    new RealClock(),
    new RealRandom(),
    new DiskLogDirectory(options),
    tables,
    options,
    new Metrics(),
  );
  await store.recover();
  const held = { keys: store.keys, hints: store.hints.total().count };
  await store.close();
  return held;
}
