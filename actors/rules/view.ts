/**
 * What a client is shown of a key state, and which context it is handed back. Pure; applied at the
 * coordinator only, so that merge needs to know no conflict policy, no expiry and no retries.
 */
import type { ConflictPolicy } from './bucket.js';
import { limits } from './limits.js';
import { standing } from './operations.js';
import type { Context, Dot, KeyState, SeenContext, Sibling } from './versions.js';
import {
  compareDots,
  covers,
  hasSeen,
  mergeContexts,
  nothingSeen,
  sameDot,
  seenAll,
} from './versions.js';

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

/**
 * A put that was retried at another coordinator left its value twice; the lower dot stands for
 * both.
 */
function oncePerOperation(siblings: readonly Sibling[]): readonly Sibling[] {
  return siblings.filter(
    (sibling, i) =>
      sibling.operation === '' ||
      siblings.findIndex((other) => other.operation === sibling.operation) === i,
  );
}

/**
 * The context handed back to who reads the state: all of it, unless it is longer than one from
 * outside may be.
 */
export function contextForReader(state: KeyState): Context {
  return cutToBound(state.context, state.siblings);
}

/**
 * The context handed back to the author of a write: with it, the next put replaces the author's own
 * write and what the author saw, and never a sibling the author did not see.
 *
 * It claims all that the state does, up to the first unseen sibling of each actor. What an entry
 * can't claim without such a sibling stands beside the vector as a dot: the new write, and what was
 * seen and is still there. Seen dots that are gone need no claim: who has the new write has what
 * replaced them.
 *
 * What was seen and not found is claimed as it was, to be replaced once it is in reach, unless all
 * there is was found (`isAllFound`): then nobody has it any more, and to look for it again with
 * every put would not end.
 */
export function contextForAuthor(write: {
  readonly state: KeyState;
  readonly seen: SeenContext | undefined;
  readonly isAllFound: boolean;
  readonly dot: Dot;
}): SeenContext {
  const { state, dot, isAllFound } = write;
  const seen = write.seen ?? nothingSeen;
  const isKnown = (other: Dot): boolean => sameDot(other, dot) || hasSeen(seen, other);
  const siblings = standing(state.siblings);
  const unseen = siblings.filter((sibling) => !isKnown(sibling.dot));
  const kept = isAllFound ? nothingSeen : seen;
  // No entry of what was seen covers what was not.
  const claimed = mergeContexts(beforeAll(state.context, unseen), kept.vector);
  const vector = cutToBound(claimed, state.siblings);
  const isBeside = (other: Dot): boolean => !covers(vector, other);
  const known = siblings.filter((sibling) => isKnown(sibling.dot)).map((sibling) => sibling.dot);
  const beside = known.filter(isBeside).slice(-limits.siblingsMax);
  const missing = kept.dots.filter((other) => !covers(state.context, other) && isBeside(other));
  if (beside.length === 0 && missing.length === 0) return seenAll(vector);
  const room = limits.siblingsMax - beside.length;
  return { vector, dots: [...beside, ...missing.slice(0, room)].sort(compareDots) };
}

/** What of the context covers none of these siblings. */
function beforeAll(context: Context, siblings: readonly Sibling[]): Context {
  if (siblings.length === 0) return context;
  const before: Dot[] = [];
  for (const entry of context) {
    // Ascending, so the first of an actor is its lowest.
    const first = siblings.find(({ dot }) => dot.actor === entry.actor);
    if (first === undefined) before.push(entry);
    else if (first.dot.counter > 1)
      before.push({ actor: entry.actor, counter: first.dot.counter - 1 });
  }
  return before;
}

/** To claim less is always safe: entries that name a sibling stay before others. */
function cutToBound(context: Context, siblings: readonly Sibling[]): Context {
  const max = limits.contextEntriesMax;
  if (context.length <= max) return context;
  const named = new Set(siblings.map(({ dot }) => dot.actor));
  let others = max - Math.min(max, context.filter(({ actor }) => named.has(actor)).length);
  return context.filter(({ actor }) => named.has(actor) || others-- > 0).slice(0, max);
}
