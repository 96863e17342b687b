/**
 * Where a partition lies: the only place that turns the layout of a cluster into decisions.
 * Everybody else asks a placement, never a preference list.
 *
 * While nothing moves, the owners O are written and read. While a partition moves from O to M, both
 * are written, each with a quorum of its own (`quorum.ts`); O is read until the partition has
 * moved, M from then on. Only readers hold every acknowledged write, so they coordinate and serve;
 * wherever states are kept, compared or forgotten, everyone who is written counts.
 */
import type { NodeId } from './actor.js';
import { nAfter, nBefore, type Spread } from './spread.js';

/** Which nodes a partition goes to, and where it is on its way to. */
export interface Layout {
  /** All nodes, those that come first own the partition. */
  preferenceList(partition: number): readonly NodeId[];
  /** What the cluster moves to; undefined while nothing moves. */
  readonly next?: NextLayout | undefined;
}

export interface NextLayout {
  preferenceList(partition: number): readonly NodeId[];
  /** Its new owners hold all that its old ones hold. */
  hasMoved(partition: number): boolean;
}

export interface Placement {
  /** O: who owns the partition, N nodes where there are as many. */
  readonly primaries: readonly NodeId[];
  /** M: who owns it after the move; nobody while it doesn't move. */
  readonly incoming: readonly NodeId[];
  /** Who has every acknowledged write: O, and M once the partition has moved. */
  readonly readers: readonly NodeId[];
  /** All others, in the order in which they stand in for primaries. */
  readonly fallbacks: readonly NodeId[];
  /** Undefined while it doesn't move. */
  readonly sideRead?: SideRead | undefined;
  /** N before and after; left out unless it moves because N changes. */
  readonly resized?: Resized | undefined;
}

export interface Resized {
  readonly before: number;
  readonly after: number;
}

/**
 * Which of both sides the readers are, told so that all who go by one layout mean the same: which
 * side is called O and which M is exchanged by a cancel, which node comes first by its id is not.
 */
export type SideRead = 0 | 1;

export const nobody: readonly NodeId[] = [];

/** `spread`: how many nodes keep the key's bucket, before and after. */
export function placementOf(layout: Layout, partition: number, spread: Spread): Placement {
  const n = nBefore(spread);
  const list = layout.preferenceList(partition);
  const primaries = list.slice(0, n);
  const { next } = layout;
  if (next === undefined)
    return {
      primaries,
      incoming: nobody,
      readers: primaries,
      fallbacks: list.slice(n),
      sideRead: undefined,
    };
  const after = nAfter(spread);
  const nextList = next.preferenceList(partition);
  const moves = nextList.length > 0 && !areSame(primaries, nextList.slice(0, after));
  const incoming = moves ? nextList.slice(0, after) : nobody;
  const readers = moves ? (next.hasMoved(partition) ? incoming : primaries) : primaries;
  // Who comes and who goes stand in for the others, also where a partition stays as it is.
  const written = replicasOf({ primaries, incoming });
  const fallbacks = unionOf(list, nextList).filter((node) => !written.includes(node));
  const sideRead = moves ? sideOf(readers, readers === incoming ? primaries : incoming) : undefined;
  const placement = { primaries, incoming, readers, fallbacks, sideRead };
  return moves && n !== after ? { ...placement, resized: { before: n, after } } : placement;
}

/**
 * How many of the owners before, or of those to come, a quorum of `wanted` takes: while N changes R
 * and W are the larger ones of both sides, and no side has to have more than it has.
 */
export function quorumOf(
  wanted: number,
  { resized }: Pick<Placement, 'resized'>,
  side: keyof Resized,
): number {
  return resized === undefined ? wanted : Math.min(wanted, resized[side]);
}

/** Of the same sets the same, in whatever order: gets of their partitions share a round. */
function sideOf(readers: readonly NodeId[], others: readonly NodeId[]): SideRead {
  return readers.toSorted().join() < others.toSorted().join() ? 0 : 1;
}

/**
 * Whether the partition is read of the same owners here as by who said the side, both going by one
 * layout. Where one has heard of a step that the other has not, they need not be; and who reads of
 * owners that are read no more is answered by none who know it.
 */
export function isReadAlike(
  said: SideRead | undefined,
  { sideRead }: Pick<Placement, 'sideRead'>,
): boolean {
  return said === sideRead;
}

type Owners = Pick<Placement, 'primaries' | 'incoming'>;

export function isMoving({ incoming }: Owners): boolean {
  return incoming.length > 0;
}

/** Its new owners are read. */
export function hasMoved({ incoming, readers }: Pick<Placement, 'incoming' | 'readers'>): boolean {
  return readers === incoming;
}

/** Whom a put goes to, and who keeps what it left; the primaries' own list while nothing moves. */
export function replicasOf({ primaries, incoming }: Owners): readonly NodeId[] {
  return incoming.length === 0 ? primaries : unionOf(primaries, incoming);
}

export function isReplica({ primaries, incoming }: Owners, node: NodeId): boolean {
  return primaries.includes(node) || incoming.includes(node);
}

/** Every node, in the order in which it is turned to: readers, other owners, fallbacks. */
export function inOrder(placement: Placement): readonly NodeId[] {
  const { primaries, readers, fallbacks } = placement;
  if (!isMoving(placement)) return [...primaries, ...fallbacks];
  return unionOf(unionOf(readers, replicasOf(placement)), fallbacks);
}

function unionOf(first: readonly NodeId[], second: readonly NodeId[]): readonly NodeId[] {
  return [...new Set([...first, ...second])];
}

function areSame(some: readonly NodeId[], others: readonly NodeId[]): boolean {
  return some.length === others.length && some.every((node) => others.includes(node));
}
