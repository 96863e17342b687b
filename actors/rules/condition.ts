/**
 * What a put or delete may ask of its key before it is done (`Kv-If`), and whether what is known of
 * the key meets it. Known is what R nodes hold, and whatever the coordinator has minted meanwhile:
 * so conditional puts of one key that meet at one coordinator are done one after the other, and
 * those that two coordinators take at once may both be done. Then their values are siblings.
 */
import type { ConflictPolicy } from './bucket.js';
import { standing } from './operations.js';
import type { KeyState, SeenContext, Sibling } from './versions.js';
import { hasSeen } from './versions.js';
import { lastWritten, valuesOf } from './view.js';

export const conditions = ['absent', 'context'] as const;

/**
 * `absent`: a get shows no value. `context`: it shows some, and nothing beside what the put's
 * context has seen.
 */
export type Condition = (typeof conditions)[number];

export interface OnlyIf {
  readonly is: Condition;
  /** How many nodes it is compared with; 0: the bucket's R. */
  readonly r: number;
}

/** Why it is not met. */
export type Unmet =
  /** There is a value, where none was to be. */
  | 'present'
  /** There is none, where one was to be replaced. */
  | 'gone'
  /** There is something that the context has not seen. */
  | 'unseen'
  /**
   * Of a copy of a put that is tried again: something was written since its author first asked,
   * maybe by whoever has replaced what an earlier copy put.
   */
  | 'writtenSince';

export interface Asked {
  readonly condition: Condition;
  readonly seen: SeenContext | undefined;
  /** Of a later copy: when its author first asked, by the wall clock. */
  readonly askedMs: number | undefined;
}

/** Undefined: it is met. `nowMs`: wall clock. */
export function unmetOf(
  { condition, seen, askedMs }: Asked,
  state: KeyState,
  how: { readonly conflict: ConflictPolicy; readonly nowMs: number },
): Unmet | undefined {
  const isLive = valuesOf(state, how).length > 0;
  if (condition === 'absent') {
    if (isLive) return 'present';
    const isLate = (sibling: Sibling): boolean => sibling.writtenAtMs > (askedMs ?? Infinity);
    return standing(state.siblings).some(isLate) ? 'writtenSince' : undefined;
  }
  if (!isLive) return 'gone';
  const siblings = standing(state.siblings);
  const shown = how.conflict === 'last-writer-wins' ? [lastWritten(siblings)] : siblings;
  return seen !== undefined && shown.every((one) => isSeen(one, siblings, seen))
    ? undefined
    : 'unseen';
}

/** All siblings of one operation are one put, of which its author has seen one dot. */
function isSeen(sibling: Sibling, all: readonly Sibling[], seen: SeenContext): boolean {
  if (hasSeen(seen, sibling.dot)) return true;
  const { operation } = sibling;
  if (operation === '') return false;
  return all.some((other) => other.operation === operation && hasSeen(seen, other.dot));
}
