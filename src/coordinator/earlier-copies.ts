/** What a coordinator finds of a put that may have been done before, here or elsewhere. */
import { isEmptied } from '../../actors/rules/expiry.js';
import { copied, isRemembered, saysCopies } from '../../actors/rules/operations.js';
import type { KeyState, SeenContext, Sibling } from '../../actors/rules/versions.js';
import { hasSeen, nothingSeen, sameDot } from '../../actors/rules/versions.js';
import { OperationReusedError, type QuorateError } from '../errors.js';
import { hasOperation } from '../wire/replacing-state.js';
import type { PutRequest } from './coordinator.js';
import type { CopiedPut } from '../wire/copied-puts.js';
import type { LocalRecord } from './local-record.js';

/** Of the same put, which is here already, or was and is remembered. */
export function earlierCopy({ operation }: PutRequest, local: LocalRecord): Sibling | undefined {
  if (operation === '') return undefined;
  if (local.span !== undefined && !hasOperation(local.span, operation)) return undefined;
  return local.state.siblings.find((sibling) => sibling.operation === operation);
}

/**
 * Where the value of the operation is still there: what is remembered or has expired says nothing
 * of it.
 */
export function otherValue(
  { operation, value }: PutRequest,
  { state }: LocalRecord,
): QuorateError | undefined {
  const known = state.siblings.filter((sibling) => sibling.operation === operation);
  const isSame = (sibling: Sibling): boolean =>
    isRemembered(sibling) || isEmptied(sibling) || isSameValue(sibling.value, value);
  return known.length === 0 || known.some(isSame) ? undefined : new OperationReusedError();
}

function isSameValue(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

/** The state knows from now on that other copies of the put may come. */
export function withCopy(state: KeyState, earlier: Sibling, untilMs: number): KeyState {
  const siblings = state.siblings.map((sibling) =>
    sameDot(sibling.dot, earlier.dot) ? copied(sibling, untilMs) : sibling,
  );
  return { context: state.context, siblings };
}

/**
 * The author says of which of its earlier puts copies may come: their first copies could not, and
 * when one of these is replaced it must be remembered as any that said so itself.
 */
export function withCopied(
  state: KeyState,
  puts: readonly CopiedPut[],
  wallMsOf: (untilMs: number) => number,
): KeyState {
  const siblings = state.siblings.map((sibling) => {
    if (sibling.operation === '' || saysCopies(sibling)) return sibling;
    const put = puts.find(({ operation }) => operation === sibling.operation);
    return put === undefined ? sibling : copied(sibling, wallMsOf(put.untilMs));
  });
  return { context: state.context, siblings };
}

/**
 * A later copy of a put that is not known here: the first may have been done, acknowledged and
 * replaced. It does not replace what was written since its author asked, but for what its author
 * says to have seen.
 */
export function writtenSince(
  askedMs: number,
  seen: SeenContext = nothingSeen,
): (sibling: Sibling) => boolean {
  return (sibling) => sibling.writtenAtMs > askedMs && !hasSeen(seen, sibling.dot);
}
