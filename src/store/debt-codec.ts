/** A debt in the `hints` table: target (8 bytes) and storage key → f64 since · u32 bytes of the state · u32 CRC-32C over key and value. */
import { crc32c } from '@node-rs/crc32';
import type { NodeId } from '../../actors/rules/actor.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { nodeIdBytes } from '../wire/node-ids.js';

export interface Debt {
  /** Wall clock. */
  readonly sinceMs: number;
  readonly bytes: number;
}

export type DebtKey = ByteString;

const valueBytes = 8 + 4 + 4;

export function debtKey(target: NodeId, key: StorageKey): DebtKey {
  return Buffer.from(target, 'hex').toString('latin1') + key;
}

export function ofDebtKey(debt: DebtKey): { target: NodeId; key: StorageKey } {
  return {
    target: Buffer.from(debt.slice(0, nodeIdBytes), 'latin1').toString('hex'),
    key: debt.slice(nodeIdBytes),
  };
}

export function encodeDebt(key: DebtKey, debt: Debt): Buffer {
  const value = Buffer.allocUnsafe(valueBytes);
  value.writeDoubleBE(debt.sinceMs, 0);
  value.writeUInt32BE(debt.bytes, 8);
  value.writeUInt32BE(checksum(key, value), 12);
  return value;
}

/**
 * A damaged value only loses age and size, so the debt counts as very old: that its key is there is the debt, and
 * forgetting it could lose a write.
 */
export function decodeDebt(key: DebtKey, value: Buffer): Debt {
  if (value.length !== valueBytes || checksum(key, value) !== value.readUInt32BE(12))
    return { sinceMs: 0, bytes: 0 };
  return { sinceMs: value.readDoubleBE(0), bytes: value.readUInt32BE(8) };
}

function checksum(key: DebtKey, value: Buffer): number {
  return crc32c(value.subarray(0, 12), crc32c(Buffer.from(key, 'latin1')));
}
