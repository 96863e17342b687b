/** A digest as 8 bytes, hi then lo, big-endian. */
import type { Digest } from '../../actors/rules/versions.js';

export const digestBytes = 8;

export function writeDigest(digest: Digest, target: Buffer, offset: number): void {
  target.writeUInt32BE(digest.hi, offset);
  target.writeUInt32BE(digest.lo, offset + 4);
}

export function readDigest(bytes: Buffer, offset: number): Digest {
  return { hi: bytes.readUInt32BE(offset), lo: bytes.readUInt32BE(offset + 4) };
}
