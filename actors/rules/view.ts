/**
 * What a client is shown of a key state, and which context it is handed back. Pure; applied at the
 * coordinator only, so that merge needs to know no conflict policy, no expiry and no retries.
 */
import { standing } from './operations.js';
import type { Context, Dot, KeyState, Sibling } from './versions.js';
import { compareDots, covers, emptyContext, mergeContexts, sameDot } from './versions.js';

export type ConflictPolicy = 'siblings' | 'last-writer-wins';

const nothing: readonly null[] = [];

/**
 * The values of a key: none when nothing is live, more than one for a conflict, with `null` for a
 * tombstone beside a live value. Values are those of the state, not copies.
 */
export function valuesOf(
  state: KeyState,
  options: { readonly conflict: ConflictPolicy; readonly nowMs: number },
): readonly (Uint8Array | null)[] {
  const siblings = standing(state.siblings);
  if (siblings.length === 0) return nothing;
  const shown =
    siblings.length === 1
      ? siblings
      : options.conflict === 'last-writer-wins'
        ? [lastWritten(siblings)]
        : oncePerOperation(siblings);
  const values = shown.map((sibling) => liveValue(sibling, options.nowMs));
  return values.some((value) => value !== null) ? values : nothing;
}

/** Past its expiry a sibling counts as a tombstone. */
function liveValue(sibling: Sibling, nowMs: number): Uint8Array | null {
  return sibling.expiresAtMs !== 0 && sibling.expiresAtMs <= nowMs ? null : sibling.value;
}

/** The newest by wall clock; the dot breaks ties. */
export function lastWritten(siblings: readonly Sibling[]): Sibling {
  return siblings.reduce((last, sibling) =>
    sibling.writtenAtMs > last.writtenAtMs ||
    (sibling.writtenAtMs === last.writtenAtMs && compareDots(sibling.dot, last.dot) > 0)
      ? sibling
      : last,
  );
}

/** A put that was retried at another coordinator left its value twice; the lower dot stands for both. */
function oncePerOperation(siblings: readonly Sibling[]): readonly Sibling[] {
  return siblings.filter(
    (sibling, i) =>
      sibling.operation === '' ||
      siblings.findIndex((other) => other.operation === sibling.operation) === i,
  );
}

/**
 * The context handed back to the author of a write: with it, the next put replaces the author's own
 * write and what the author saw, and never a sibling the author did not see.
 *
 * Nothing unseen beside the new write: the whole context, since it hides nothing. Otherwise what was
 * seen plus the new dot. A context entry claims every earlier counter of its actor, so where that
 * would cover an unseen sibling the dot is left out: the next put then leaves one sibling more,
 * which a get shows, instead of losing one, which nobody would ever see.
 */
export function contextForAuthor(write: {
  readonly state: KeyState;
  readonly seen: Context | undefined;
  readonly dot: Dot;
}): Context {
  const { state, dot } = write;
  const siblings = standing(state.siblings);
  if (siblings.length === 1 && sameDot(siblings[0]!.dot, dot)) return state.context;
  const seen = write.seen ?? emptyContext;
  const claimed = mergeContexts(seen, [dot]);
  const hidesUnseen = siblings.some(
    (sibling) =>
      !sameDot(sibling.dot, dot) && covers(claimed, sibling.dot) && !covers(seen, sibling.dot),
  );
  return hidesUnseen ? seen : claimed;
}
