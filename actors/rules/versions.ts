/**
 * Versions of one key: dots, contexts, siblings and the rule by which two key states merge.
 *
 * A context claims for each of its entries (actor, n) that every write of that actor up to n is
 * accounted for: it is among the siblings or was covered by one. The merge is the one of dotted
 * version vector sets (Preguiça, Baquero, Almeida et al., "Dotted Version Vectors", 2012):
 * commutative, associative, idempotent. Conflict policy and expiry are no concern of it:
 * they are applied where a state is minted (`mint`) and where it is shown (`src/coordinator`).
 */
import { fnvBasis, mixed } from './hash.js';
import { afterReplacing, isRemembered, joined, knowsAsMuch } from './operations.js';
import type { Actor, Dot, Sibling } from './sibling.js';

export type { Actor, Dot, Sibling } from './sibling.js';

/** Ascending by actor, one entry an actor. */
export type Context = readonly Dot[];

/**
 * What a client has seen and hands back: all writes of the vector, and each of the dots beside it.
 * An entry of a vector claims every earlier write of its actor; a dot beside it claims one (dotted
 * version vectors: Preguiça et al., 2010).
 */
export interface SeenContext {
  readonly vector: Context;
  /** Ascending; none is covered by the vector. */
  readonly dots: readonly Dot[];
}

/** What is stored, sent, repaired and handed off. Siblings ascend by dot (actor, then counter). */
export interface KeyState {
  readonly context: Context;
  readonly siblings: readonly Sibling[];
}

export const emptyContext: Context = [];
export const nothingSeen: SeenContext = { vector: emptyContext, dots: [] };
export const emptyState: KeyState = { context: emptyContext, siblings: [] };

/** The highest counter of `actor` that the context claims; 0 when it has seen none. */
export function counterOf(context: Context, actor: Actor): number {
  let low = 0;
  let high = context.length;
  // Most contexts have so few entries that halving costs more than it saves.
  while (high - low > 8) {
    const middle = (low + high) >>> 1;
    if (context[middle]!.actor <= actor) low = middle;
    else high = middle;
  }
  for (; low < high; low++) if (context[low]!.actor === actor) return context[low]!.counter;
  return 0;
}

export function covers(context: Context, dot: Dot): boolean {
  return counterOf(context, dot.actor) >= dot.counter;
}

export function hasSeen({ vector, dots }: SeenContext, dot: Dot): boolean {
  return covers(vector, dot) || dots.some((seen) => sameDot(seen, dot));
}

/** Whether something was seen that the context does not have. */
export function claimsBeyond({ vector, dots }: SeenContext, context: Context): boolean {
  return !descends(context, vector) || dots.some((dot) => !covers(context, dot));
}

/** Of a vector that claims all that was seen. */
export function seenAll(vector: Context): SeenContext {
  return { vector, dots: nothingSeen.dots };
}

/** Whether `newer` has seen everything `older` has. One walk along both. */
export function descends(newer: Context, older: Context): boolean {
  let n = 0;
  for (const entry of older) {
    while (n < newer.length && newer[n]!.actor < entry.actor) n++;
    const other = newer[n];
    if (other === undefined || other.actor !== entry.actor || other.counter < entry.counter)
      return false;
  }
  return true;
}

/**
 * Entry by entry the higher counter. Returns one of its arguments when that already is the result.
 */
export function mergeContexts(left: Context, right: Context): Context {
  if (left === right || descends(left, right)) return left;
  if (descends(right, left)) return right;
  const merged: Dot[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const a = left[l]!;
    const b = right[r]!;
    if (a.actor === b.actor) {
      merged.push(a.counter >= b.counter ? a : b);
      l++;
      r++;
    } else if (a.actor < b.actor) {
      merged.push(a);
      l++;
    } else {
      merged.push(b);
      r++;
    }
  }
  while (l < left.length) merged.push(left[l++]!);
  while (r < right.length) merged.push(right[r++]!);
  return merged;
}

export function compareDots(a: Dot, b: Dot): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1;
  return a.counter - b.counter;
}

export function sameDot(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.actor === b.actor;
}

function siblingOf(siblings: readonly Sibling[], dot: Dot): Sibling | undefined {
  return siblings.find((sibling) => sameDot(sibling.dot, dot));
}

function sameSibling(a: Sibling, b: Sibling): boolean {
  return sameDot(a.dot, b.dot) && knowsAsMuch(a, b);
}

/** Same claims, same siblings: dots name writes, so the values need not be compared. */
export function sameState(a: KeyState, b: KeyState): boolean {
  return (
    a === b ||
    (a.context.length === b.context.length &&
      a.siblings.length === b.siblings.length &&
      a.context.every((entry, i) => sameDot(entry, b.context[i]!)) &&
      a.siblings.every((sibling, i) => sameSibling(sibling, b.siblings[i]!)))
  );
}

/**
 * A sibling stays if both sides have its dot, or if the other side's context does not cover it;
 * with all that both know of its copies (`operations.ts`). Returns one of its arguments (the same
 * reference) when that already is the result, so a caller can tell "nothing new" without comparing.
 */
export function merge(left: KeyState, right: KeyState): KeyState {
  if (sameState(left, right)) return left;
  const context = mergeContexts(left.context, right.context);
  const siblings: Sibling[] = [];
  for (const sibling of left.siblings) {
    const same = siblingOf(right.siblings, sibling.dot);
    if (same !== undefined) siblings.push(joined(sibling, same));
    else if (!covers(right.context, sibling.dot)) siblings.push(sibling);
  }
  for (const sibling of right.siblings) {
    if (!covers(left.context, sibling.dot)) siblings.push(sibling);
  }
  siblings.sort((a, b) => compareDots(a.dot, b.dot));
  const merged: KeyState = { context, siblings };
  if (sameState(merged, left)) return left;
  if (sameState(merged, right)) return right;
  return merged;
}

export interface Mint {
  readonly local: KeyState;
  /**
   * What the client saw; its siblings are replaced. `undefined`: a blind put, replaces all that is
   * local.
   */
  readonly seen: SeenContext | undefined;
  /**
   * The actor that mints. The caller vouches that `local` holds all it ever minted for this key.
   */
  readonly actor: Actor;
  readonly value: Uint8Array | null;
  /** As of a `Sibling`. */
  readonly isManifest?: boolean | undefined;
  readonly writtenAtMs: number;
  readonly expiresAtMs: number;
  readonly operation: string;
  /** Wall clock until when other copies of the put may arrive; undefined: none do. */
  readonly copiesUntilMs?: number | undefined;
  /** Local siblings that stay although they were seen. */
  readonly stays?: ((sibling: Sibling) => boolean) | undefined;
  /** Wall clock, by which remembered puts are forgotten; else when it is written. */
  readonly nowMs?: number;
}

/**
 * The key state after a put: local siblings that were not seen stay beside the new one. What was
 * seen and is not in `local` covers nothing: a claim nobody can confirm would hide what its actor
 * writes later.
 */
export function mint(put: Mint): KeyState {
  const { local, stays, copiesUntilMs } = put;
  const seen = put.seen ?? seenAll(local.context);
  const dot: Dot = { actor: put.actor, counter: counterOf(local.context, put.actor) + 1 };
  const isReplaced = (sibling: Sibling): boolean =>
    hasSeen(seen, sibling.dot) && stays?.(sibling) !== true;
  const kept = afterReplacing(local.siblings, isReplaced, put.nowMs ?? put.writtenAtMs);
  const added: Sibling = {
    dot,
    value: put.value,
    writtenAtMs: put.writtenAtMs,
    expiresAtMs: put.expiresAtMs,
    operation: put.operation,
    ...(copiesUntilMs === undefined ? {} : { copiesUntilMs }),
    ...(put.isManifest === true ? { manifest: true } : {}),
  };
  return {
    context: mergeContexts(local.context, [dot]),
    siblings:
      kept.length === 0 ? [added] : [...kept, added].sort((a, b) => compareDots(a.dot, b.dot)),
  };
}

/**
 * 64 bits over context and dots, as two unsigned 32-bit halves. Equal states have equal digests.
 */
export interface Digest {
  readonly hi: number;
  readonly lo: number;
}

export const emptyDigest: Digest = { hi: 0, lo: 0 };

/**
 * Two lanes of FNV-1a with murmur3's finaliser, fed with the context's entries, a gap, and the
 * siblings' dots; values need no hashing because dots name them.
 */
export class DigestLanes {
  private hi = fnvBasis;
  private lo = 0x9747b28c;

  actorByte(byte: number): void {
    this.hi = Math.imul(this.hi ^ byte, 0x01000193);
    this.lo = Math.imul(this.lo ^ byte, 0x5bd1e995) ^ (this.lo >>> 15);
  }

  counter(counter: number): void {
    this.hi = Math.imul(this.hi ^ counter, 0x01000193) ^ (this.hi >>> 13);
    this.lo = Math.imul(this.lo ^ counter, 0x5bd1e995) ^ (this.lo >>> 15);
  }

  /** Behind the dot of a sibling. */
  copies(untilMs: number, remembered: boolean): void {
    this.gap();
    this.counter(untilMs >>> 0);
    if (remembered) this.gap();
  }

  /** Between context and siblings. */
  gap(): void {
    this.hi = Math.imul(this.hi ^ 0xff, 0x01000193);
    this.lo = Math.imul(this.lo ^ 0xff, 0x5bd1e995);
  }

  digest(): Digest {
    return { hi: mixed(this.hi), lo: mixed(this.lo) };
  }
}

export function digestOf(state: KeyState): Digest {
  if (state.context.length === 0 && state.siblings.length === 0) return emptyDigest;
  const lanes = new DigestLanes();
  const mix = ({ actor, counter }: Dot): void => {
    for (let i = 0; i < actor.length; i++) lanes.actorByte(actor.charCodeAt(i));
    lanes.counter(counter);
  };
  for (const entry of state.context) mix(entry);
  lanes.gap();
  for (const sibling of state.siblings) {
    mix(sibling.dot);
    if (sibling.copiesUntilMs !== undefined)
      lanes.copies(sibling.copiesUntilMs, isRemembered(sibling));
  }
  return lanes.digest();
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.hi === b.hi && a.lo === b.lo;
}
