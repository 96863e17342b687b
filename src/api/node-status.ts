/** What a node says about itself on `kv.status`. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import type { HistogramReading } from '../seams/metrics.js';

export interface NodeStatus {
  readonly id: NodeId;
  /** Name, host and zone as the configuration of its cluster has them. */
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  /** The name it was told at its start. */
  readonly startedAs: string;
  /** Whose configuration it goes by; not there while it knows of none. */
  readonly cluster?: ClusterId;
  /** The state of the node's own chart: `recovering`, `serving`, `readOnly`, … */
  readonly status: string;
  readonly pid: number;
  readonly uptimeMs: number;
  /** It is a primary of. */
  readonly partitions: number;
  readonly keys: number;
  /** Owed to other nodes. */
  readonly hints: number;
  readonly hintBytes: number;
  /**
   * By how many ms the wall clock of its machine is ahead of what the nodes agree on
   * (`actors/rules/wall-clocks.ts`).
   */
  readonly clockAheadMs: number;
  /** The same of every other node's, against its own; by id. */
  readonly clockOffsetsMs: Readonly<Record<NodeId, number>>;
  /** What an operator must know and the node can't mend itself. */
  readonly problems: readonly string[];
  /** Counters and gauges of the parts, by `part.name`; none before the disk was read. */
  readonly counters: Readonly<Record<string, number>>;
  /** The same of what is measured. */
  readonly histograms: Readonly<Record<string, HistogramReading>>;
}

export interface NodeStatusSource {
  status(): NodeStatus;
}

export const NodeStatusSource = Symbol('NodeStatusSource');
