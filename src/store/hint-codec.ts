/**
 * A row of the `hints` table: target (8 bytes) and storage key → f64 since · u32 bytes of the state
 * · u32 CRC-32C over key and value.
 */
import { crc32c } from '@node-rs/crc32';
import type { NodeId } from '../../actors/rules/actor.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { nodeIdBytes } from '../wire/node-ids.js';

/** Held for its target under the key: since when, and how large the state is. */
export interface Hint {
  /** Wall clock. */
  readonly sinceMs: number;
  readonly bytes: number;
}

export type HintKey = ByteString;

const valueBytes = 8 + 4 + 4;

export function hintKey(target: NodeId, key: StorageKey): HintKey {
  return Buffer.from(target, 'hex').toString('latin1') + key;
}

export function ofHintKey(key: HintKey): { target: NodeId; key: StorageKey } {
  return {
    target: Buffer.from(key.slice(0, nodeIdBytes), 'latin1').toString('hex'),
    key: key.slice(nodeIdBytes),
  };
}

export function encodeHint(key: HintKey, hint: Hint): Buffer {
  const value = Buffer.allocUnsafe(valueBytes);
  value.writeDoubleBE(hint.sinceMs, 0);
  value.writeUInt32BE(hint.bytes, 8);
  value.writeUInt32BE(checksum(key, value), 12);
  return value;
}

/**
 * A damaged value only loses age and size, so it counts as very old: that its key is there is the
 * hint, and to drop it could lose a write.
 */
export function decodeHint(key: HintKey, value: Buffer): Hint {
  if (value.length !== valueBytes || checksum(key, value) !== value.readUInt32BE(12))
    return { sinceMs: 0, bytes: 0 };
  return { sinceMs: value.readDoubleBE(0), bytes: value.readUInt32BE(8) };
}

function checksum(key: HintKey, value: Buffer): number {
  return crc32c(value.subarray(0, 12), crc32c(Buffer.from(key, 'latin1')));
}
