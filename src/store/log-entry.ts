/**
 * What the commit log records: one entry a call of the store, replayed in order.
 *
 *   minted      batch
 *   merged      batch
 *   mergedOwed  target (8) · f64 since · batch
 *   owed        target (8) · f64 since · keys
 *   settled     target (8) · keys · removals (strays that went with the last hint)
 *   removed     removals
 *   emptied     f64 until · keys (of whose states values have expired by then)
 *
 * keys: u32 count · count × (u16 length, key); removals: as keys, each with its digest (u32 hi, u32
 * lo) behind it. Marks are not recorded: a replay happens at a start, which voids every earlier
 * epoch.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { Digest } from '../../actors/rules/versions.js';
import { nodeIdBytes } from '../wire/node-ids.js';

export const EntryKind = {
  minted: 1,
  merged: 2,
  mergedOwed: 3,
  owed: 4,
  settled: 5,
  removed: 6,
  emptied: 7,
} as const;

export interface Removal {
  readonly key: StorageKey;
  readonly digest: Digest;
}

export type LogEntry =
  | { readonly kind: 'minted' | 'merged'; readonly batch: Buffer }
  | {
      readonly kind: 'mergedOwed';
      readonly target: NodeId;
      readonly sinceMs: number;
      readonly batch: Buffer;
    }
  | {
      readonly kind: 'owed';
      readonly target: NodeId;
      readonly sinceMs: number;
      readonly keys: readonly StorageKey[];
    }
  | {
      readonly kind: 'settled';
      readonly target: NodeId;
      readonly keys: readonly StorageKey[];
      readonly removals: readonly Removal[];
    }
  | { readonly kind: 'removed'; readonly removals: readonly Removal[] }
  | { readonly kind: 'emptied'; readonly untilMs: number; readonly keys: readonly StorageKey[] };

/** The payload in chunks; batches are not copied. */
export function entryPayload(entry: LogEntry): readonly Buffer[] {
  switch (entry.kind) {
    case 'minted':
    case 'merged':
      return [entry.batch];
    case 'mergedOwed':
      return [hintHead(entry.target, entry.sinceMs), entry.batch];
    case 'owed':
      return [hintHead(entry.target, entry.sinceMs), encodeKeys(entry.keys)];
    case 'settled':
      return [
        Buffer.from(entry.target, 'hex'),
        encodeKeys(entry.keys),
        encodeRemovals(entry.removals),
      ];
    case 'removed':
      return [encodeRemovals(entry.removals)];
    default:
      return [encodeTime(entry.untilMs), encodeKeys(entry.keys)];
  }
}

/**
 * Throws a RangeError on what `entryPayload` did not write; the frame's checksum vouched for it
 * before.
 */
export function decodeEntry(kind: number, payload: Buffer): LogEntry {
  const reader = new EntryReader(payload);
  switch (kind) {
    case EntryKind.minted:
      return { kind: 'minted', batch: payload };
    case EntryKind.merged:
      return { kind: 'merged', batch: payload };
    case EntryKind.mergedOwed: {
      const { target, sinceMs } = reader.hint();
      return { kind: 'mergedOwed', target, sinceMs, batch: reader.rest() };
    }
    case EntryKind.owed: {
      const { target, sinceMs } = reader.hint();
      return { kind: 'owed', target, sinceMs, keys: reader.keys() };
    }
    case EntryKind.settled: {
      const target = reader.target();
      return { kind: 'settled', target, keys: reader.keys(), removals: reader.removals() };
    }
    case EntryKind.removed:
      return { kind: 'removed', removals: reader.removals() };
    case EntryKind.emptied:
      return { kind: 'emptied', untilMs: reader.time(), keys: reader.keys() };
    default:
      throw new RangeError(`unknown log entry ${kind}`);
  }
}

function hintHead(target: NodeId, sinceMs: number): Buffer {
  const head = Buffer.allocUnsafe(nodeIdBytes + 8);
  head.write(target, 'hex');
  head.writeDoubleBE(sinceMs, nodeIdBytes);
  return head;
}

function encodeTime(ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(ms, 0);
  return bytes;
}

function encodeKeys(keys: readonly StorageKey[]): Buffer {
  let length = 4;
  for (const key of keys) length += 2 + key.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.writeUInt32BE(keys.length, 0);
  for (const key of keys) at = writeKey(bytes, at, key);
  return bytes;
}

function encodeRemovals(removals: readonly Removal[]): Buffer {
  let length = 4;
  for (const { key } of removals) length += 2 + key.length + 8;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.writeUInt32BE(removals.length, 0);
  for (const { key, digest } of removals) {
    at = writeKey(bytes, at, key);
    at = bytes.writeUInt32BE(digest.hi, at);
    at = bytes.writeUInt32BE(digest.lo, at);
  }
  return bytes;
}

function writeKey(bytes: Buffer, at: number, key: StorageKey): number {
  const keyAt = bytes.writeUInt16BE(key.length, at);
  return keyAt + bytes.write(key, keyAt, 'latin1');
}

class EntryReader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  target(): NodeId {
    const start = this.at;
    this.at += nodeIdBytes;
    return this.bytes.toString('hex', start, this.at);
  }

  hint(): { target: NodeId; sinceMs: number } {
    const target = this.target();
    return { target, sinceMs: this.time() };
  }

  time(): number {
    const ms = this.bytes.readDoubleBE(this.at);
    this.at += 8;
    return ms;
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }

  keys(): StorageKey[] {
    const keys: StorageKey[] = [];
    for (let left = this.uint32(); left > 0; left--) keys.push(this.key());
    return keys;
  }

  removals(): Removal[] {
    const removals: Removal[] = [];
    for (let left = this.uint32(); left > 0; left--) {
      const key = this.key();
      const hi = this.uint32();
      removals.push({ key, digest: { hi, lo: this.uint32() } });
    }
    return removals;
  }

  private uint32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  private key(): StorageKey {
    const start = this.at + 2;
    this.at = start + this.bytes.readUInt16BE(this.at);
    return this.bytes.toString('latin1', start, this.at);
  }
}
