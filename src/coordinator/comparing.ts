/**
 * Puts on a condition (`actors/rules/condition.ts`): what they are compared with is asked of R
 * nodes, as a get is, and judged in the moment in which they are minted.
 */
import type { ConflictPolicy } from '../../actors/rules/bucket.js';
import { unmetOf, type OnlyIf, type Unmet } from '../../actors/rules/condition.js';
import { quorumFor } from '../../actors/rules/quorum.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { contextForReader, manifestsAmong, valuesOf } from '../../actors/rules/view.js';
import {
  ConditionError,
  DeadlineError,
  type FoundInstead,
  type QuorateError,
  UnavailableError,
} from '../errors.js';
import { encodeContext } from '../wire/key-state-codec.js';
import type { GetRequest, PutRequest } from './coordinator.js';

/** Half of its time: what is left is for the put, whose outcome is unknown if that is too short. */
export function questionOf(
  request: PutRequest,
  how: { readonly onlyIf: OnlyIf; readonly r: number; readonly nowMs: number },
): Omit<GetRequest, 'onReply'> {
  const { bucket, key, partition, strict, deadlineMs, trace } = request;
  const { onlyIf, r, nowMs } = how;
  const quorum = quorumFor(onlyIf.r === 0 ? r : onlyIf.r, r, strict);
  const question = { bucket, key, partition, quorum, strict };
  const asked = { ...question, deadlineMs: nowMs + (deadlineMs - nowMs) / 2 };
  return trace === undefined ? asked : { ...asked, trace };
}

/** Nothing was minted. */
export function notCompared(error: QuorateError): QuorateError {
  const message = `${ConditionError.textBegins}it could not be compared with what is there: ${error.message}`;
  if (error.code === 504) return new DeadlineError(message, 'none');
  return error.code === 503 ? new UnavailableError(message) : error;
}

export interface KnownOfKey {
  readonly state: KeyState;
  readonly conflict: ConflictPolicy;
  /** Wall clock. */
  readonly nowMs: number;
  readonly askedMs: number;
}

/** A later copy may be of a put that was done and then replaced: its error says so. */
export function refusalByCondition(
  { context, copy }: PutRequest,
  { is }: OnlyIf,
  known: KnownOfKey,
): ConditionError | undefined {
  const { state } = known;
  const isLater = copy === 'later';
  const asked = { condition: is, seen: context, askedMs: isLater ? known.askedMs : undefined };
  const unmet = unmetOf(asked, state, known);
  if (unmet === undefined) return undefined;
  return new ConditionError(
    `${ConditionError.textBegins}${is} is not met: ${texts[unmet]}`,
    isLater ? 'unknown' : 'none',
    foundIn(known),
  );
}

function foundIn(known: KnownOfKey): FoundInstead {
  const { state } = known;
  const context = contextForReader(state);
  return {
    // Copied: what the store shows is lent for a turn.
    values: valuesOf(state, known).map((value) => (value === null ? null : Buffer.from(value))),
    manifests: manifestsAmong(state, known),
    context: context.length === 0 ? undefined : encodeContext(context),
  };
}

const texts: Readonly<Record<Unmet, string>> = {
  present: 'the key has a value',
  gone: 'the key has no value any more',
  unseen: 'the key has a value that the context has not seen',
  writtenSince: 'it may have been done before, and what it put deleted since',
};
