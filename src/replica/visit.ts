/**
 * How far one visit of a tree exchange has come: which partitions, leaves and keys differ and are
 * still to be looked at.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Digest } from '../../actors/rules/versions.js';
import type { BatchRecord } from '../wire/state-batch.js';

export interface Visit {
  readonly peer: NodeId;
  /** Also what the peer lacks is mended. */
  readonly pushes: boolean;
  /** Those that differ, without the one at hand. */
  partitions: number[];
  /** The one at hand. */
  partition: number;
  /** Leaves that differ. */
  leaves: readonly number[];
  /** Its keys were compared up to here, inclusive. */
  after: StorageKey;
  /** Known to differ, not pulled yet. */
  toPull: StorageKey[];
  /** Of the first of them, when it is larger than a message: which part is to come. */
  part: PartToPull;
  /** The peer lacks something of these. */
  toPush: StorageKey[];
  /** What is left of a state that is pushed in parts because it is larger than a message. */
  partsToPush: BatchRecord[];
}

export interface PartToPull {
  readonly part: number;
  /** Of the state whose parts came so far; undefined: none did. */
  readonly of: Digest | undefined;
}

export const fromFirstPart: PartToPull = { part: 0, of: undefined };

export function visitTo(peer: NodeId, { pushes }: Pick<Visit, 'pushes'>): Visit {
  return {
    peer,
    pushes,
    partitions: [],
    partition: 0,
    leaves: [],
    after: '',
    toPull: [],
    part: fromFirstPart,
    toPush: [],
    partsToPush: [],
  };
}
