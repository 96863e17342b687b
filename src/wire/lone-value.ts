/**
 * What most gets show, cut out of the encoded state it lies in: decoding makes six objects of it.
 */
import type { EncodedState } from './encoded-state.js';

/**
 * The value of a state that has one sibling, and that one live; a view. Undefined: there is more to
 * look at, or nothing; so it is of a manifest.
 */
export function loneValueOf(state: EncodedState, nowMs: number): Buffer | undefined {
  if (state.siblings !== 1) return undefined;
  const at = state.firstSibling;
  const expiresAtMs = state.expiresAtMs(at);
  if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return undefined;
  return state.plainValue(at);
}
