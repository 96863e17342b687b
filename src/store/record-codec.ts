/**
 * A record as a value of the `records` table: u48 mark · u32 CRC-32C over mark and state · state bytes.
 */
import { crc32c } from '@node-rs/crc32';
import type { StorageKey } from '../../actors/rules/key.js';
import { digestOf, type Digest, type KeyState } from '../../actors/rules/versions.js';
import { decodeState } from '../wire/key-state-codec.js';
import type { HeldRecord } from './store.js';

const markBytes = 6;
const stateAt = markBytes + 4;

export class Held implements HeldRecord {
  readonly digest: Digest;

  constructor(
    readonly state: KeyState,
    readonly bytes: Buffer,
    readonly mark: number,
  ) {
    this.digest = digestOf(state);
  }
}

export function encodeRecord(record: Held): Buffer {
  const value = Buffer.allocUnsafe(stateAt + record.bytes.length);
  value.writeUIntBE(record.mark, 0, markBytes);
  value.set(record.bytes, stateAt);
  value.writeUInt32BE(checksum(value), markBytes);
  return value;
}

/** Undefined when the bytes are not what was written. */
export function decodeRecord(value: Buffer): Held | undefined {
  if (value.length < stateAt || checksum(value) !== value.readUInt32BE(markBytes)) return undefined;
  const bytes = value.subarray(stateAt);
  return new Held(decodeState(bytes), bytes, value.readUIntBE(0, markBytes));
}

function checksum(value: Buffer): number {
  return crc32c(value.subarray(stateAt), crc32c(value.subarray(0, markBytes)));
}

/** Bounds of a partition's keys in any table whose keys are storage keys. */
export function partitionStart(partition: number): StorageKey {
  return String.fromCharCode(partition >> 8, partition & 0xff);
}

/** Exclusive. Partitions end below 65535, so the two bytes always have a successor. */
export function partitionEnd(partition: number): StorageKey {
  return partitionStart(partition + 1);
}
