/**
 * Names of the parts of big values. Parts lie beside their key: in its partition, in a bucket that
 * no client can name, under the key's name with an upload and a number behind it.
 *
 *   bucket   \x01 bucket of the key
 *   key      u16 length of the owner · owner, the key of the value · upload 16 · u32 index
 *   upload   u48 ms since 1970 of its begin, by the agreed clock · 10 bytes at random
 *
 * The parts of one upload follow each other in the order of storage keys, and so do the uploads of
 * one key, by the time they began.
 */
import { isPartBucket, ownerInPartKey, partMark, type ByteString } from './key.js';

export { isPartBucket } from './key.js';

/** `uploadBytes` of them, one character a byte. */
export type UploadId = ByteString;

export const uploadBytes = 16;
const clockBytes = 6;
export const uploadRandomBytes = uploadBytes - clockBytes;
const lengthBytes = 2;
const indexBytes = 4;
/** What a part's key has beside that of its owner. */
export const partNameBytes = lengthBytes + uploadBytes + indexBytes;

export interface PartName {
  /** The key of the value. */
  readonly owner: ByteString;
  readonly upload: UploadId;
  /** From 0. */
  readonly index: number;
}

/** Sorts behind all buckets of parts, and in front of those that clients name. */
export const behindPartBuckets = '\x02';

export function partBucket(bucket: ByteString): ByteString {
  return partMark + bucket;
}

/** The bucket that a client names: of a part's bucket that of its owner, else the same. */
export function namedBucket(bucket: ByteString): ByteString {
  return isPartBucket(bucket) ? bucket.slice(partMark.length) : bucket;
}

export function partKey(owner: ByteString, upload: UploadId, index: number): ByteString {
  return uploadPrefix(owner, upload) + bigEndian(index, indexBytes);
}

/** In the place of a part's number: whoever uploaded has given it up. It comes behind all parts. */
export const givenUpIndex = 0xffff_ffff;

/** What the keys of all parts of an upload begin with. */
export function uploadPrefix(owner: ByteString, upload: UploadId): ByteString {
  return bigEndian(owner.length, lengthBytes) + owner + upload;
}

/** Undefined: not of the form. */
export function partNameOf(key: ByteString): PartName | undefined {
  const owner = ownerInPartKey(key);
  if (owner.length === 0 || key.length !== owner.length + partNameBytes) return undefined;
  const at = lengthBytes + owner.length;
  if (lengthIn(key) !== owner.length) return undefined;
  const upload = key.slice(at, at + uploadBytes);
  return { owner, upload, index: numberIn(key.slice(at + uploadBytes)) };
}

/** `random`: `uploadRandomBytes` of them. */
export function uploadOf(beganMs: number, random: ByteString): UploadId {
  return bigEndian(Math.floor(beganMs), clockBytes) + random;
}

/** Agreed wall clock. */
export function beganMsOf(upload: UploadId): number {
  return numberIn(upload.slice(0, clockBytes));
}

function lengthIn(key: ByteString): number {
  return numberIn(key.slice(0, lengthBytes));
}

function bigEndian(value: number, bytes: number): ByteString {
  let text = '';
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    text = String.fromCharCode(rest % 256) + text;
    rest = Math.floor(rest / 256);
  }
  return text;
}

function numberIn(bytes: ByteString): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes.charCodeAt(i);
  return value;
}
