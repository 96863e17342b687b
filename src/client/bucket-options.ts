/** What a caller may say about one request, and what a bucket handle says for all of its. */
import { conditions, type Condition, type OnlyIf } from '../../actors/rules/condition.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { byteStringOf, latin1Of } from '../wire/text.js';
import type { ByteString } from '../../actors/rules/key.js';
import { Context } from './context.js';
import type { RequestTrace } from './request-trace.js';
import type { ResolveOptions } from './resolving.js';
import type { ValueCodec } from './value-codec.js';

interface CommonOptions {
  /** Only primaries count for the quorum: with R + W > N, reads see every acknowledged write. */
  readonly strict?: boolean | undefined;
  /** Deadline of the request with all its retries, ms; the client's unless told. */
  readonly timeoutMs?: number | undefined;
}

interface RequestOptions extends CommonOptions {
  /** Puts the request under the glass: `QuorateClient.trace()`. */
  readonly trace?: RequestTrace | undefined;
}

export interface GetOptions extends RequestOptions {
  /** Nodes that must answer; the bucket's R unless told. */
  readonly r?: number | undefined;
}

export interface DeleteOptions extends RequestOptions {
  /** Nodes that must acknowledge; the bucket's W unless told. */
  readonly w?: number | undefined;
  /**
   * What the author has seen, from an entry or an earlier put: exactly that is replaced.
   * `Context.empty`: nothing, so this stays beside whatever is there. Undefined: replaces what the
   * coordinator knows.
   */
  readonly context?: Context | string | undefined;
  /**
   * `context`: it is done only if the key shows nothing beside what the context has seen; `absent`,
   * of a put: only if the key has no value. Else it is refused with a `ConditionError`.
   */
  readonly if?: Condition | undefined;
  /**
   * Names the operation: a put that is sent twice under one name is one write. A fresh name unless
   * told.
   */
  readonly operation?: string | undefined;
}

/** In ms; `none`: until it is replaced, whatever the bucket says. */
export type Lifetime = number | 'none';

export interface PutOptions extends DeleteOptions {
  /**
   * It expires so many ms after it was stored, or never (`none`); the bucket's unless told.
   */
  readonly ttlMs?: Lifetime | undefined;
}

export interface BucketDefaults<Out, In> extends CommonOptions, ResolveOptions<Out, In> {
  readonly r?: number | undefined;
  readonly w?: number | undefined;
  readonly ttlMs?: Lifetime | undefined;
  /** How values become bytes and back; `raw` unless told. */
  readonly codec?: ValueCodec<Out, In> | undefined;
}

/** 0: the bucket's own. */
export function quorumOf(quorum: number | undefined, name: 'r' | 'w'): number {
  if (quorum === undefined) return 0;
  if (!Number.isInteger(quorum) || quorum < 1) throw new MalformedError(`${name} is 1 or more`);
  return quorum;
}

export function timeoutMsOf(timeoutMs: number): number {
  const { requestTimeoutMsMax } = limits;
  if (!(timeoutMs >= 1 && timeoutMs <= requestTimeoutMsMax))
    throw new MalformedError(`timeoutMs is 1 to ${requestTimeoutMsMax}`);
  return Math.ceil(timeoutMs);
}

/** 0: the bucket's own. */
export function ttlMsOf(ttlMs: Lifetime | undefined): number {
  if (ttlMs === undefined) return 0;
  if (ttlMs === 'none') return limits.ttlMsNone;
  const { ttlMsMax } = limits;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > ttlMsMax)
    throw new MalformedError(`ttlMs is a whole number from 1 to ${ttlMsMax}, or "none"`);
  return ttlMs;
}

export function contextOf(context: Context | string | undefined): Context | undefined {
  return typeof context === 'string' ? Context.parse(context) : context;
}

/** Throws `MalformedError`. */
/** What the author of a write has seen, and on what condition it is done. */
export function seenOf(
  options: DeleteOptions,
  { isDelete }: { readonly isDelete: boolean },
): { readonly context: Context | undefined; readonly onlyIf: OnlyIf | undefined } {
  const context = contextOf(options.context);
  const onlyIf = onlyIfOf(options.if, { context, isDelete });
  // What is put where nothing is replaces the deletes of others, seen or not.
  return { context: onlyIf?.is === 'absent' ? undefined : context, onlyIf };
}

function onlyIfOf(
  condition: Condition | undefined,
  write: { readonly context: Context | undefined; readonly isDelete: boolean },
): OnlyIf | undefined {
  if (condition === undefined) return undefined;
  if (!conditions.includes(condition))
    throw new MalformedError(`"if" is ${conditions.join(' or ')}`);
  if (condition === 'context' && write.context === undefined)
    throw new MalformedError('"if: context" goes with a context, from an entry or an earlier put');
  if (condition === 'absent' && write.isDelete)
    throw new MalformedError('a delete goes with "if: context", or without "if"');
  return { is: condition, r: 0 };
}

export function operationOf(operation: string): ByteString {
  const bytes = bytesOfText(operation, 'an operation id');
  if (bytes.length === 0 || bytes.length > limits.operationIdBytesMax)
    throw new MalformedError(`an operation id has 1 to ${limits.operationIdBytesMax} bytes`);
  return bytes;
}

/** Half a character has no bytes in UTF-8: different texts would become one. */
function bytesOfText(text: string, what: string): ByteString {
  const bytes = byteStringOf(text);
  if (bytes !== text && /\p{Surrogate}/u.test(text))
    throw new MalformedError(`${what} has half a character (a lone surrogate), which has no UTF-8`);
  return bytes;
}

/** Keys are bytes; text stands for its UTF-8. */
export function keyOf(key: string | Uint8Array): ByteString {
  const bytes = typeof key === 'string' ? bytesOfText(key, 'a key') : bytesOfKey(key);
  if (bytes.length === 0 || bytes.length > limits.keyBytesMax)
    throw new MalformedError(`a key has 1 to ${limits.keyBytesMax} bytes`);
  return bytes;
}

/** Programs without types may give anything. */
function bytesOfKey(key: unknown): ByteString {
  if (!(key instanceof Uint8Array)) throw new MalformedError('a key is a text or a Uint8Array');
  return latin1Of(key);
}

// White space and control characters have no place in a subject; the wildcards and the dot mean
// something else there.
const notInToken = /[\s.*>\p{Cc}]/u;

/** A bucket is one token of a subject. */
export function bucketOf(name: string): ByteString {
  const bytes = bytesOfText(name, 'a bucket name');
  if (bytes.length === 0 || bytes.length > limits.bucketBytesMax || notInToken.test(name))
    throw new MalformedError(
      `a bucket name has 1 to ${limits.bucketBytesMax} bytes, without white space, ".", "*" and ">"`,
    );
  return bytes;
}
