/** What most gets show, cut out of the encoded state (`key-state-codec.ts`) it lies in: decoding makes six objects of it. */
import { entryBytes, siblingHeadBytes, tombstoneLength } from './key-state-codec.js';

/** The value of a state that has one sibling, and that one live; a view. Undefined: there is more to look at, or nothing. */
export function loneValueOf(state: Buffer, nowMs: number): Buffer | undefined {
  const siblingsAt = 2 + entryBytes * state.readUInt16BE(0);
  if (state.readUInt16BE(siblingsAt) !== 1) return undefined;
  const at = siblingsAt + 2;
  const expiresAtMs = state.readDoubleBE(at + entryBytes + 8);
  if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return undefined;
  const operationBytes = state[at + siblingHeadBytes - 1]!;
  const lengthAt = at + siblingHeadBytes + operationBytes;
  const length = state.readUInt32BE(lengthAt);
  return length === tombstoneLength ? undefined : state.subarray(lengthAt + 4);
}
