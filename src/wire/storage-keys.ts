/** Storage keys as messages hold them: bytes each. */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import { isBin, isList } from './columns.js';
import type { WireValue } from './wire-value.js';

/** Two bytes of partition, and the NUL behind the bucket. */
const headBytes = 3;

export function storageKeyBin(key: StorageKey): Buffer {
  return Buffer.from(key, 'latin1');
}

export function storageKeyBins(keys: readonly StorageKey[]): Buffer[] {
  return keys.map(storageKeyBin);
}

/** Throws `MalformedError`. */
export function storageKeysOf(value: WireValue | undefined): StorageKey[] {
  if (value === undefined || !isList(value) || value.length > limits.messageElementsMax)
    throw new MalformedError('a list of keys expected');
  return value.map((key) => {
    if (!isBin(key) || key.length < headBytes)
      throw new MalformedError('a storage key has a partition and a name');
    return asBuffer(key).toString('latin1');
  });
}
