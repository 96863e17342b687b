/**
 * What a recovery would cost, as a node shows it to an operator; see `change-form.ts`. Whoever asks
 * for it then says `from` and `lost` as they were shown.
 */
import type { NodeId } from '../../actors/rules/actor.js';

export interface RecoveryForm {
  /** The number of the configuration that the survivors know last. */
  readonly from: number;
  /** Of what would follow, the first of the next era. */
  readonly number: number;
  readonly partitions: number;
  /** Ascending. */
  readonly survivors: readonly NodeId[];
  /** Members that would be removed, and that nobody hears unless it is begun; ascending. */
  readonly lost: readonly NodeId[];
  /** An earlier recovery that may have come about: another one can't in its stead. */
  readonly isBegun: boolean;
  /** A move that would be over at once, as one of its sides is lost. */
  readonly endsMove: boolean;
  readonly losses: readonly LossForm[];
  /** Of all that are named. */
  readonly names: Readonly<Record<NodeId, string>>;
}

/** Of the keys of buckets with `n` replicas, of which at least `w` acknowledge a put. */
export interface LossForm {
  readonly n: number;
  readonly w: number;
  /** Partitions without any replica left, the first of them. */
  readonly gone: readonly number[];
  /** How many of those are left out. */
  readonly omitted: number;
  /** How many others may lack what the lost nodes alone acknowledged. */
  readonly exposed: number;
}
