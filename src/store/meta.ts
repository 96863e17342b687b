/**
 * Rows of the `meta` table, each with its checksum.
 *
 *   identity  node id (8) · log magic (8) · u16 partitions · u16 format
 *   covered   u48: the log's entries up to it are in the tables
 *   epochs    u48 end of the lease, three times for earlier versions · u8 clean
 */
import { crc32c } from '@node-rs/crc32';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Table } from '../seams/table.js';
import { nodeIdBytes } from '../wire/node-ids.js';
import { magicBytes } from './frame.js';

export const metaKeys = { identity: 'identity', covered: 'covered', epochs: 'epochs' } as const;

/** Of everything the store writes; a node refuses a directory with another one. */
export const storeFormat = 1;

export interface Identity {
  readonly nodeId: NodeId;
  readonly magic: Buffer;
  readonly partitions: number;
  readonly format: number;
}

export interface EpochRow {
  readonly leaseEnd: number;
  /** It was written by a clean stop. */
  readonly clean: boolean;
}

/**
 * The row without its checksum; undefined when it is absent. Throws when it is damaged: nothing can
 * stand on it.
 */
export function metaRow(meta: Table, key: string): Buffer | undefined {
  const row = meta.get(key);
  if (row === undefined) return undefined;
  const end = row.length - 4;
  if (end < 0 || crc32c(row.subarray(0, end)) !== row.readUInt32BE(end))
    throw new Error(
      `the node's ${key} row is damaged; remove its data directory to let it come back as a new node`,
    );
  return row.subarray(0, end);
}

export function encodeIdentity(identity: Identity): Buffer {
  const row = Buffer.allocUnsafe(nodeIdBytes + magicBytes + 4);
  row.write(identity.nodeId, 'hex');
  row.set(identity.magic, nodeIdBytes);
  row.writeUInt16BE(identity.partitions, nodeIdBytes + magicBytes);
  row.writeUInt16BE(identity.format, nodeIdBytes + magicBytes + 2);
  return sealed(row);
}

export function decodeIdentity(row: Buffer): Identity {
  return {
    nodeId: row.toString('hex', 0, nodeIdBytes),
    magic: row.subarray(nodeIdBytes, nodeIdBytes + magicBytes),
    partitions: row.readUInt16BE(nodeIdBytes + magicBytes),
    format: row.readUInt16BE(nodeIdBytes + magicBytes + 2),
  };
}

export function encodeCovered(sequence: number): Buffer {
  const row = Buffer.allocUnsafe(6);
  row.writeUIntBE(sequence, 0, 6);
  return sealed(row);
}

export function decodeCovered(row: Buffer | undefined): number {
  return row === undefined ? 0 : row.readUIntBE(0, 6);
}

export function encodeEpochs({ leaseEnd, clean }: EpochRow): Buffer {
  const row = Buffer.allocUnsafe(19);
  for (const at of [0, 6, 12]) row.writeUIntBE(leaseEnd, at, 6);
  row.writeUInt8(clean ? 1 : 0, 18);
  return sealed(row);
}

export function decodeEpochs(row: Buffer): EpochRow {
  return { leaseEnd: row.readUIntBE(0, 6), clean: row.readUInt8(18) === 1 };
}

function sealed(row: Buffer): Buffer {
  const sum = Buffer.allocUnsafe(4);
  sum.writeUInt32BE(crc32c(row), 0);
  return Buffer.concat([row, sum]);
}
