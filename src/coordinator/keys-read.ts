/**
 * The keys of requests, each once, with what is known of them: the own state, what replicas hold
 * instead, all merged.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { SaidConfiguration } from '../../actors/rules/said-configuration.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { SideRead } from '../../actors/rules/placement.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { emptyDigest, emptyState, merge } from '../../actors/rules/versions.js';
import type { Store, StoredRecord } from '../store/store.js';
import { TooLargeError } from '../errors.js';
import { digestBytes } from '../wire/digest-codec.js';
import { encodeDigests } from '../wire/digests.js';
import { decodeState } from '../wire/key-state-codec.js';
import type { Request } from '../wire/protocol/bodies.js';
import { foundOf, readBody } from '../wire/protocol/read.js';
import { storageKeyBins } from '../wire/storage-keys.js';
import type { WireValue } from '../wire/wire-value.js';
import type { GetReply, GetRequest } from './coordinator.js';
import { replyOf, replyOfBytes, type Showing } from './views.js';

export class KeysRead {
  /** Distinct. */
  readonly names: readonly StorageKey[];
  /** By request, the index of its key. */
  readonly at: readonly number[];
  /** The names and own digests as a read message carries them. */
  readonly bins: readonly Buffer[];
  readonly digests: Buffer;
  /**
   * Of each replica that answered about every key: the states that differ from the own ones, by
   * index.
   */
  readonly answered = new Map<NodeId, ReadonlyMap<number, KeyState>>();
  /** As `answered`, of replicas that still have to tell the rest. */
  readonly partial = new Map<NodeId, Map<number, KeyState>>();
  /** Copies: what the store gives is lent for a turn. */
  private readonly held: readonly (StoredRecord | undefined)[];
  /** Of the keys of which some replica holds something else. */
  private readonly mergedStates = new Map<number, KeyState>();

  constructor(
    store: Pick<Store, 'readAll'>,
    requests: readonly Pick<GetRequest, 'partition' | 'bucket' | 'key'>[],
  ) {
    const indexes = new Map<StorageKey, number>();
    this.at = requests.map((request) => {
      const name = storageKeyOf(request);
      const index = indexes.get(name) ?? indexes.size;
      indexes.set(name, index);
      return index;
    });
    this.names = [...indexes.keys()];
    const records = store.readAll(this.names);
    this.held = records.map((record) => record?.copy());
    this.bins = storageKeyBins(this.names);
    this.digests = encodeDigests(records.map((record) => record?.digest ?? emptyDigest));
  }

  own(index: number): KeyState {
    return this.held[index]?.state ?? emptyState;
  }

  merged(index: number): KeyState {
    return this.mergedStates.get(index) ?? this.own(index);
  }

  /** By index: those whose merged state some node may not have. */
  get differing(): readonly number[] {
    return [...this.mergedStates.keys()].sort((a, b) => a - b);
  }

  show(index: number, how: Showing): GetReply {
    const merged = this.mergedStates.get(index);
    return merged === undefined ? replyOfBytes(this.held[index]?.span, how) : replyOf(merged, how);
  }

  /** Throws `TooLargeError`. */
  merge(index: number, state: KeyState): void {
    const merged = merge(this.merged(index), state);
    if (merged.context.length > limits.contextEntriesHeldMax)
      throw new TooLargeError('the context of the key has more entries than a state holds');
    this.mergedStates.set(index, merged);
  }
}

/** Asks about the keys from `first` on. */
export function bodyOfRead(
  keys: KeysRead,
  from: {
    readonly first: number;
    readonly remainingMs: number;
    readonly configuration: SaidConfiguration;
    readonly side: SideRead | undefined;
  },
): Request<'read'> {
  const { first, remainingMs, configuration } = from;
  const { bins, digests } = keys;
  if (first === 0) return readBody(remainingMs, bins, digests, configuration, from);
  const rest = digests.subarray(first * digestBytes);
  return readBody(remainingMs, bins.slice(first), rest, configuration, from);
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
  const [indexes, states, answered] = foundOf(body, keys.names.length - first);
  const held = keys.partial.get(node) ?? new Map<number, KeyState>();
  for (const [i, index] of indexes.entries()) {
    const at = first + index;
    // Copied: the answer lies in the receive buffer, the values go out later.
    const decoded = decodeState(Buffer.from(states[i]!));
    held.set(at, decoded);
    keys.merge(at, decoded);
  }
  const next = first + answered;
  (next === keys.names.length ? keys.answered : keys.partial).set(node, held);
  return { differs: held.size > 0, next };
}
