/** The reply to a get: the merged state as its bucket's policy shows it. */
import type { ConflictPolicy } from '../../actors/rules/bucket.js';
import { limits } from '../../actors/rules/limits.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { contextForReader, expiryOf, manifestsAmong, valuesOf } from '../../actors/rules/view.js';
import { NotFoundError } from '../errors.js';
import type { EncodedState } from '../wire/encoded-state.js';
import { encodeContext } from '../wire/key-state-codec.js';
import { loneValueOf } from '../wire/lone-value.js';
import type { GetReply, Receipt } from './coordinator.js';

/** One for all: a stack trace per absent key would cost more than the get. */
const error = new NotFoundError();

export interface Showing {
  readonly conflict: ConflictPolicy;
  /** Wall clock. */
  readonly nowMs: number;
  readonly receipt: Receipt;
}

export function replyOf(state: KeyState, how: Showing): GetReply {
  const context = contextForReader(state);
  const values = valuesOf(state, how);
  const shown = encodeContext(context);
  if (values.length > 0) {
    const { receipt } = how;
    const manifests = manifestsAmong(state, how);
    const reply = {
      ok: true,
      context: shown,
      values,
      receipt,
      ...(manifests !== undefined && { manifests }),
    } as const;
    return expiring(reply, values.length === 1 ? expiryOf(state, how.conflict) : 0, how);
  }
  return context.length === 0 ? { ok: false, error } : { ok: false, error, context: shown };
}

/**
 * Of an encoded state, undefined where nothing is held. Most show one value, for which nothing is
 * decoded.
 */
export function replyOfBytes(state: EncodedState | undefined, how: Showing): GetReply {
  if (state === undefined) return { ok: false, error };
  const lone = loneValueOf(state, how.nowMs);
  if (lone === undefined) return replyOf(state.decode(), how);
  const reply = {
    ok: true,
    context: contextShown(state),
    values: [lone],
    receipt: how.receipt,
  } as const;
  const at = state.firstSibling;
  return state.expires(at) ? expiring(reply, state.expiresAtMs(at), how) : reply;
}

/** `atMs`: wall clock, 0 for never. */
function expiring(
  reply: Extract<GetReply, { ok: true }>,
  atMs: number,
  { nowMs }: Showing,
): GetReply {
  return atMs === 0 ? reply : { ...reply, expiresInMs: atMs - nowMs };
}

/** As `replyOf` gives it. */
export function contextShown(state: EncodedState): Buffer {
  if (state.entries <= limits.contextEntriesMax) return state.contextBytes;
  return encodeContext(contextForReader(state.decode()));
}
