/**
 * The manifest of a big value: what a key holds in place of the value's bytes, which lie beside it
 * in parts (`part-names.ts`). A sibling says that its value is one (`encoded-state.ts`): no bytes
 * that a client gives are ever taken for a manifest.
 *
 *   u8 version 1 · u48 size · u32 bytes of a part · SHA-256 32 · upload 16
 *
 * All parts have as many bytes but the last, which has what is left. A value of no bytes has none.
 */
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { uploadBytes, type UploadId } from '../../actors/rules/part-names.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from './as-buffer.js';

export interface Manifest {
  /** Bytes of the whole value. */
  readonly size: number;
  /** Bytes of each part but the last. */
  readonly partBytes: number;
  /** Of the whole value; 32 bytes. */
  readonly sha256: Uint8Array;
  readonly upload: UploadId;
}

const version = 1;
const sizeAt = 1;
const partBytesAt = sizeAt + 6;
const sha256At = partBytesAt + 4;
export const sha256Bytes = 32;
const uploadAt = sha256At + sha256Bytes;
export const manifestBytes = uploadAt + uploadBytes;

export function encodeManifest({ size, partBytes, sha256, upload }: Manifest): Buffer {
  const bytes = Buffer.alloc(manifestBytes);
  bytes[0] = version;
  bytes.writeUIntBE(size, sizeAt, 6);
  bytes.writeUInt32BE(partBytes, partBytesAt);
  bytes.set(sha256, sha256At);
  bytes.write(upload, uploadAt, 'latin1');
  return bytes;
}

/** Throws `MalformedError` unless the bytes are one whole manifest within the bounds. */
export function decodeManifest(bytes: Buffer): Manifest {
  checkManifest(bytes, 0, bytes.length);
  return {
    size: bytes.readUIntBE(sizeAt, 6),
    partBytes: bytes.readUInt32BE(partBytesAt),
    sha256: bytes.subarray(sha256At, uploadAt),
    upload: uploadIn(bytes),
  };
}

/** Of a manifest that was checked. */
export function uploadIn(manifest: Uint8Array): UploadId {
  return asBuffer(manifest).toString('latin1', uploadAt, manifestBytes);
}

/** As `decodeManifest`, where it lies among other bytes. */
export function checkManifest(bytes: Buffer, at: number, length: number): void {
  if (length !== manifestBytes || bytes[at] !== version)
    throw new MalformedError('not a manifest of a big value');
  const size = bytes.readUIntBE(at + sizeAt, 6);
  const partBytes = bytes.readUInt32BE(at + partBytesAt);
  if (size > bucketLimits.valueBytesMax)
    throw new MalformedError(`a value has at most ${bucketLimits.valueBytesMax} bytes`);
  if (partBytes === 0 || partBytes > partLimits.partBytesMax)
    throw new MalformedError(`a part has 1 to ${partLimits.partBytesMax} bytes`);
  if (partsIn(size, partBytes) > partLimits.partsMax)
    throw new MalformedError(`a value has at most ${partLimits.partsMax} parts`);
}

/** How many parts there are. */
export function partsOf({ size, partBytes }: Pick<Manifest, 'size' | 'partBytes'>): number {
  return partsIn(size, partBytes);
}

/** Of the part with this index. */
export function bytesOfPart(manifest: Pick<Manifest, 'size' | 'partBytes'>, index: number): number {
  const { size, partBytes } = manifest;
  return Math.min(partBytes, size - index * partBytes);
}

function partsIn(size: number, partBytes: number): number {
  return Math.ceil(size / partBytes);
}
