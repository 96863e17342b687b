/** Puts and deletes on a condition: what goes together in one, and what its refusal shows. */
import type { OnlyIf } from '../../actors/rules/condition.js';
import { conditionLimits } from '../../actors/rules/limits/conditions.js';
import type { PutRequest } from '../coordinator/coordinator.js';
import { type ConditionError, type FoundInstead, MalformedError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeManifest } from '../wire/manifest.js';
import { headerNames } from '../wire/subjects.js';
import { manifestHeaders } from '../wire/upload-headers.js';
import { allOf } from './plain-shares.js';

/**
 * What is put where nothing is replaces the tombstones of whoever deleted it, whatever its author
 * has seen of them: so it goes without a context. Throws `MalformedError`.
 */
export function checkedIf(
  { context, value }: Pick<PutRequest, 'context' | 'value'>,
  onlyIf: OnlyIf,
): Pick<PutRequest, 'context' | 'onlyIf'> {
  const { onlyIf: name, context: contextName } = headerNames;
  if (onlyIf.is === 'absent') {
    if (value === null)
      throw new MalformedError(`a delete goes with ${name}: context, or without ${name}`);
    return { context: undefined, onlyIf };
  }
  if (context === undefined)
    throw new MalformedError(`${name}: context goes with ${contextName}, from a get or a put`);
  return { context, onlyIf };
}

/** How a refusal shows what is there now. */
export interface ShownInstead {
  readonly payload: Uint8Array;
  readonly context: Buffer | undefined;
  /** Says of how many values the payload is, as those of a get are written. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined where nobody knows. What is larger than `bytesMax` is left out, its context is not. */
export function shownInstead(
  { found }: ConditionError,
  bytesMax: number,
): ShownInstead | undefined {
  if (found === undefined) return undefined;
  const { values } = found;
  const context = found.context === undefined ? undefined : asBuffer(found.context);
  const payload = payloadOf(found);
  const hasRoom =
    payload.length + (context?.length ?? 0) * 2 + conditionLimits.refusalHeadersBytesMax <=
    bytesMax;
  if (!hasRoom) return { payload: nothing, context, headers: {} };
  return {
    payload,
    context,
    headers: { [headerNames.siblings]: String(values.length), ...bigHeaders(found) },
  };
}

/** As a get without a range shows it. */
function payloadOf({ values, manifests }: FoundInstead): Uint8Array {
  if (values.length === 0) return nothing;
  if (values.length > 1) return allOf({ values, ...(manifests && { manifests }) });
  return manifests?.includes(0) === true ? nothing : values[0]!;
}

/** Where one is there, and it is big. */
function bigHeaders({ values, manifests }: FoundInstead): Readonly<Record<string, string>> {
  if (values.length !== 1 || manifests?.includes(0) !== true) return {};
  return manifestHeaders(decodeManifest(asBuffer(values[0]!)));
}

const nothing = Buffer.alloc(0);
