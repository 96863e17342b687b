/**
 * Whether a state replaces all that is held of its key, and the state that a put leaves which does:
 * the context with one entry raised, and one sibling. It is made from the bytes of what was held,
 * because objects are most of what it would cost to decode them.
 */
import { forgottenAtMs } from '../../actors/rules/operations.js';
import type { KeyState, SeenContext, Sibling } from '../../actors/rules/versions.js';
import type { EncodedContext } from './encoded-context.js';
import { encodedLoneBytes, writeLone, type EncodedState } from './encoded-state.js';
import { decodeContext, type EncodableState } from './key-state-codec.js';

export class ReplacingState implements EncodableState {
  readonly encodedBytes: number;

  constructor(
    /** Encoded; with the sibling's dot. */
    readonly context: Buffer,
    private readonly sibling: Sibling,
  ) {
    this.encodedBytes = context.length + encodedLoneBytes(sibling);
  }

  get state(): KeyState {
    return { context: decodeContext(this.context), siblings: [this.sibling] };
  }

  write(target: Buffer, offset: number): number {
    target.set(this.context, offset);
    return writeLone(this.sibling, target, offset + this.context.length);
  }
}

/**
 * Whether `newer` merged with `older` is `newer`, seen from contexts alone: it has seen all that
 * the older one has, and its siblings are news to it. False says nothing.
 */
export function replaces(newer: EncodedState, older: EncodedContext): boolean {
  const olderEnd = older.contextEnd;
  const newerEnd = newer.contextEnd;
  let entry = newer.firstEntry;
  for (let at = older.firstEntry; at < olderEnd; at = older.nextEntry(at)) {
    let order = -1;
    for (; entry < newerEnd; entry = newer.nextEntry(entry)) {
      order = newer.compareActors(entry, older, at);
      if (order >= 0) break;
    }
    if (order !== 0 || newer.counter(entry) < older.counter(at)) return false;
  }
  const { end } = newer;
  for (let at = newer.firstSibling; at < end; at = newer.nextSibling(at))
    if (older.covers(newer, at)) return false;
  return true;
}

/**
 * Whether a put whose author has seen this much replaces all that is held, and claims nothing that
 * is not. False where dots stand beside what was seen.
 */
export function seesAllOf(held: EncodedState, { vector, dots }: SeenContext): boolean {
  if (dots.length > 0) return false;
  for (const { actor, counter } of vector) if (held.counterOf(actor) < counter) return false;
  const { end } = held;
  for (let at = held.firstSibling; at < end; at = held.nextSibling(at)) {
    const entry = vector.find(({ actor }) => held.isActor(at, actor));
    if (entry === undefined || entry.counter < held.counter(at)) return false;
  }
  return true;
}

export function hasOperation(held: EncodedState, operation: string): boolean {
  const { end } = held;
  for (let at = held.firstSibling; at < end; at = held.nextSibling(at))
    if (held.hasOperation(at, operation)) return true;
  return false;
}

/**
 * Whether there are puts whose copies the state must know when they are replaced, or that it
 * remembers.
 */
export function hasCopies(held: EncodedState, nowMs: number): boolean {
  const { end } = held;
  for (let at = held.firstSibling; at < end; at = held.nextSibling(at)) {
    const untilMs = held.copiesUntilMs(at);
    if (untilMs !== undefined && nowMs < forgottenAtMs(untilMs)) return true;
  }
  return false;
}
