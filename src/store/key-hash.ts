/**
 * 64 bits over a storage key, for Bloom filters and hash trees: two lanes of FNV-1a with murmur3's
 * finaliser.
 */
import { fnvBasis, mixed } from '../../actors/rules/hash.js';
import type { StorageKey } from '../../actors/rules/key.js';

/** Signed halves: those V8 keeps in an object without a box. */
export interface KeyHash {
  readonly hi: number;
  readonly lo: number;
}

export function hashOfKey(key: StorageKey): KeyHash {
  let hi = fnvBasis;
  let lo = 0x9747b28c;
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    hi = Math.imul(hi ^ byte, 0x01000193);
    lo = Math.imul(lo ^ byte, 0x5bd1e995) ^ (lo >>> 15);
  }
  return { hi: mixed(hi) | 0, lo: mixed(lo) | 0 };
}
