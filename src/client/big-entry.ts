/** What an entry tells of a value that is too large for a message. */
import { decodeManifest, type Manifest } from '../wire/manifest.js';
import { asBuffer } from '../wire/as-buffer.js';

export interface BigValueInfo {
  /** Bytes. */
  readonly size: number;
  /** `SHA-256=` and 43 characters of base64url, as NATS' object store writes it. */
  readonly digest: string;
}

/** A value was asked for that is too large to be held at once. */
export class BigValueError extends Error {
  constructor({ size }: BigValueInfo) {
    super(`the value has ${size} bytes, which is too large for one message: use "getStream"`);
    this.name = 'BigValueError';
  }
}

export function infoOf({ size, sha256 }: Pick<Manifest, 'size' | 'sha256'>): BigValueInfo {
  return { size, digest: digestText(sha256) };
}

export function digestText(sha256: Uint8Array): string {
  return `SHA-256=${asBuffer(sha256).toString('base64url')}`;
}

/** Throws `MalformedError`. */
export function manifestIn(bytes: Uint8Array): Manifest {
  return decodeManifest(asBuffer(bytes));
}
