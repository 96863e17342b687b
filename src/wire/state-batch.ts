/**
 * Key states in one run of bytes: what a merge message carries and the commit log appends as it came.
 *
 *   u32 count · count × (u16 key length, storage key, u32 state length, state)
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { bytesOf, type StateSpan } from './encoded-states.js';
import type { EncodableState } from './key-state-codec.js';

export interface BatchRecord {
  readonly key: StorageKey;
  /** The encoded state (`key-state-codec.ts`). After decoding: a view into the batch. */
  readonly bytes: Buffer;
}

export function encodeBatch(records: readonly BatchRecord[]): Buffer {
  let length = 4;
  for (const record of records) length += 6 + record.key.length + record.bytes.length;
  const batch = Buffer.allocUnsafe(length);
  let at = batch.writeUInt32BE(records.length, 0);
  for (const { key, bytes } of records) {
    at = batch.writeUInt16BE(key.length, at);
    at += batch.write(key, at, 'latin1');
    at = batch.writeUInt32BE(bytes.length, at);
    batch.set(bytes, at);
    at += bytes.length;
  }
  return batch;
}

/** As `encodeBatch`, from the states themselves; into what `take` gives for so many bytes. */
export function encodeStates(
  records: readonly { readonly key: StorageKey; readonly state: EncodableState }[],
  take = (bytes: number): Buffer => Buffer.allocUnsafe(bytes),
): Buffer {
  let length = 4;
  for (const { key, state } of records) length += 6 + key.length + state.encodedBytes;
  const batch = take(length);
  let at = batch.writeUInt32BE(records.length, 0);
  for (const { key, state } of records) {
    at = batch.writeUInt16BE(key.length, at);
    at += batch.write(key, at, 'latin1');
    const end = state.write(batch, at + 4);
    batch.writeUInt32BE(end - at - 4, at);
    at = end;
  }
  return batch;
}

/** Where the states of a batch made here lie, in its order. */
export function stateSpansOf(batch: Buffer): StateSpan[] {
  const spans: StateSpan[] = [];
  for (let at = 4; at < batch.length;) {
    const lengthAt = at + 2 + batch.readUInt16BE(at);
    const start = lengthAt + 4;
    const length = batch.readUInt32BE(lengthAt);
    spans.push({ source: batch, start, length });
    at = start + length;
  }
  return spans;
}

export interface KeyedSpan extends StateSpan {
  readonly key: StorageKey;
}

/** Throws `MalformedError` on anything that is not one whole batch within the limits. */
export function decodeBatch(batch: Buffer): BatchRecord[] {
  return spansOf(batch).map((span) => ({ key: span.key, bytes: bytesOf(span) }));
}

/** As `decodeBatch`, without a view a record. */
export function spansOf(batch: Buffer): KeyedSpan[] {
  const end = batch.length;
  if (end < 4) throw new MalformedError('batch ends early');
  const count = batch.readUInt32BE(0);
  if (count > limits.messageElementsMax) throw new MalformedError('batch has too many records');
  const spans: KeyedSpan[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 2 > end) throw new MalformedError('batch ends early');
    const keyEnd = at + 2 + batch.readUInt16BE(at);
    if (keyEnd + 4 > end) throw new MalformedError('batch ends early');
    const stateAt = keyEnd + 4;
    const stateEnd = stateAt + batch.readUInt32BE(keyEnd);
    if (stateEnd > end) throw new MalformedError('batch ends early');
    spans.push({
      key: batch.toString('latin1', at + 2, keyEnd),
      source: batch,
      start: stateAt,
      length: stateEnd - stateAt,
    });
    at = stateEnd;
  }
  if (at !== end) throw new MalformedError('bytes behind the batch');
  return spans;
}
