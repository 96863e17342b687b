/** Bodies of the verb `transfer`, both ways; see `src/bus/peers.ts`. Reading throws `MalformedError`. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { verdicts, type Verdict } from '../../actors/rules/collection.js';
import type { Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { decodeDigests, encodeDigests } from '../wire/digests.js';
import type { WireValue } from '../wire/message-pack.js';
import { decodeNodeIds, encodeNodeIds } from '../wire/node-ids.js';
import { decodeBatch, encodeBatch } from '../wire/state-batch.js';
import { binOf, keysOf } from './tree-messages.js';

/** A key in the state that is talked about. */
export interface AgreedKey {
  readonly key: StorageKey;
  readonly digest: Digest;
}

export interface Replacement extends AgreedKey {
  /** The state with the shorter context. */
  readonly bytes: Buffer;
}

/** What all must agree on before anything is forgotten. */
export interface Grounds {
  /** Of the ring that says who the primaries are. */
  readonly ringEpoch: number;
  /** Members that are gone for good, and need not be asked; ascending. */
  readonly removed: readonly NodeId[];
}

export type TransferOrder = Grounds &
  (
    | { readonly kind: 'survey' | 'collect'; readonly keys: readonly AgreedKey[] }
    | { readonly kind: 'replace'; readonly replacements: readonly Replacement[] }
  );

export function writeTransferOrder(order: TransferOrder): readonly WireValue[] {
  const { kind, ringEpoch } = order;
  const removed = encodeNodeIds(order.removed);
  if (kind === 'replace') {
    const digests = order.replacements.map(({ digest }) => digest);
    return [kind, ringEpoch, removed, encodeDigests(digests), encodeBatch(order.replacements)];
  }
  return [
    kind,
    ringEpoch,
    removed,
    order.keys.map(({ key }) => Buffer.from(key, 'latin1')),
    encodeDigests(order.keys.map(({ digest }) => digest)),
  ];
}

export function readTransferOrder(body: readonly WireValue[]): TransferOrder {
  const [kind, ringEpoch] = body;
  if (typeof ringEpoch !== 'number') throw new MalformedError('the epoch of the ring expected');
  const removed = decodeNodeIds(body[2]);
  if (kind === 'replace') {
    const digests = decodeDigests(binOf(body[3]));
    const records = decodeBatch(binOf(body[4]));
    return { kind, ringEpoch, removed, replacements: withDigests(records, digests) };
  }
  if (kind !== 'survey' && kind !== 'collect') throw new MalformedError('no such transfer');
  const keys = keysOf(body[3]).map((key) => ({ key }));
  const digests = decodeDigests(binOf(body[4]));
  return { kind, ringEpoch, removed, keys: withDigests(keys, digests) };
}

/** Whether both sides know the same. */
export function sameGrounds(a: Grounds, b: Grounds): boolean {
  return a.ringEpoch === b.ringEpoch && a.removed.join() === b.removed.join();
}

function withDigests<T extends { readonly key: StorageKey }>(
  items: readonly T[],
  digests: readonly Digest[],
): (T & AgreedKey)[] {
  if (digests.length !== items.length) throw new MalformedError('a digest for each key');
  return items.map((item, i) => ({ ...item, digest: digests[i]! }));
}

export function writeVerdicts(given: readonly Verdict[]): readonly WireValue[] {
  return [Buffer.from(given)];
}

export function readVerdicts(body: readonly WireValue[], count: number): Verdict[] {
  const bytes = binOf(body[0]);
  if (bytes.length !== count) throw new MalformedError('a verdict for each key');
  const known: readonly number[] = Object.values(verdicts);
  return [...bytes].map((byte) => {
    if (!known.includes(byte)) throw new MalformedError('no such verdict');
    return byte as Verdict;
  });
}
