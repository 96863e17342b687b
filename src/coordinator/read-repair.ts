/**
 * Read repair: the merged states go to the primaries that answered without them, as merges like any
 * other. Fallbacks get none: they hold states only as hints for a primary.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { unsaid } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { sameState } from '../../actors/rules/versions.js';
import type { CallId } from '../bus/peers.js';
import { encodable, type EncodableState } from '../wire/key-state-codec.js';
import { mergeBody, mergeReason, notOwed } from '../wire/protocol/merge.js';
import { encodeStates } from '../wire/state-batch.js';
import { statePartsOf } from '../wire/state-parts.js';
import type { KeysRead } from './keys-read.js';
import type { RoundSurroundings } from './round-surroundings.js';

export interface Repair {
  readonly self: NodeId;
  readonly primaries: readonly NodeId[];
  readonly keys: KeysRead;
}

/**
 * `onAnswered` runs once all repaired replicas have answered, whatever they said. Returns the calls
 * to give up when the round ends.
 */
export function sendRepairs(
  around: Pick<RoundSurroundings, 'store' | 'peers' | 'instruments'>,
  repair: Repair,
  onAnswered: () => void,
): CallId[] {
  const { store, peers, instruments } = around;
  const { self, primaries, keys } = repair;
  let pending = 1;
  const answeredOne = (): void => {
    pending--;
    if (pending === 0) onAnswered();
  };
  const calls: CallId[] = [];
  for (const node of primaries) {
    const behind = node === self ? behindHere(keys) : behindAt(keys, node);
    for (const batch of batchesOf(keys, behind)) {
      pending++;
      // A full disk or a lagging flush leaves this node behind; the next read or exchange finds it
      // again.
      if (node !== self) {
        const body = mergeBody(mergeReason.repair, notOwed, limits.repairMsMax, batch, unsaid);
        calls.push(peers.call(node, 'merge', body, answeredOne));
      } else if (store.refusal() === undefined) store.merge(batch, {}, answeredOne);
      else answeredOne();
    }
    instruments.readRepairs.value += behind.length;
  }
  answeredOne();
  return calls;
}

function behindHere(keys: KeysRead): number[] {
  return keys.differing.filter((i) => !sameState(keys.own(i), keys.merged(i)));
}

function behindAt(keys: KeysRead, node: NodeId): number[] {
  const held = keys.answered.get(node);
  if (held === undefined) return [];
  return keys.differing.filter((i) => !sameState(held.get(i) ?? keys.own(i), keys.merged(i)));
}

/** Messages stay under the payload limit. */
function batchesOf(keys: KeysRead, indexes: readonly number[]): Buffer[] {
  const batches: Buffer[] = [];
  let records: { key: string; state: EncodableState }[] = [];
  let bytes = 0;
  for (const i of indexes) {
    for (const part of statePartsOf(keys.merged(i), limits.stateBytesMax)) {
      const state = encodable(part);
      if (records.length > 0 && bytes + state.encodedBytes > limits.roundBytesMax) {
        batches.push(encodeStates(records));
        records = [];
        bytes = 0;
      }
      records.push({ key: keys.names[i]!, state });
      bytes += state.encodedBytes;
    }
  }
  if (records.length > 0) batches.push(encodeStates(records));
  return batches;
}
