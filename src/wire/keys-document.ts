/**
 * What is asked and answered on `kv.keys.<bucket>`, as JSON. Keys and values are text where they
 * are UTF-8, else `{"base64url": …}`. A cursor says how far a listing has come; nobody but a node
 * looks into it.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import { MalformedError } from '../errors.js';
import { byteStringOf, latin1Of, textOf } from './text.js';

export type JsonBytes = string | { readonly base64url: string };

/** What a request says; `{}` asks for all keys. */
export interface KeysQuestion {
  /** '': all keys. */
  readonly prefix: ByteString;
  readonly limit: number;
  readonly what: 'keys' | 'values' | 'count';
  readonly cursor: string | undefined;
  /** The i-th of n parts of the bucket, which may be listed side by side. */
  readonly slice: readonly [i: number, n: number];
}

export interface KeysPage {
  readonly keys: readonly JsonBytes[];
  /** Undefined: there are no more keys. */
  readonly cursor?: string;
}

export interface CountPage {
  readonly count: number;
  readonly cursor?: string;
}

export interface EntriesPage {
  readonly entries: readonly JsonEntry[];
  readonly cursor?: string;
}

export interface JsonEntry {
  readonly key: JsonBytes;
  /** Of a key with one value. */
  readonly value?: JsonBytes;
  /** Of one in conflict: all of them, null for a delete among them. */
  readonly values?: readonly (JsonBytes | null)[];
  /** As in `Kv-Context`. */
  readonly context?: string;
  /** The value does not fit an answer: ask for it alone. */
  readonly tooLarge?: true;
}

const fields = new Set(['prefix', 'limit', 'values', 'count', 'cursor', 'slice']);

/** An empty payload asks for all keys. Throws `MalformedError`. */
export function keysQuestionOf(data: Uint8Array): KeysQuestion {
  const asked = objectOf(data);
  for (const field of Object.keys(asked))
    if (!fields.has(field))
      throw new MalformedError(
        `a request for keys has ${[...fields].join(', ')}, and no ${JSON.stringify(field.slice(0, 32))}`,
      );
  const { prefix, limit, values, count, cursor, slice } = asked;
  if (values !== undefined && typeof values !== 'boolean') throw new MalformedError('values: true');
  if (count !== undefined && typeof count !== 'boolean') throw new MalformedError('count: true');
  if (values === true && count === true)
    throw new MalformedError('either values or count, not both');
  const what = values === true ? 'values' : count === true ? 'count' : 'keys';
  return {
    prefix: prefix === undefined ? '' : bytesOfJson(prefix, 'prefix'),
    limit: limitOf(limit, what),
    what,
    cursor: cursorText(cursor),
    slice: sliceOf(slice),
  };
}

function objectOf(data: Uint8Array): Readonly<Record<string, unknown>> {
  if (data.length === 0) return {};
  let asked: unknown;
  try {
    asked = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    asked = undefined;
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked))
    throw new MalformedError('a request for keys is a JSON object, or empty');
  return asked as Readonly<Record<string, unknown>>;
}

function limitOf(limit: unknown, what: KeysQuestion['what']): number {
  const { pageKeysMax, pageValuesMax, pageScannedMax } = listingLimits;
  const most = { keys: pageKeysMax, values: pageValuesMax, count: pageScannedMax }[what];
  if (limit === undefined) return most;
  if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 1)
    throw new MalformedError('limit is a whole number from 1');
  return Math.min(limit, most);
}

function cursorText(cursor: unknown): string | undefined {
  if (cursor === undefined) return undefined;
  if (typeof cursor !== 'string' || cursor.length > listingLimits.cursorBytesMax) throw noCursor();
  return cursor;
}

function sliceOf(slice: unknown): readonly [number, number] {
  if (slice === undefined) return [0, 1];
  const [i, n] = Array.isArray(slice) && slice.length === 2 ? (slice as unknown[]) : [];
  const isPart =
    Number.isSafeInteger(i) &&
    Number.isSafeInteger(n) &&
    Number(i) >= 0 &&
    Number(i) < Number(n) &&
    Number(n) <= listingLimits.slicesMax;
  if (!isPart)
    throw new MalformedError(
      `slice is [i, n]: the i-th (from 0) of n parts, at most ${listingLimits.slicesMax}`,
    );
  return [Number(i), Number(n)];
}

/** Throws `MalformedError`. */
export function bytesOfJson(value: unknown, name: string): ByteString {
  const { base64url } = Object(value) as { readonly base64url?: unknown };
  const isCoded = typeof base64url === 'string' && /^[\w-]*$/.test(base64url);
  if (typeof value !== 'string' && !isCoded)
    throw new MalformedError(`${name} is a text, or {"base64url": …}`);
  const bytes =
    typeof value === 'string'
      ? byteStringOf(value)
      : latin1Of(Buffer.from(base64url as string, 'base64url'));
  if (bytes.length > limits.keyBytesMax)
    throw new MalformedError(`${name} has at most ${limits.keyBytesMax} bytes`);
  return bytes;
}

export function jsonOfBytes(bytes: ByteString): JsonBytes {
  return textOf(bytes) ?? { base64url: Buffer.from(bytes, 'latin1').toString('base64url') };
}

const plain = /^[ !#-[\]-~]*$/;

/** What it takes as JSON, with a comma. */
export function jsonBytesOf(bytes: ByteString): number {
  if (plain.test(bytes)) return bytes.length + 3;
  return Buffer.byteLength(JSON.stringify(jsonOfBytes(bytes))) + 1;
}

/** Where a listing goes on. */
export interface CursorPosition {
  readonly partition: number;
  readonly after: ByteString;
}

const cursorVersion = '1';

/** `partitions`: of the ring, of which another one would make another order. */
export function cursorOf({ partition, after }: CursorPosition, partitions: number): string {
  const key = Buffer.from(after, 'latin1').toString('base64url');
  return [cursorVersion, partitions, partition, key].join('.');
}

/** Throws `MalformedError`. */
export function positionOf(cursor: string, partitions: number): CursorPosition {
  const [, ring, partition, key] = /^1\.(\d{1,5})\.(\d{1,5})\.([\w-]*)$/.exec(cursor) ?? [];
  if (key === undefined || Number(ring) !== partitions || Number(partition) > partitions)
    throw noCursor();
  const after = latin1Of(Buffer.from(key, 'base64url'));
  if (after.length > limits.keyBytesMax) throw noCursor();
  return { partition: Number(partition), after };
}

function noCursor(): MalformedError {
  return new MalformedError('cursor is none that an answer of this cluster has given');
}
