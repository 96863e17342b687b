/**
 * What may be forgotten: tombstones, expired values, and context entries of actors that never write
 * again.
 *
 * Forgetting is the one thing merge can't undo, so it needs agreement: every primary holds this
 * very state, no other member holds another one, and no hint is out for the partition anywhere.
 * Then no older state of the key exists that could come back, except in a message under way, and
 * the grace period outlasts those. If agreement breaks while it is acted upon, the entry just comes
 * back.
 *
 * A collected key leaves no mark, so whoever mints for it next draws a new epoch: no dot is used
 * twice, and an older tombstone that turns up after all can't cover the new value ("doomstone").
 */
import type { NodeId } from './actor.js';
import { epochOf, nodeOf } from './actor.js';
import { limits } from './limits.js';
import { forgottenAtMs, isRemembered } from './operations.js';
import { isMoving, type Placement } from './placement.js';
import { remaining, type Removals } from './removal.js';
import type { Actor, Context, KeyState, Sibling } from './versions.js';
import { counterOf } from './versions.js';

/** What a node says of a key when it is asked before collection; one byte each on the wire. */
export const holdings = { absent: 0, equal: 1, differs: 2, hintOut: 3 } as const;
export type Holding = (typeof holdings)[keyof typeof holdings];

/** What is dead for longer may be forgotten. */
export interface Grace {
  /** Wall clock. */
  readonly nowMs: number;
  readonly graceMs: number;
}

/** Nothing live is left, and that for longer than the grace period. */
export function isCollectable(state: KeyState, grace: Grace): boolean {
  return (
    state.siblings.length > 0 &&
    state.siblings.every((sibling) => deadSinceMs(sibling) <= grace.nowMs - grace.graceMs)
  );
}

/**
 * Whether time alone may make the state one to forget, or shorten; otherwise it needn't be looked
 * at before it changes.
 */
export function mayBeForgotten(state: KeyState): boolean {
  return (
    state.context.length > limits.contextEntriesKept ||
    (state.siblings.length > 0 &&
      state.siblings.every((sibling) => deadSinceMs(sibling) !== Infinity))
  );
}

/** Wall clock; `Infinity` for what lives until it is replaced. */
export function deadSinceMs(sibling: Sibling): number {
  if (isRemembered(sibling)) return forgottenAtMs(sibling.copiesUntilMs!);
  if (sibling.expiresAtMs !== 0) return sibling.expiresAtMs;
  return sibling.value === null ? sibling.writtenAtMs : Infinity;
}

/**
 * Entries of the context that nobody will need any more, so many as are more than
 * `limits.contextEntriesKept`, oldest epoch first: those without a sibling, of nodes that are no
 * members any more, or of epochs their node has itself left behind. A node never goes back to an
 * earlier epoch of its own for a key.
 */
export function surplusEntries(state: KeyState, isFormer: (node: NodeId) => boolean): Context {
  const excess = state.context.length - limits.contextEntriesKept;
  if (excess <= 0) return [];
  const newest = newestEpochs(state.context);
  const removable = state.context
    .map(({ actor }) => actor)
    .filter((actor) => !hasSibling(state, actor))
    .filter((actor) => isSuperseded(actor, newest) || isFormer(nodeOf(actor)))
    .sort((a, b) => epochOf(a) - epochOf(b) || (a < b ? -1 : 1));
  const surplus = new Set(removable.slice(0, excess));
  return state.context.filter(({ actor }) => surplus.has(actor));
}

/**
 * It was not put for the grace period, so no older state of it is under way: where all hold it, its
 * surplus may go at once.
 */
export function hasRested(state: KeyState, { nowMs, graceMs }: Grace): boolean {
  return state.siblings.every(({ writtenAtMs }) => writtenAtMs <= nowMs - graceMs);
}

/**
 * A key that is put all the time never rests. Its surplus goes in two steps, so that its context
 * does not reach the bound at which puts are refused: once all have said that they hold the same,
 * and with that no value of these entries, no more of these can be sent; a grace period later none
 * is under way either, and where all hold the same again, they may go.
 */
export function isBusy(state: KeyState, grace: Grace): boolean {
  return state.context.length > limits.contextEntriesBusy && !hasRested(state, grace);
}

/** Those of the entries that are cleared, as far as they were: an entry may have grown since. */
export function clearedOf(entries: Context, cleared: Context): Context {
  return entries.filter(({ actor, counter }) => counterOf(cleared, actor) === counter);
}

export function withoutEntries(context: Context, entries: Context): Context {
  const dropped = new Set(entries.map(({ actor }) => actor));
  return context.filter(({ actor }) => !dropped.has(actor));
}

/**
 * Whether `shorter` is what pruning may have made of `state`: same siblings, no entry that was not
 * there, none of a sibling missing.
 */
export function isPrunedFrom(shorter: KeyState, state: KeyState): boolean {
  return (
    shorter.siblings.length === state.siblings.length &&
    shorter.siblings.every(({ dot }, i) => {
      const other = state.siblings[i]!.dot;
      return dot.actor === other.actor && dot.counter === other.counter;
    }) &&
    shorter.context.every(({ actor, counter }) => counterOf(state.context, actor) === counter) &&
    state.siblings.every(({ dot }) => counterOf(shorter.context, dot.actor) > 0)
  );
}

function newestEpochs(context: Context): Map<NodeId, number> {
  const newest = new Map<NodeId, number>();
  for (const { actor } of context) {
    const node = nodeOf(actor);
    newest.set(node, Math.max(newest.get(node) ?? 0, epochOf(actor)));
  }
  return newest;
}

function isSuperseded(actor: Actor, newest: ReadonlyMap<NodeId, number>): boolean {
  return epochOf(actor) < (newest.get(nodeOf(actor)) ?? 0);
}

function hasSibling(state: KeyState, actor: Actor): boolean {
  return state.siblings.some(({ dot }) => dot.actor === actor);
}

/**
 * Whose agreement it takes: the primaries of a key that were not removed; in a cluster of fewer
 * nodes than replicas those are all its nodes. Undefined when none is left, and while the partition
 * moves: nobody forgets what not all of its owners hold.
 */
export function agreeing(placement: Placement, removals: Removals): readonly NodeId[] | undefined {
  const { primaries } = placement;
  if (isMoving(placement)) return undefined;
  const left = remaining(primaries, removals);
  return left.length > 0 ? left : undefined;
}

export interface Survey {
  readonly primaries: readonly NodeId[];
  /** Everyone who was asked, the asker included: all who may hold the key. */
  readonly holdings: ReadonlyMap<NodeId, Holding>;
}

/** Who has to forget the key if all agree; undefined when they do not. */
export function agreement(survey: Survey): readonly NodeId[] | undefined {
  const holders: NodeId[] = [];
  for (const [node, holding] of survey.holdings) {
    if (holding === holdings.equal) holders.push(node);
    else if (holding !== holdings.absent) return undefined;
  }
  return survey.primaries.every((node) => holders.includes(node)) ? holders : undefined;
}
