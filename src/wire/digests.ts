/**
 * Runs of numbers as one bin: digests of 8 bytes (hi, lo), indexes of 2 bytes. Decoding throws
 * `MalformedError` on a torn run.
 */
import type { Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { digestBytes, readDigest, writeDigest } from './digest-codec.js';

const indexBytes = 2;

export function encodeDigests(digests: readonly Digest[]): Buffer {
  const bytes = Buffer.allocUnsafe(digests.length * digestBytes);
  digests.forEach((digest, i) => writeDigest(digest, bytes, i * digestBytes));
  return bytes;
}

export function decodeDigests(bytes: Buffer): Digest[] {
  if (bytes.length % digestBytes !== 0) throw new MalformedError('digests of 8 bytes each');
  const digests: Digest[] = [];
  for (let at = 0; at < bytes.length; at += digestBytes) digests.push(readDigest(bytes, at));
  return digests;
}

/** Partitions and leaves; each below 2^16. */
export function encodeIndexes(indexes: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(indexes.length * indexBytes);
  let at = 0;
  for (const index of indexes) at = bytes.writeUInt16BE(index, at);
  return bytes;
}

export function decodeIndexes(bytes: Buffer): number[] {
  if (bytes.length % indexBytes !== 0) throw new MalformedError('indexes of 2 bytes each');
  const indexes: number[] = [];
  for (let at = 0; at < bytes.length; at += indexBytes) indexes.push(bytes.readUInt16BE(at));
  return indexes;
}
