/**
 * The verb `transfer`: what moves to another node, and what may be dropped because others hold it.
 * Each question says the layout its author goes by, and who goes by another one refuses: so nobody
 * answers who still takes puts by the layout before. Who fetches says which way the partitions move
 * as well; to who drops what others hold that is all the same.
 */
import type { StorageKey } from '../../../actors/rules/key.js';
import type { Direction } from '../../../actors/rules/layout.js';
import { limits } from '../../../actors/rules/limits.js';
import type { ConfigurationNumber } from '../../../actors/rules/said-configuration.js';
import { MalformedError } from '../../errors.js';
import { transferLimits } from '../../../actors/rules/limits/transfer.js';
import { isInt, isList } from '../columns.js';
import { EncodedContext } from '../encoded-context.js';
import { decodeDigests, decodeIndexes, encodeDigests, encodeIndexes } from '../digests.js';
import { storageKeyBin, storageKeyBins, storageKeysOf } from '../storage-keys.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, onlyOf, type Answer, type Request } from './bodies.js';
import type { AgreedKey } from './collection.js';

export type TransferQuestion = { readonly layout: ConfigurationNumber } & (
  | /** How many keys does the source hold of these? */
    {
      readonly kind: 'offer';
      readonly direction: Direction;
      readonly partitions: readonly number[];
    }
    /** The next states of the partition that the asker is to own, behind `after` (exclusive). */
  | {
      readonly kind: 'states';
      readonly direction: Direction;
      readonly partition: number;
      readonly after: StorageKey;
    }
  /** Which of these does the owner not hold in this state, durably? */
  | { readonly kind: 'held'; readonly keys: readonly AgreedKey[] }
  /** Of which of these, seen from their contexts, has the owner not all that is of use, durably? */
  | { readonly kind: 'replaced'; readonly keys: readonly OutlinedKey[] }
);

/** A key with the context of the state that is talked about, which is much shorter than that. */
export interface OutlinedKey {
  readonly key: StorageKey;
  readonly context: EncodedContext;
}

export function transferBody(question: TransferQuestion): Request<'transfer'> {
  const { kind, layout } = question;
  if (kind === 'offer') {
    const { direction, partitions } = question;
    return asRequest([kind, layout, direction, encodeIndexes(partitions)]);
  }
  if (kind === 'states') {
    const { direction, partition, after } = question;
    return asRequest([kind, layout, direction, partition, storageKeyBin(after)]);
  }
  const keys = storageKeyBins(question.keys.map(({ key }) => key));
  if (kind === 'replaced')
    return asRequest([
      kind,
      layout,
      keys,
      question.keys.map(({ context }) => context.contextBytes),
    ]);
  return asRequest([kind, layout, keys, encodeDigests(question.keys.map(({ digest }) => digest))]);
}

/** `partitions`: how many there are. */
export function transferOf(body: readonly WireValue[], partitions: number): TransferQuestion {
  const [kind, layout] = body;
  if (!isInt(layout)) throw new MalformedError('the layout expected');
  if (kind === 'offer' && body.length === 4) {
    const asked = decodeIndexes(binOf(body[3]));
    for (const partition of asked) checkPartition(partition, partitions);
    return { kind, layout, direction: checkDirection(body[2]), partitions: asked };
  }
  if (kind === 'states' && body.length === 5) {
    const direction = checkDirection(body[2]);
    const partition = checkPartition(body[3], partitions);
    return { kind, layout, direction, partition, after: binOf(body[4]).toString('latin1') };
  }
  if (kind === 'replaced' && body.length === 4)
    return { kind, layout, keys: outlinedKeysOf(body[2], body[3]) };
  if (kind !== 'held' || body.length !== 4) throw new MalformedError('no such question');
  const names = storageKeysOf(body[2]);
  const digests = decodeDigests(binOf(body[3]));
  if (digests.length !== names.length) throw new MalformedError('a digest for each key');
  return { kind, layout, keys: names.map((key, i) => ({ key, digest: digests[i]! })) };
}

function outlinedKeysOf(
  keys: WireValue | undefined,
  contexts: WireValue | undefined,
): OutlinedKey[] {
  const names = storageKeysOf(keys);
  if (!isList(contexts) || contexts.length !== names.length)
    throw new MalformedError('a context for each key');
  return names.map((key, i) => {
    const bytes = binOf(contexts[i]);
    const context = new EncodedContext(bytes, 0, bytes.length);
    if (context.checkContext() !== bytes.length) throw new MalformedError('bytes behind a context');
    return { key, context };
  });
}

/** One a partition. */
export function offerBody(counts: readonly number[]): Answer<'transfer'> {
  return asAnswer([counts]);
}

export function offerOf(body: readonly WireValue[], asked: number): readonly number[] {
  const counts = onlyOf(body);
  if (!isList(counts) || counts.length !== asked || !counts.every(isInt))
    throw new MalformedError('a number of keys for each partition');
  return counts;
}

/** States in the order of their keys. */
export interface SentStates {
  /** See `state-batch.ts`. Its states are checked by who merges them. */
  readonly batch: Uint8Array;
  /** All keys up to it were looked at, '' means to the end. */
  readonly upTo: StorageKey;
  /** None was left out because it is larger than a message. */
  readonly isWhole: boolean;
  /** For so long the source wants no other question of that kind. */
  readonly restMs: number;
}

export function sentBody({ batch, upTo, isWhole, restMs }: SentStates): Answer<'transfer'> {
  return asAnswer([batch, storageKeyBin(upTo), isWhole, restMs]);
}

/** `after`: behind which key they were asked for. An answer that leads nowhere is none. */
export function sentOf(body: readonly WireValue[], after: StorageKey): SentStates {
  const [batch, upTo, isWhole, restMs] = body;
  const sent = { batch: binOf(batch), upTo: binOf(upTo).toString('latin1') };
  if (body.length !== 4 || typeof isWhole !== 'boolean')
    throw new MalformedError('states, where they end, and whether all are there, expected');
  if (!isInt(restMs) || restMs > transferLimits.toldRestMsMax)
    throw new MalformedError('a rest that is longer than any');
  if (sent.upTo.length > limits.storageKeyBytesMax || (sent.upTo !== '' && sent.upTo <= after))
    throw new MalformedError('states that end before they begin');
  return { ...sent, isWhole, restMs };
}

/** Positions of the keys that are held in another state, or not at all; or not replaced. */
export function otherwiseHeldBody(positions: readonly number[]): Answer<'transfer'> {
  return asAnswer([encodeIndexes(positions)]);
}

export function otherwiseHeldOf(body: readonly WireValue[], asked: number): readonly number[] {
  const positions = decodeIndexes(binOf(onlyOf(body)));
  if (positions.some((position) => position >= asked))
    throw new MalformedError('keys that were not asked for');
  return positions;
}

function checkDirection(value: WireValue | undefined): Direction {
  if (value !== 0 && value !== 1) throw new MalformedError('no such direction');
  return value;
}

function checkPartition(value: WireValue | undefined, partitions: number): number {
  if (!isInt(value) || value >= partitions) throw new MalformedError('no such partition');
  return value;
}
