/**
 * Keys as byte strings (latin1: one character a byte), and the partition a key belongs to.
 *
 * The partition is what nats-server's subject mapping `{{partition(Q,1,2,…)}}` computes for
 * `kv.put.<bucket>.<key>`: FNV-1a, 32 bit, over the tokens joined without separator.
 * So the dots of a key do not count, wherever the key came from. Parts of a big value belong to the
 * partition of its key.
 */
import { fnvBasis } from './hash.js';

/** Bytes of a user's key, one character a byte. */
export type ByteString = string;

/** Partition (2 bytes, big-endian), bucket, NUL, key: sorts by partition, then bucket, then key. */
export type StorageKey = ByteString;

const dot = 0x2e;
const prime = 0x01000193;

export function partitionOf(
  name: { bucket: ByteString; key: ByteString },
  partitions: number,
): number {
  if (isPartBucket(name.bucket)) return partitionOf(ownerOf(name), partitions);
  return (fnv1a(name.key, fnv1a(name.bucket, fnvBasis)) >>> 0) % partitions;
}

/** In front of a bucket's name: what the parts of its big values lie in. */
export const partMark = '\x01';

/** Of parts of big values (`part-names.ts`); no client can give a bucket such a name. */
export function isPartBucket(bucket: ByteString): boolean {
  return bucket.charCodeAt(0) === 1;
}

/** The key of the value, of which a part's key says the length first; whatever it says. */
export function ownerInPartKey(key: ByteString): ByteString {
  return key.slice(2, 2 + ((key.charCodeAt(0) << 8) | key.charCodeAt(1)));
}

/** A part is of the partition of its value's key. */
function ownerOf(part: { bucket: ByteString; key: ByteString }): {
  bucket: ByteString;
  key: ByteString;
} {
  return { bucket: part.bucket.slice(partMark.length), key: ownerInPartKey(part.key) };
}

function fnv1a(bytes: ByteString, seed: number): number {
  let hash = seed;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    if (byte !== dot) hash = Math.imul(hash ^ byte, prime);
  }
  return hash;
}

export function storageKeyOf(parts: {
  partition: number;
  bucket: ByteString;
  key: ByteString;
}): StorageKey {
  const { partition, bucket, key } = parts;
  return `${String.fromCharCode(partition >> 8, partition & 0xff)}${bucket}\0${key}`;
}

export function partitionOfStorageKey(key: StorageKey): number {
  return (key.charCodeAt(0) << 8) | key.charCodeAt(1);
}

export function nameOfStorageKey(storageKey: StorageKey): { bucket: ByteString; key: ByteString } {
  const end = storageKey.indexOf('\0', 2);
  return { bucket: storageKey.slice(2, end), key: storageKey.slice(end + 1) };
}
