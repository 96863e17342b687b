/**
 * The verb `collection`: what the first primary of a partition asks and orders when tombstones and
 * old context entries go.
 */
import type { NodeId } from '../../../actors/rules/actor.js';
import { holdings, type Holding } from '../../../actors/rules/collection.js';
import type { ConfigurationNumber } from '../../../actors/rules/said-configuration.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../errors.js';
import { isInt } from '../columns.js';
import { decodeDigests, encodeDigests } from '../digests.js';
import { decodeNodeIds, encodeNodeIds } from '../node-ids.js';
import { decodeBatch, encodeBatch } from '../state-batch.js';
import { storageKeyBins, storageKeysOf } from '../storage-keys.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, onlyOf, type Answer, type Request } from './bodies.js';

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
  /** Who the primaries are. */
  readonly configuration: ConfigurationNumber;
  /** All who may hold data, and have to be asked; ascending. */
  readonly holders: readonly NodeId[];
}

export type CollectionOrder = Grounds &
  (
    | {
        /**
         * survey: say what you hold of these. collect: drop what every primary has agreed on, where
         * it still is the same.
         */
        readonly kind: 'survey' | 'collect';
        readonly keys: readonly AgreedKey[];
      }
    /** Shorter contexts, in place of states that still are the same. */
    | { readonly kind: 'replace'; readonly replacements: readonly Replacement[] }
  );

export function collectionBody(order: CollectionOrder): Request<'collection'> {
  const { kind, configuration } = order;
  const holders = encodeNodeIds(order.holders);
  if (kind === 'replace') {
    const digests = encodeDigests(order.replacements.map(({ digest }) => digest));
    return asRequest([kind, configuration, holders, digests, encodeBatch(order.replacements)]);
  }
  const keys = storageKeyBins(order.keys.map(({ key }) => key));
  const digests = encodeDigests(order.keys.map(({ digest }) => digest));
  return asRequest([kind, configuration, holders, keys, digests]);
}

export function collectionOf(body: readonly WireValue[]): CollectionOrder {
  const [kind, configuration, holderIds] = body;
  if (body.length !== 5) throw new MalformedError('an order about keys has five parts');
  if (!isInt(configuration)) throw new MalformedError('the configuration expected');
  const holders = decodeNodeIds(holderIds);
  if (kind === 'replace') {
    const digests = decodeDigests(binOf(body[3]));
    const records = decodeBatch(binOf(body[4]));
    return { kind, configuration, holders, replacements: withDigests(records, digests) };
  }
  if (kind !== 'survey' && kind !== 'collect') throw new MalformedError('no such order about keys');
  const keys = storageKeysOf(body[3]).map((key) => ({ key }));
  const digests = decodeDigests(binOf(body[4]));
  return { kind, configuration, holders, keys: withDigests(keys, digests) };
}

function withDigests<T extends { readonly key: StorageKey }>(
  items: readonly T[],
  digests: readonly Digest[],
): (T & AgreedKey)[] {
  if (digests.length !== items.length) throw new MalformedError('a digest for each key');
  return items.map((item, i) => ({ ...item, digest: digests[i]! }));
}

/** To a survey: one a key. */
export function holdingsBody(given: readonly Holding[]): Answer<'collection'> {
  return asAnswer([Buffer.from(given)]);
}

export function holdingsOf(body: readonly WireValue[], count: number): Holding[] {
  const bytes = binOf(onlyOf(body));
  if (bytes.length !== count) throw new MalformedError('a word for each key');
  const known: readonly number[] = Object.values(holdings);
  return [...bytes].map((byte) => {
    if (!known.includes(byte)) throw new MalformedError('no such word');
    return byte as Holding;
  });
}

/** To the others: it is durable. */
export const forgottenBody = asAnswer<'collection'>([]);
