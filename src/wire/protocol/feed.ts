/**
 * The verb `feed`: what changed at a node, for another that serves watches. Changes of a node are
 * numbered within one life of it (`src/store/recent-changes.ts`); the life is named in every
 * answer, and who asks for numbers of another one is told that they are too old.
 */
import { KeyPattern } from '../../../actors/rules/key-pattern.js';
import type { ByteString, StorageKey } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { watchLimits } from '../../../actors/rules/limits/watch.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../errors.js';
import { isBin, isBinOrNull, isInt, isList, isText } from '../columns.js';
import { decodeDigests, decodeIndexes, encodeDigests, encodeIndexes } from '../digests.js';
import { partitionBits, partitionsOf } from '../partition-bits.js';
import { storageKeyBin } from '../storage-keys.js';
import { latin1Of } from '../text.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, type Answer, type Request } from './bodies.js';

/** Names a life of a node. */
export type FeedLife = string;

const lifePattern = /^[0-9a-f]{16}$/;

/** What of the changes is asked for. */
export interface FeedFilter {
  readonly bucket: ByteString;
  readonly pattern: KeyPattern;
  /** With the values. */
  readonly values: boolean;
  /** Of a look through all keys: also those that are deleted and not forgotten yet. */
  readonly deleted: boolean;
}

export type FeedQuestion =
  /** The number of the last change: told when there is one behind `after`, or the time is up. */
  | {
      readonly kind: 'last';
      readonly life: FeedLife;
      readonly after: number;
      readonly waitMs: number;
    }
  /**
   * The roots of the hash trees that changed behind `after`, from the partition `from` on; of
   * another life: of all partitions that hold anything.
   */
  | {
      readonly kind: 'roots';
      readonly life: FeedLife;
      readonly after: number;
      readonly from: number;
    }
  /** What changed in these partitions behind `after`. */
  | {
      readonly kind: 'changes';
      readonly life: FeedLife;
      readonly after: number;
      readonly partitions: ReadonlySet<number>;
      readonly filter: FeedFilter;
    }
  /** What these partitions hold behind `after`, in the order of the storage keys. */
  | {
      readonly kind: 'keys';
      readonly partitions: ReadonlySet<number>;
      /** Exclusive; '' for the beginning. */
      readonly after: StorageKey;
      readonly filter: FeedFilter;
    };

export type Shown = 'live' | 'deleted' | 'expired';
const shownKinds: readonly Shown[] = ['live', 'deleted', 'expired'];

/** A key as a reader is shown it. */
export interface FeedRow {
  readonly key: ByteString;
  readonly shown: Shown;
  /** Encoded, as a get answers it. */
  readonly context: Uint8Array;
  /** How many values it has that no other replaced; 0 when it is not live. */
  readonly siblings: number;
  /**
   * `null` for a tombstone beside a live value. Undefined: not asked for, or more than a message
   * takes.
   */
  readonly values: readonly (Uint8Array | null)[] | undefined;
}

export interface LastAnswer {
  readonly life: FeedLife;
  readonly last: number;
}

export interface RootsAnswer extends LastAnswer {
  readonly partitions: readonly number[];
  readonly roots: readonly Digest[];
  /** 0: there are no more. */
  readonly next: number;
}

export interface ChangesAnswer extends LastAnswer {
  /** All changes up to it are in here, or were not asked for; undefined: those were too old. */
  readonly upTo: number | undefined;
  readonly rows: readonly FeedRow[];
}

export interface KeysAnswer extends LastAnswer {
  readonly rows: readonly FeedRow[];
  /** All keys up to it were looked at; '' for the end. `last` is as it was before that. */
  readonly upTo: StorageKey;
}

export function feedBody(question: FeedQuestion, partitions: number): Request<'feed'> {
  const { kind } = question;
  if (kind === 'last') return asRequest([kind, question.life, question.after, question.waitMs]);
  if (kind === 'roots') return asRequest([kind, question.life, question.after, question.from]);
  const bits = partitionBits(question.partitions, partitions);
  if (kind === 'changes')
    return asRequest([kind, question.life, question.after, bits, ...filterOf(question)]);
  return asRequest([kind, bits, storageKeyBin(question.after), ...filterOf(question)]);
}

function filterOf({ filter }: { readonly filter: FeedFilter }): WireValue[] {
  const { bucket, pattern, values, deleted } = filter;
  return [storageKeyBin(bucket), storageKeyBin(pattern.text), values, deleted];
}

/** `partitions`: how many there are. */
export function feedOf(body: readonly WireValue[], partitions: number): FeedQuestion {
  const [kind] = body;
  if (kind === 'last' && body.length === 4) {
    const waitMs = body[3];
    if (!isInt(waitMs) || waitMs > watchLimits.waitMsMax)
      throw new MalformedError('a wait that is longer than any');
    return { kind, ...placeOf(body[1], body[2]), waitMs };
  }
  if (kind === 'roots' && body.length === 4) {
    const from = body[3];
    if (!isInt(from) || from >= partitions) throw new MalformedError('no such partition');
    return { kind, ...placeOf(body[1], body[2]), from };
  }
  if (kind === 'changes' && body.length === 8) {
    const place = placeOf(body[1], body[2]);
    const asked = new Set(partitionsOf(body[3], partitions));
    return { kind, ...place, partitions: asked, filter: readFilter(body.slice(4)) };
  }
  if (kind !== 'keys' || body.length !== 7) throw new MalformedError('no such question');
  const after = latin1Of(binOf(body[2]));
  if (after.length > limits.storageKeyBytesMax) throw new MalformedError('not a storage key');
  const asked = new Set(partitionsOf(body[1], partitions));
  return { kind, partitions: asked, after, filter: readFilter(body.slice(3)) };
}

function placeOf(
  life: WireValue | undefined,
  after: WireValue | undefined,
): { readonly life: FeedLife; readonly after: number } {
  if (!isText(life) || (life !== '' && !lifePattern.test(life)) || !isInt(after))
    throw new MalformedError('a life and a number of a change expected');
  return { life, after };
}

function readFilter([bucket, text, values, deleted]: readonly WireValue[]): FeedFilter {
  const pattern = KeyPattern.of(latin1Of(binOf(text)));
  const name = latin1Of(binOf(bucket));
  if (pattern === undefined || name.length === 0 || name.length > limits.bucketBytesMax)
    throw new MalformedError('a bucket and a pattern of keys expected');
  if (typeof values !== 'boolean' || typeof deleted !== 'boolean')
    throw new MalformedError('whether values and deleted keys are wanted, expected');
  return { bucket: name, pattern, values, deleted };
}

export function lastBody({ life, last }: LastAnswer): Answer<'feed'> {
  return asAnswer([life, last]);
}

export function lastOf(body: readonly WireValue[]): LastAnswer {
  if (body.length !== 2) throw new MalformedError('a life and a number expected');
  return answeredBy(body);
}

function answeredBy([life, last]: readonly WireValue[]): LastAnswer {
  if (!isText(life) || !lifePattern.test(life) || !isInt(last))
    throw new MalformedError('a life and a number of a change expected');
  return { life, last };
}

export function rootsBody({ life, last, partitions, roots, next }: RootsAnswer): Answer<'feed'> {
  return asAnswer([life, last, encodeIndexes(partitions), encodeDigests(roots), next]);
}

/** `count`: how many partitions there are. */
export function rootsOf(body: readonly WireValue[], count: number): RootsAnswer {
  const partitions = decodeIndexes(binOf(body[2]));
  const roots = decodeDigests(binOf(body[3]));
  const next = body[4];
  if (body.length !== 5 || roots.length !== partitions.length || !isInt(next) || next >= count)
    throw new MalformedError('a root for each partition expected');
  if (partitions.some((partition) => partition >= count))
    throw new MalformedError('no such partition');
  return { ...answeredBy(body), partitions, roots, next };
}

export function changesBody({ life, last, upTo, rows }: ChangesAnswer): Answer<'feed'> {
  return asAnswer([life, last, upTo ?? null, rows.map(rowBody)]);
}

/** `after`: behind which change they were asked for. An answer that leads back is none. */
export function changesOf(body: readonly WireValue[], after: number): ChangesAnswer {
  const [, , upTo, rows] = body;
  if (body.length !== 4 || !(upTo === null || (isInt(upTo) && upTo >= after)))
    throw new MalformedError('changes, and up to where, expected');
  return { ...answeredBy(body), upTo: upTo ?? undefined, rows: rowsOf(rows) };
}

export function keysBody({ life, last, rows, upTo }: KeysAnswer): Answer<'feed'> {
  return asAnswer([life, last, rows.map(rowBody), storageKeyBin(upTo)]);
}

/** `after`: behind which key they were asked for. An answer that leads nowhere is none. */
export function keysOf(body: readonly WireValue[], after: StorageKey): KeysAnswer {
  const upTo = latin1Of(binOf(body[3]));
  if (body.length !== 4 || upTo.length > limits.storageKeyBytesMax)
    throw new MalformedError('keys, and up to where, expected');
  if (upTo !== '' && upTo <= after) throw new MalformedError('keys that end before they begin');
  return { ...answeredBy(body), rows: rowsOf(body[2]), upTo };
}

function rowBody({ key, shown, context, siblings, values }: FeedRow): WireValue {
  return [storageKeyBin(key), shownKinds.indexOf(shown), context, siblings, values ?? null];
}

function rowsOf(rows: WireValue | undefined): FeedRow[] {
  if (!isList(rows) || rows.length > watchLimits.answerRowsMax)
    throw new MalformedError('a list of keys expected');
  return rows.map(rowOf);
}

function rowOf(row: WireValue): FeedRow {
  if (!isList(row) || row.length !== 5) throw new MalformedError('a row of five expected');
  const [key, kind, context, siblings, values] = row;
  const shown = isInt(kind) ? shownKinds[kind] : undefined;
  if (!isBin(key) || key.length === 0 || key.length > limits.keyBytesMax || shown === undefined)
    throw new MalformedError('a key, and how it is shown, expected');
  if (!isBin(context) || !isInt(siblings))
    throw new MalformedError('a context and a number of siblings expected');
  if (values === null) return { key: latin1Of(key), shown, context, siblings, values: undefined };
  if (!isList(values) || !values.every(isBinOrNull))
    throw new MalformedError('a list of values expected');
  return { key: latin1Of(key), shown, context, siblings, values };
}
