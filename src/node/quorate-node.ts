/**
 * A node as its host sees it: a process of the command line, a service that embeds one, or a
 * simulation.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { NodeStatus } from '../api/node-status.js';
import type { Bus } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { Journal } from '../seams/journal.js';
import type { LogDirectory } from '../seams/log-file.js';
import type { InstrumentDescription } from '../seams/metrics.js';
import type { Random } from '../seams/random.js';
import type { Tables } from '../seams/table.js';

/** All that connects a node with the world. */
export interface NodeSeams {
  readonly clock: Clock;
  readonly random: Random;
  /** Closed by the node when it stops. */
  readonly bus: Bus;
  readonly logDirectory: LogDirectory;
  /** Closed by the node when it stops. */
  readonly tables: Tables;
  /** What its operator must know goes there. */
  readonly journal?: Journal;
}

export interface QuorateNode {
  /** '' until the node has read its disk. */
  readonly id: NodeId;
  /** Once; resolves when it serves, rejects when it stops or fails before. */
  start(): Promise<void>;
  /** Resolves when it has read its disk, and with that has its id. */
  readonly recovered: Promise<void>;
  /** Takes no more requests, finishes those it has, flushes, closes; resolves as `stopped` does. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, rejects with the fatal error when it failed. */
  readonly stopped: Promise<void>;
  /** Something it stands on gave way: it ends, without a flush. */
  fail(error: Error): void;
  status(): NodeStatus;
  /** What `status` counts and measures, as far as its parts are made. */
  instruments(): InstrumentDescription[];
  /**
   * A failed sync, a second process with the same id, …: the node has given up and nothing was
   * flushed. The process should end.
   */
  onFatal(listener: (error: Error) => void): void;
  /** Once it is no member any more, having handed on all that it held: it stops by itself. */
  onLeft(listener: () => void): void;
  /** What an operator must know and the node can't mend itself. */
  onProblem(listener: (text: string) => void): void;
}
