/** What a node says of itself on `kv.status`. */
import type { SnapshotFrom } from 'xstate';
import { isReplica } from '../../actors/rules/placement.js';
import type { nodeMachine } from '../../actors/node/node.machine.js';
import type { NodeStatus } from '../api/node-status.js';
import type { Buckets } from '../buckets/buckets.js';
import type { NodeOptions } from '../options/node-options.js';
import type { AgreedClock } from '../seams/agreed-clock.js';
import type { Metrics } from '../seams/metrics.js';
import type { Store } from '../store/store.js';
import type { NodeParts } from './parts.js';

/**
 * The state of the node's chart; while it serves, that of its gossip or its replica if one of them
 * is ill.
 */
export function phaseOf(
  { value, children }: SnapshotFrom<typeof nodeMachine>,
  parts: NodeParts | undefined,
): string {
  if (value !== 'serving') return value;
  if (parts?.membership.isCutOff === true) return 'cutOff';
  return children.replica?.getSnapshot().value === 'readOnly' ? 'readOnly' : 'serving';
}

export function statusOf(node: {
  readonly options: NodeOptions;
  readonly buckets: Buckets;
  readonly store: Store;
  readonly parts: NodeParts | undefined;
  readonly clock: AgreedClock;
  readonly metrics: Metrics;
  readonly uptimeMs: number;
  readonly phase: string;
}): NodeStatus {
  const { options, buckets, store, parts, clock, metrics } = node;
  const hints = store.hints.total();
  // As its cluster has it: by that the node is named everywhere else.
  const view = parts?.membership.view;
  const { name, host, zone } = view?.self ?? options;
  return {
    id: store.nodeId,
    name,
    host,
    zone,
    startedAs: options.name,
    ...(view?.cluster !== undefined && { cluster: view.cluster }),
    status: node.phase,
    pid: options.pid,
    uptimeMs: Math.round(node.uptimeMs),
    partitions: parts === undefined ? 0 : ownedPartitions(buckets.defaults.spread, parts),
    keys: store.keys,
    hints: hints.count,
    hintBytes: hints.bytes,
    clockAheadMs: Math.round(clock.aheadMs()),
    clockOffsetsMs: Object.fromEntries(
      [...clock.offsetsMs()].map(([id, ms]) => [id, Math.round(ms)]),
    ),
    problems: parts === undefined ? [] : parts.membership.problems.texts(),
    counters: parts === undefined ? {} : metrics.values(),
    histograms: parts === undefined ? {} : metrics.histograms(),
  };
}

function ownedPartitions(n: number, { membership, peers }: NodeParts): number {
  const { view } = membership;
  let owned = 0;
  for (let partition = 0; partition < view.ring.partitions; partition++)
    if (isReplica(view.placement(partition, n), peers.self)) owned++;
  return owned;
}
