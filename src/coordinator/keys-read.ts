/** The keys of requests, each once, with what is known of them: the own state, what replicas hold instead, all merged. */
import type { NodeId } from '../../actors/rules/actor.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Digest, KeyState } from '../../actors/rules/versions.js';
import { emptyDigest, emptyState, merge } from '../../actors/rules/versions.js';
import type { WireValue } from '../bus/peers.js';
import type { Store } from '../store/store.js';
import { MalformedError, TooLargeError } from '../errors.js';
import type { GetRequest } from './coordinator.js';
import { digestBytes } from '../wire/digest-codec.js';
import { encodeDigests } from '../wire/digests.js';
import { decodeState } from '../wire/key-state-codec.js';

export interface KeysRead {
  /** Distinct. */
  readonly names: readonly StorageKey[];
  /** By request, the index of its key. */
  readonly at: readonly number[];
  /** The names and own digests as a read message carries them. */
  readonly bins: readonly Buffer[];
  readonly digests: Buffer;
  readonly own: readonly KeyState[];
  readonly merged: KeyState[];
  /** Of each replica that answered about every key: the states that differ from the own ones, by index. */
  readonly answered: Map<NodeId, ReadonlyMap<number, KeyState>>;
  /** As `answered`, of replicas that still have to tell the rest. */
  readonly partial: Map<NodeId, Map<number, KeyState>>;
}

export function readOwn(
  store: Store,
  requests: readonly Pick<GetRequest, 'partition' | 'bucket' | 'key'>[],
): KeysRead {
  const places = new Map<StorageKey, number>();
  const at = requests.map((request) => {
    const name = storageKeyOf(request);
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  const names = [...places.keys()];
  const bins: Buffer[] = [];
  const own: KeyState[] = [];
  const digests: Digest[] = [];
  const records = store.readAll(names);
  for (const [i, name] of names.entries()) {
    const record = records[i];
    bins.push(Buffer.from(name, 'latin1'));
    own.push(record?.copy().state ?? emptyState);
    digests.push(record?.digest ?? emptyDigest);
  }
  return {
    names,
    at,
    bins,
    digests: encodeDigests(digests),
    own,
    merged: own.slice(),
    answered: new Map(),
    partial: new Map(),
  };
}

/** Asks about the keys from `first` on. */
export function bodyOfRead(
  keys: KeysRead,
  from: { readonly first: number; readonly remainingMs: number },
): readonly WireValue[] {
  const { first, remainingMs } = from;
  if (first === 0) return [remainingMs, keys.bins, keys.digests];
  return [remainingMs, keys.bins.slice(first), keys.digests.subarray(first * digestBytes)];
}

export interface ReadAnswer {
  readonly node: NodeId;
  /** The index its first key had. */
  readonly first: number;
  readonly body: readonly WireValue[];
}

/** Merges the answer in. `next`: the first key it says nothing about. Throws `MalformedError`. */
export function takeAnswer(
  keys: KeysRead,
  answer: ReadAnswer,
): { readonly differs: boolean; readonly next: number } {
  const { node, first, body } = answer;
  const [indexes, states, answered] = body;
  if (!Array.isArray(indexes) || !Array.isArray(states) || indexes.length !== states.length)
    throw new MalformedError('a read answer has as many indexes as states');
  const left = keys.names.length - first;
  if (typeof answered !== 'number' || !(answered >= 1 && answered <= left))
    throw new MalformedError('a read answer is about at least one of the keys asked for');
  const held = keys.partial.get(node) ?? new Map<number, KeyState>();
  for (const [i, index] of indexes.entries()) {
    const state: unknown = states[i];
    const isIndex = Number.isInteger(index) && index >= 0 && index < answered;
    if (!isIndex || !(state instanceof Uint8Array))
      throw new MalformedError('a read answer names keys by index and states by bytes');
    const at = first + (index as number);
    // Copied: the answer lies in the receive buffer, the values go out later.
    const decoded = decodeState(Buffer.from(state));
    held.set(at, decoded);
    const merged = merge(keys.merged[at]!, decoded);
    if (merged.context.length > limits.contextEntriesHeldMax)
      throw new TooLargeError('the context of the key has more entries than a state holds');
    keys.merged[at] = merged;
  }
  const next = first + answered;
  (next === keys.names.length ? keys.answered : keys.partial).set(node, held);
  return { differs: held.size > 0, next };
}
