/** What a bucket and a key may be called. */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { checkedPart, isPartBucket, namedBucket } from '../wire/part-names.js';
import { latin1Of, textOf } from '../wire/text.js';

const dot = 0x2e;
const star = 0x2a;
const greater = 0x3e;
const space = 0x20;

/** A bucket is one token of a subject, so that every way in can name it. */
export function checkBucket(bucket: ByteString): void {
  if (bucket.length > limits.bucketBytesMax || bucket.includes('.') || !isSubject(bucket))
    throw new MalformedError(
      `a bucket is a subject token of 1 to ${limits.bucketBytesMax} bytes, without . * > and blanks`,
    );
}

/** As that, of what frames may name beside: a bucket of parts, which no subject can. */
export function checkFrameBucket(bucket: ByteString): void {
  checkBucket(namedBucket(bucket));
}

export function checkKey(key: ByteString): void {
  if (key.length === 0 || key.length > limits.keyBytesMax)
    throw new MalformedError(`a key has 1 to ${limits.keyBytesMax} bytes`);
}

/**
 * A subject arrives as text, in which bytes that are no UTF-8 have become U+FFFD: different keys
 * would be one. Throws `MalformedError`, for the character itself as well, which can't be told from
 * those.
 */
export function checkText(subject: string): void {
  if (subject.includes('\ufffd'))
    throw new MalformedError(
      'a bucket or key in a subject is UTF-8 without U+FFFD; keys of other bytes go through kv.frame, as the TypeScript client and the quorate command send them',
    );
}

/** Throws `MalformedError`. */
export function keyOf(bytes: Uint8Array): ByteString {
  const key = latin1Of(bytes);
  checkKey(key);
  return key;
}

/** As that, of the key of a part. */
function partKeyOf(bytes: Uint8Array): ByteString {
  const key = latin1Of(bytes);
  checkedPart(key);
  return key;
}

/** How the keys of a bucket that frames name are read. */
export function keysOf(bucket: ByteString): (bytes: Uint8Array) => ByteString {
  return isPartBucket(bucket) ? partKeyOf : keyOf;
}

/** The key as subject tokens; undefined when it can't be such. */
export function keySubjectOf(key: ByteString): string | undefined {
  return isSubject(key) ? textOf(key) : undefined;
}

/**
 * Tokens between dots, none of them empty, no wildcards, nothing a line of the NATS protocol would
 * break at.
 */
function isSubject(bytes: ByteString): boolean {
  let last = dot;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    if (byte <= space || byte === star || byte === greater) return false;
    if (byte === dot && last === dot) return false;
    last = byte;
  }
  return last !== dot;
}
