/** A node on real parts: for the `quorate node` command, and to embed one in one's own service. */
import 'reflect-metadata';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { NatsBus, type NatsBusOptions } from '../bus/nats-bus.js';
import type { NodeStatus } from '../api/node-status.js';
import { checkOptions } from '../options/check-options.js';
import { nodeOptionsDefault, type NodeOptions } from '../options/node-options.js';
import type { InstrumentDescription } from '../seams/metrics.js';
import type { Journal } from '../seams/journal.js';
import { RealClock } from '../seams/real-clock.js';
import { RealRandom } from '../seams/real-random.js';
import { DiskLogDirectory } from '../store/disk-log-directory.js';
import { LmdbTables } from '../store/lmdb-tables.js';
import { composeNode, type QuorateNode } from './compose-node.js';
import { lockDataDirectory } from './data-directory.js';

/** Needed are `name` and `dataDir`; the rest has defaults. */
export type StartOptions = Partial<NodeOptions> & Pick<NodeOptions, 'name' | 'dataDir'>;

export interface RunningNode {
  readonly id: NodeId;
  /**
   * Resolves when the node serves and its server knows so: it may wait for the other founders of
   * its cluster, or to be taken in by one that was founded without it. `onProblem` tells which, and
   * so does `status().problems`. Rejects if it never will.
   */
  readonly serving: Promise<void>;
  /** Resolves when it has stopped, rejects with the error that ended it. */
  readonly stopped: Promise<void>;
  /** Takes no more requests, finishes those it has, writes everything, closes. */
  stop(): Promise<void>;
  status(): NodeStatus;
  /** What `status` counts and measures. */
  instruments(): InstrumentDescription[];
  onFatal(listener: (error: Error) => void): void;
  /** Once it is no member any more, having handed on all that it held: it stops by itself. */
  onLeft(listener: () => void): void;
  onProblem(listener: (text: string) => void): void;
  /** To NATS: as if a cable was pulled, and put back. */
  readonly link: { cut(): void; mend(): void; readonly connected: boolean };
}

/**
 * Resolves when the node has read its disk and goes on towards serving by itself; see `serving`.
 *
 * Throws `RangeError` on an option that makes no sense, `DataDirectoryError` when another process
 * has the directory, and whatever NATS says when it can't be reached (unless `waitForServer`).
 * `journal` is told what an operator must know.
 */
export async function startNode(
  given: StartOptions,
  connection: NatsBusOptions,
  journal?: Journal,
): Promise<RunningNode> {
  const options: NodeOptions = { ...nodeOptionsDefault, pid: process.pid, ...given };
  checkOptions(options);
  const directory = lockDataDirectory(options.dataDir);
  try {
    const node = await open(options, connection, journal);
    const release = (): void => directory.release();
    node.stopped.then(release, release);
    return node;
  } catch (error) {
    directory.release();
    throw error;
  }
}

async function open(
  options: NodeOptions,
  connection: NatsBusOptions,
  journal: Journal | undefined,
): Promise<RunningNode> {
  let node: QuorateNode | undefined;
  const bus = await NatsBus.connect({
    name: `quorate ${options.name}`,
    payloadBytesMin: limits.payloadBytesMin,
    ...connection,
    // A subject this user may not listen to, or a handler that left its work undone: the node can't
    // keep its promises.
    onError: (error) => {
      if (node === undefined) throw error;
      node.fail(error);
    },
  });
  try {
    const composed = composeNode(
      {
        clock: new RealClock(),
        random: new RealRandom(),
        bus,
        logDirectory: new DiskLogDirectory(options),
        tables: new LmdbTables(options),
        ...(journal !== undefined && { journal }),
      },
      options,
    );
    node = composed;
    // Cut off meanwhile, it subscribes again when it is back.
    const serving = composed.start().then(() => bus.flush().catch(() => undefined));
    serving.catch(() => undefined);
    await Promise.race([composed.recovered, composed.stopped]);
    return {
      id: composed.id,
      serving,
      stopped: composed.stopped,
      stop: () => composed.stop(),
      status: () => composed.status(),
      instruments: () => composed.instruments(),
      onFatal: (listener) => composed.onFatal(listener),
      onLeft: (listener) => composed.onLeft(listener),
      onProblem: (listener) => composed.onProblem(listener),
      link: {
        cut: () => bus.cut(),
        mend: () => bus.mend(),
        get connected() {
          return bus.connected;
        },
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  }
}
