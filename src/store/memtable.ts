/**
 * What was written since the last freeze, by partition: the unit in which it is flushed and in which
 * records, debts and hash tree must agree on disk. `null` says removed.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import type { Debt, DebtKey } from './debt-codec.js';
import type { FrozenTrees } from './hash-trees.js';
import type { Held } from './record-codec.js';

export interface MemtablePartition {
  readonly records: Map<StorageKey, Held | null>;
  readonly debts: Map<DebtKey, Debt | null>;
}

export class Memtable {
  private readonly parts: (MemtablePartition | undefined)[];
  /**
   * Log bytes it stands for: what bounds memory (records are views into whole batches) and the time a replay takes,
   * even when all writes go to one key.
   */
  bytes = 0;
  /** Partitions with a change. */
  touched = 0;

  constructor(readonly partitions: number) {
    this.parts = Array.from({ length: partitions });
  }

  part(partition: number): MemtablePartition | undefined {
    return this.parts[partition];
  }

  /** Also makes the partition's tree row part of the next flush. */
  touch(partition: number): MemtablePartition {
    let part = this.parts[partition];
    if (part === undefined) {
      part = { records: new Map(), debts: new Map() };
      this.parts[partition] = part;
      this.touched += 1;
    }
    return part;
  }
}

/** A memtable on its way into the tables. */
export interface FrozenMemtable {
  readonly memtable: Memtable;
  /** The trees that belong to exactly these records. */
  readonly trees: FrozenTrees;
  /** The log's last entry it holds. */
  readonly lastSequence: number;
}
