/**
 * How many bytes a replica of each partition has, as far as one node can tell: keys are counted by
 * partition, bytes are not. Some keys are looked at, and what this node does not hold is taken to
 * be like what it holds.
 */
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { SizesSeen } from '../wire/change-form.js';

/** What a node's store can tell of itself. */
export interface DataSizes {
  /** Of the partition, tombstones included. */
  keysOf(partition: number): number;
  /** Bytes of some of its keys with their states: of the first ones. */
  sample(partition: number, keysMax: number): readonly number[];
}

export const DataSizes = Symbol('DataSizes');

export interface SizeEstimate {
  /** By partition. */
  readonly bytes: readonly number[];
  readonly seen: SizesSeen;
}

export function sizeEstimate(
  sizes: DataSizes,
  partitions: number,
  holds: (partition: number) => boolean,
): SizeEstimate {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const held = all.filter((partition) => holds(partition));
  const keysHeld = held.reduce((sum, partition) => sum + sizes.keysOf(partition), 0);
  const sampled = held
    .filter((partition) => sizes.keysOf(partition) > 0)
    .slice(0, chainLimits.sampledPartitionsMax)
    .flatMap((partition) => sizes.sample(partition, chainLimits.sampledKeysMax));
  const bytesPerKey = sampled.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, sampled.length);
  const keysElsewhere = keysHeld / Math.max(1, held.length);
  const isHeld = new Set(held);
  return {
    bytes: all.map((partition) => {
      const keys = isHeld.has(partition) ? sizes.keysOf(partition) : keysElsewhere;
      return Math.round(keys * bytesPerKey);
    }),
    seen: {
      partitionsHeld: held.length,
      keysHeld,
      keysSampled: sampled.length,
      bytesPerKey: Math.round(bytesPerKey),
    },
  };
}
