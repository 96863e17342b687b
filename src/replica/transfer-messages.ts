/** Bodies of the verb `transfer`, both ways; see `src/bus/peers.ts`. Reading throws `MalformedError`. */
import type { StorageKey } from '../../actors/rules/key.js';
import { verdicts, type Verdict } from '../../actors/rules/collection.js';
import type { Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { decodeDigests, encodeDigests } from '../wire/digests.js';
import type { WireValue } from '../wire/message-pack.js';
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

/** Each with the epoch of the ring that says who the primaries are. */
export type TransferOrder =
  | {
      readonly kind: 'survey' | 'collect';
      readonly ringEpoch: number;
      readonly keys: readonly AgreedKey[];
    }
  | {
      readonly kind: 'replace';
      readonly ringEpoch: number;
      readonly replacements: readonly Replacement[];
    };

export function writeTransferOrder(order: TransferOrder): readonly WireValue[] {
  const { kind, ringEpoch } = order;
  if (kind === 'replace') {
    const digests = order.replacements.map(({ digest }) => digest);
    return [kind, ringEpoch, encodeDigests(digests), encodeBatch(order.replacements)];
  }
  return [
    kind,
    ringEpoch,
    order.keys.map(({ key }) => Buffer.from(key, 'latin1')),
    encodeDigests(order.keys.map(({ digest }) => digest)),
  ];
}

export function readTransferOrder(body: readonly WireValue[]): TransferOrder {
  const [kind, ringEpoch] = body;
  if (typeof ringEpoch !== 'number') throw new MalformedError('the epoch of the ring expected');
  if (kind === 'replace') {
    const digests = decodeDigests(binOf(body[2]));
    const records = decodeBatch(binOf(body[3]));
    return { kind, ringEpoch, replacements: withDigests(records, digests) };
  }
  if (kind !== 'survey' && kind !== 'collect') throw new MalformedError('no such transfer');
  const keys = keysOf(body[2]).map((key) => ({ key }));
  return { kind, ringEpoch, keys: withDigests(keys, decodeDigests(binOf(body[3]))) };
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
