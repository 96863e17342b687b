/**
 * Keys of a bucket as one node holds them, in order: with the digest of each, and whether it shows
 * a value. In messages they are columns of bytes, since there are thousands.
 *
 *   keys     (u16 length, key) each
 *   digests  8 bytes each
 *   shown    1 byte each, 0 or 1
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { digestBytes } from './digest-codec.js';
import type { WireValue } from './wire-value.js';
import { asBuffer } from './as-buffer.js';
import { isBin, isList } from './columns.js';

const lengthBytes = 2;

export class ListedKeys {
  readonly keys: ByteString[] = [];
  /** Halves of the digests, signed. */
  readonly his: number[] = [];
  readonly los: number[] = [];
  /** Not deleted, not expired. */
  readonly shown: boolean[] = [];
  /** To the end of what was asked for; else up to the last key that is here. */
  isWhole = true;

  add(key: ByteString, digest: { readonly hi: number; readonly lo: number }, shows: boolean): void {
    this.keys.push(key);
    this.his.push(digest.hi | 0);
    this.los.push(digest.lo | 0);
    this.shown.push(shows);
  }
}

/** What a key takes in a message. */
export function listedBytes(key: ByteString): number {
  return lengthBytes + key.length + digestBytes + 1;
}

export function listedColumns(listed: ListedKeys): WireValue {
  const { keys, his, los, shown, isWhole } = listed;
  let bytes = 0;
  for (const key of keys) bytes += lengthBytes + key.length;
  const names = Buffer.allocUnsafe(bytes);
  const digests = Buffer.allocUnsafe(keys.length * digestBytes);
  const flags = Buffer.allocUnsafe(keys.length);
  let at = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    at = names.writeUInt16BE(key.length, at);
    at += names.write(key, at, 'latin1');
    digests.writeInt32BE(his[i]!, i * digestBytes);
    digests.writeInt32BE(los[i]!, i * digestBytes + 4);
    flags[i] = shown[i] === true ? 1 : 0;
  }
  return [isWhole, names, digests, flags];
}

/** Throws `MalformedError`. */
export function listedOf(value: WireValue): ListedKeys {
  if (!isList(value) || value.length !== 4) throw new MalformedError('a list of keys expected');
  const [isWhole, names, digests, flags] = value;
  if (typeof isWhole !== 'boolean' || !isBin(names) || !isBin(digests) || !isBin(flags))
    throw new MalformedError('columns of keys expected');
  const [text, sums] = [asBuffer(names), asBuffer(digests)];
  if (sums.length !== flags.length * digestBytes)
    throw new MalformedError('a digest for each key expected');
  const listed = new ListedKeys();
  listed.isWhole = isWhole;
  let at = 0;
  let last = '';
  for (let i = 0; i < flags.length; i++) {
    if (at + lengthBytes > text.length) throw new MalformedError('keys end early');
    const start = at + lengthBytes;
    at = start + text.readUInt16BE(at);
    const key = text.toString('latin1', start, at);
    if (at > text.length || key.length > limits.keyBytesMax || key <= last)
      throw new MalformedError('keys that do not ascend, or are none');
    last = key;
    const digest = {
      hi: sums.readInt32BE(i * digestBytes),
      lo: sums.readInt32BE(i * digestBytes + 4),
    };
    listed.add(key, digest, flags[i] === 1);
  }
  if (at !== text.length) throw new MalformedError('bytes behind the keys');
  return listed;
}
