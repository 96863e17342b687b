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
  counterOf,
  covers,
  hasSeen,
  mergeContexts,
  nothingSeen,
  sameDot,
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
  const shown = shownOf(state, options.conflict);
  if (shown.length === 0) return nothing;
  const values = shown.map((sibling) => liveValue(sibling, options.nowMs));
  return values.some((value) => value !== null) ? values : nothing;
}

/**
 * Which of `valuesOf` are manifests of big values, by index; undefined: none is, as with most keys.
 */
export function manifestsAmong(
  state: KeyState,
  options: { readonly conflict: ConflictPolicy; readonly nowMs: number },
): readonly number[] | undefined {
  if (!state.siblings.some(({ manifest }) => manifest === true)) return undefined;
  const places: number[] = [];
  for (const [i, sibling] of shownOf(state, options.conflict).entries())
    if (sibling.manifest === true && liveValue(sibling, options.nowMs) !== null) places.push(i);
  return places.length === 0 ? undefined : places;
}

function shownOf(state: KeyState, conflict: ConflictPolicy): readonly Sibling[] {
  const siblings = standing(state.siblings);
  if (siblings.length <= 1) return siblings;
  return conflict === 'last-writer-wins' ? [lastWritten(siblings)] : oncePerOperation(siblings);
}

/** When what is shown expires, where that is one value; wall clock, 0 for never. */
export function expiryOf({ siblings }: KeyState, conflict: ConflictPolicy): number {
  const shown = standing(siblings);
  if (shown.length === 0) return 0;
  return (conflict === 'last-writer-wins' ? lastWritten(shown) : shown[0]!).expiresAtMs;
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
 * A write that leaves no sibling its author did not see follows all that the state had: the context
 * claims all of it. Beside such a sibling it claims what its author saw, and the new write: what
 * else is gone may be gone because of that sibling, and where that is not known it still stands.
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
  const given = write.seen ?? nothingSeen;
  const seen = isAllFound ? within(given, state.context) : given;
  const siblings = standing(state.siblings);
  const isKnown = (other: Dot): boolean => sameDot(other, dot) || hasSeen(seen, other);
  const known = siblings.map((sibling) => sibling.dot).filter(isKnown);
  const followsAll = known.length === siblings.length;
  const claimed = followsAll ? mergeContexts(state.context, seen.vector) : seen.vector;
  const { vector, dots } = withDots(claimed, [...known, ...seen.dots].sort(compareDots));
  return { vector: cutToBound(vector, state.siblings), dots: cutDots(dots, { known, state }) };
}

/** `dots`: ascending. One that follows what the vector claims of its actor becomes part of that. */
function withDots(vector: Context, dots: readonly Dot[]): SeenContext {
  const beside: Dot[] = [];
  let claimed = vector;
  for (const dot of dots) {
    const counter = counterOf(claimed, dot.actor);
    const last = beside.at(-1);
    if (counter === dot.counter - 1) claimed = mergeContexts(claimed, [dot]);
    else if (counter < dot.counter && !(last && sameDot(last, dot))) beside.push(dot);
  }
  return { vector: claimed, dots: beside };
}

/** What of it the context has. */
function within({ vector, dots }: SeenContext, context: Context): SeenContext {
  const held: Dot[] = [];
  for (const { actor, counter } of vector) {
    const known = Math.min(counter, counterOf(context, actor));
    if (known > 0) held.push({ actor, counter: known });
  }
  return { vector: held, dots: dots.filter((dot) => covers(context, dot)) };
}

/** To claim less is always safe: entries that name a sibling stay before others. */
function cutToBound(context: Context, siblings: readonly Sibling[]): Context {
  const max = limits.contextEntriesMax;
  if (context.length <= max) return context;
  const named = new Set(siblings.map(({ dot }) => dot.actor));
  let others = max - Math.min(max, context.filter(({ actor }) => named.has(actor)).length);
  return context.filter(({ actor }) => named.has(actor) || others-- > 0).slice(0, max);
}

/**
 * What stands is replaced by the next put wherever that is done, and what was not found once it is
 * in reach. What was replaced here needs a claim only where it stands still: of that the last few.
 */
function cutDots(
  dots: readonly Dot[],
  { known, state }: { readonly known: readonly Dot[]; readonly state: KeyState },
): readonly Dot[] {
  const isKnown = (dot: Dot): boolean => known.some((other) => sameDot(other, dot));
  const replaced = dots.filter((dot) => covers(state.context, dot) && !isKnown(dot));
  const dropped = new Set(replaced.slice(0, Math.max(0, replaced.length - limits.replacedDotsMax)));
  const kept = dots.filter((dot) => !dropped.has(dot));
  if (kept.length <= limits.siblingsMax) return kept;
  const inOrder = [...kept.filter(isKnown), ...kept.filter((dot) => !isKnown(dot))];
  return inOrder.slice(0, limits.siblingsMax).sort(compareDots);
}
