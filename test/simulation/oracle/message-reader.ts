/**
 * What nodes say to each other, read by code that shares nothing with the code under test:
 * MessagePack, state batches and key states, written down a second time from their documentation.
 */
import { uploadMark } from '../workload/values.js';

export type Plain = null | boolean | number | string | Buffer | Plain[];

/** One MessagePack value; throws on what Quorate never sends. */
export function readMessagePack(bytes: Buffer): Plain {
  const cursor = { bytes, at: 0 };
  const value = readValue(cursor);
  if (cursor.at !== bytes.length) throw new Error('bytes behind the MessagePack value');
  return value;
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function readValue(cursor: Cursor): Plain {
  const tag = cursor.bytes.readUInt8(cursor.at++);
  if (tag < 0x80) return tag;
  if (tag >= 0xe0) return tag - 0x100;
  if ((tag & 0xf0) === 0x90) return readArray(cursor, tag & 0x0f);
  if ((tag & 0xe0) === 0xa0) return take(cursor, tag & 0x1f).toString('utf8');
  switch (tag) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return take(cursor, readUInt(cursor, 1));
    case 0xc5:
      return take(cursor, readUInt(cursor, 2));
    case 0xc6:
      return take(cursor, readUInt(cursor, 4));
    case 0xca:
      return take(cursor, 4).readFloatBE();
    case 0xcb:
      return take(cursor, 8).readDoubleBE();
    case 0xcc:
      return readUInt(cursor, 1);
    case 0xcd:
      return readUInt(cursor, 2);
    case 0xce:
      return readUInt(cursor, 4);
    case 0xcf:
      return Number(take(cursor, 8).readBigUInt64BE());
    case 0xd0:
      return take(cursor, 1).readInt8();
    case 0xd1:
      return take(cursor, 2).readInt16BE();
    case 0xd2:
      return take(cursor, 4).readInt32BE();
    case 0xd3:
      return Number(take(cursor, 8).readBigInt64BE());
    case 0xd9:
      return take(cursor, readUInt(cursor, 1)).toString('utf8');
    case 0xda:
      return take(cursor, readUInt(cursor, 2)).toString('utf8');
    case 0xdb:
      return take(cursor, readUInt(cursor, 4)).toString('utf8');
    case 0xdc:
      return readArray(cursor, readUInt(cursor, 2));
    case 0xdd:
      return readArray(cursor, readUInt(cursor, 4));
    default:
      throw new Error(`MessagePack tag ${tag.toString(16)}`);
  }
}

function readArray(cursor: Cursor, length: number): Plain[] {
  const list: Plain[] = [];
  for (let i = 0; i < length; i++) list.push(readValue(cursor));
  return list;
}

function readUInt(cursor: Cursor, bytes: number): number {
  const value = cursor.bytes.readUIntBE(cursor.at, bytes);
  cursor.at += bytes;
  return value;
}

function take(cursor: Cursor, bytes: number): Buffer {
  const end = cursor.at + bytes;
  if (end > cursor.bytes.length) throw new Error('MessagePack ends early');
  const part = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return part;
}

/** `<actor in hex>:<counter>`. */
export type DotName = string;

export interface SeenSibling {
  readonly dot: DotName;
  /** undefined: a tombstone; or with an expiry, a value that is over. */
  readonly value: Buffer | undefined;
  readonly writtenAtMs: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly operation: string;
  /** It has been replaced, and its value is not there. */
  readonly remembered: boolean;
}

export interface SeenState {
  /** Actor in hex → highest counter. */
  readonly context: ReadonlyMap<string, number>;
  readonly siblings: readonly SeenSibling[];
  readonly bytes: number;
}

export interface SeenRecord {
  /** `<bucket>/<key>`. */
  readonly name: string;
  readonly state: SeenState;
}

export function readBatch(batch: Buffer): SeenRecord[] {
  const records: SeenRecord[] = [];
  let at = 4;
  for (let left = batch.readUInt32BE(0); left > 0; left--) {
    const keyLength = batch.readUInt16BE(at);
    const key = batch.toString('latin1', at + 2, at + 2 + keyLength);
    at += 2 + keyLength;
    const stateLength = batch.readUInt32BE(at);
    // Parts of big values are no writes of their own: `parts-oracle.ts`.
    if (!isPart(key))
      records.push({
        name: nameOf(key),
        state: readState(batch.subarray(at + 4, at + 4 + stateLength)),
      });
    at += 4 + stateLength;
  }
  if (at !== batch.length) throw new Error('bytes behind the batch');
  return records;
}

/** Of a storage key. */
export function isPart(key: string): boolean {
  return key.charCodeAt(2) === 1;
}

/** A storage key (partition, bucket, NUL, key) as `<bucket>/<key>`. */
export function nameOf(storageKey: string): string {
  return storageKey.slice(2).replace('\0', '/');
}

export function readState(bytes: Buffer): SeenState {
  const { context, end } = readContext(bytes);
  const siblings: SeenSibling[] = [];
  let at = end + 2;
  for (let left = bytes.readUInt16BE(end); left > 0; left--) {
    const dot = `${bytes.toString('hex', at, at + 14)}:${bytes.readUInt32BE(at + 14)}`;
    const writtenAtMs = bytes.readDoubleBE(at + 18);
    const expiresAtMs = bytes.readDoubleBE(at + 26);
    const operationLength = bytes.readUInt8(at + 34);
    const isMarked = operationLength >= 128;
    const operationEnd = at + 35 + (isMarked ? operationLength - 128 : operationLength);
    const operation = bytes.toString('latin1', at + 35, operationEnd);
    const valueAt = operationEnd + (isMarked ? 12 : 4);
    const length = bytes.readUInt32BE(valueAt - 4);
    const remembered = length === 0xfffffffe;
    const isTombstone = length === 0xffffffff || remembered;
    const isManifest = !isTombstone && length >= 2 ** 31;
    at = valueAt + (isTombstone ? 0 : length % 2 ** 31);
    const whole = isTombstone ? undefined : bytes.subarray(valueAt, at);
    const value = isManifest ? namedUpload(whole!) : whole;
    siblings.push({ dot, value, writtenAtMs, expiresAtMs, operation, remembered });
  }
  if (at !== bytes.length) throw new Error('bytes behind the key state');
  return { context, siblings, bytes: bytes.length };
}

/** In the place of a manifest: its upload, which says which write it is (`uploaded.ts`). */
function namedUpload(manifest: Buffer): Buffer {
  return Buffer.from(`${uploadMark}${manifest.subarray(-16).toString('hex')} `);
}

export function readContext(bytes: Buffer): { context: Map<string, number>; end: number } {
  const context = new Map<string, number>();
  let at = 2;
  for (let left = bytes.readUInt16BE(0); left > 0; left--, at += 18)
    context.set(bytes.toString('hex', at, at + 14), bytes.readUInt32BE(at + 14));
  return { context, end: at };
}
