/**
 * Key states in one run of bytes: what a merge message carries and the commit log appends as it
 * came.
 *
 *   u32 count · count × (u16 key length, storage key, u32 state length, state)
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { EncodedState } from './encoded-state.js';
import type { EncodableState } from './key-state-codec.js';

export interface BatchRecord {
  readonly key: StorageKey;
  /** The encoded state. After decoding: a view into the batch. */
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
export function statesOf(batch: Buffer): EncodedState[] {
  const states: EncodedState[] = [];
  for (let at = 4; at < batch.length;) {
    const lengthAt = at + 2 + batch.readUInt16BE(at);
    const start = lengthAt + 4;
    const length = batch.readUInt32BE(lengthAt);
    states.push(new EncodedState(batch, start, length));
    at = start + length;
  }
  return states;
}

export class KeyedState extends EncodedState {
  constructor(
    readonly key: StorageKey,
    source: Buffer,
    start: number,
    length: number,
  ) {
    super(source, start, length);
  }
}

/** Throws `MalformedError` on anything that is not one whole batch within the limits. */
export function decodeBatch(batch: Buffer): BatchRecord[] {
  return keyedStatesOf(batch).map(({ key, bytes }) => ({ key, bytes }));
}

/** As `decodeBatch`, without a view a record. */
export function keyedStatesOf(batch: Buffer): KeyedState[] {
  const end = batch.length;
  if (end < 4) throw new MalformedError('batch ends early');
  const count = batch.readUInt32BE(0);
  if (count > limits.messageElementsMax) throw new MalformedError('batch has too many records');
  const states: KeyedState[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 2 > end) throw new MalformedError('batch ends early');
    const keyEnd = at + 2 + batch.readUInt16BE(at);
    if (keyEnd + 4 > end) throw new MalformedError('batch ends early');
    const stateAt = keyEnd + 4;
    const stateEnd = stateAt + batch.readUInt32BE(keyEnd);
    if (stateEnd > end) throw new MalformedError('batch ends early');
    const key = batch.toString('latin1', at + 2, keyEnd);
    states.push(new KeyedState(key, batch, stateAt, stateEnd - stateAt));
    at = stateEnd;
  }
  if (at !== end) throw new MalformedError('bytes behind the batch');
  return states;
}
