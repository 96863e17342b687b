/** The reply to a get: the merged state as its bucket's policy shows it. */
import type { KeyState } from '../../actors/rules/versions.js';
import type { ConflictPolicy } from '../../actors/rules/view.js';
import { contextForReader, valuesOf } from '../../actors/rules/view.js';
import { NotFoundError } from '../errors.js';
import type { GetReply, Receipt } from './coordinator.js';

/** One for all: a stack trace per absent key would cost more than the get. */
const error = new NotFoundError();

export function replyOf(
  state: KeyState,
  how: { readonly conflict: ConflictPolicy; readonly nowMs: number; readonly receipt: Receipt },
): GetReply {
  const context = contextForReader(state);
  const values = valuesOf(state, how);
  if (values.length > 0) return { ok: true, context, values, receipt: how.receipt };
  return context.length === 0 ? { ok: false, error } : { ok: false, error, context };
}
