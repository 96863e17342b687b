/** What most gets show, cut out of the encoded state (`key-state-codec.ts`) it lies in: decoding makes six objects of it. */
import { endOfContext, expiresAt, valueLengthAt } from './encoded-states.js';
import { rememberedLength } from './key-state-codec.js';

/** The value of a state that has one sibling, and that one live; a view. Undefined: there is more to look at, or nothing. */
export function loneValueOf(state: Buffer, nowMs: number): Buffer | undefined {
  const siblingsAt = endOfContext(state, 0);
  if (state.readUInt16BE(siblingsAt) !== 1) return undefined;
  const at = siblingsAt + 2;
  const expiresAtMs = state.readDoubleBE(at + expiresAt);
  if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return undefined;
  const lengthAt = valueLengthAt(state, at);
  const length = state.readUInt32BE(lengthAt);
  return length >= rememberedLength ? undefined : state.subarray(lengthAt + 4);
}
