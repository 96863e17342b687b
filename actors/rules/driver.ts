/**
 * What has a cluster go on from one configuration to the next without an operator: one of its
 * voters, the first that lives, proposes each step of a move that is under way, lets go of who has
 * left, and takes in who waits (`arrival.ts`). Others may take themselves for the first as well; of
 * what they propose one is chosen.
 */
import type { NodeId } from './actor.js';
import { type Arrival, intakeOf } from './arrival.js';
import type { BucketBook, BucketRow } from './bucket-book.js';
import { type Configuration, membersOf } from './configuration.js';
import type { ByteString } from './key.js';
import { begin, cancelled, finish, moved, type Objection, rebooked, released } from './steps.js';
import { majorityOf, votersOf } from './voters.js';

export interface Seen {
  /** For all of the Ns there are (`transfer.ts`); undefined: nobody is left for one of them. */
  targetsOf(partition: number): readonly NodeId[] | undefined;
  /** By its own word, of this layout. */
  hasReceived(node: NodeId, partition: number): boolean;
  readonly isDown: (node: NodeId) => boolean;
  /** Of all of the move, by enough of those that owned the partition before it. */
  isHeardOf(partition: number): boolean;
  /** By its own word, of this layout. */
  isEmpty(node: NodeId): boolean;
  /** By its own word, of this layout: of a bucket that is removed it holds nothing. */
  hasEmptied(node: NodeId, bucket: ByteString): boolean;
  readonly arrivals: readonly Arrival[];
  /** The others agree that it may be taken for gone for good. */
  isGone(node: NodeId): boolean;
}

/** Who drives: undefined, no voter is alive. */
export function driverOf(
  voters: readonly NodeId[],
  isAlive: (node: NodeId) => boolean,
): NodeId | undefined {
  return voters.find((node) => isAlive(node));
}

/**
 * How many are to have tried before the node does what is due: each a while after the one before
 * it, because that one may be heard and yet reach too few. undefined: it does not vote.
 */
export function triesBefore(
  node: NodeId,
  voters: readonly NodeId[],
  isAlive: (node: NodeId) => boolean,
): number | undefined {
  const place = voters.filter((voter) => isAlive(voter)).indexOf(node);
  return place < 0 ? undefined : place;
}

/** undefined: nothing is to be done now. */
export function dueStep(from: Configuration, seen: Seen): Configuration | Objection | undefined {
  if (from.move !== undefined) return stepOfMove(from, seen);
  const { members, ring, leaving, removed } = from;
  const empty = leaving.filter((node) => seen.isEmpty(node));
  if (empty.length > 0) return released(from, empty);
  const book = bookWithoutEmptied(from, seen);
  if (book !== undefined) return rebooked(from, book);
  const remaining = members.filter(({ id }) => !removed.includes(id));
  const { come, gone } = intakeOf(from, seen.arrivals, (node) => seen.isGone(node));
  if (remaining.length === members.length && come.length === 0) return undefined;
  const stay = remaining.filter(({ id }) => !gone.includes(id));
  return begin(from, { members: [...stay, ...come], ring, removed: gone });
}

/** Whoever may hold anything says of a bucket that it holds nothing. */
function bookWithoutEmptied(from: Configuration, seen: Seen): BucketBook | undefined {
  const { buckets } = from;
  if (buckets === undefined) return undefined;
  const holders = membersOf(from);
  const isGone = ({ name, closing }: BucketRow): boolean =>
    closing && holders.every((node) => seen.hasEmptied(node, name));
  const rows = buckets.rows.filter((row) => !isGone(row));
  return rows.length === buckets.rows.length ? undefined : { ...buckets, rows };
}

function stepOfMove(from: Configuration, seen: Seen): Configuration | Objection | undefined {
  const before = new Set(from.move!.moved);
  const all = Array.from({ length: from.partitions }, (_, partition) => partition);
  if (before.size === from.partitions) {
    if (!all.every((partition) => seen.isHeardOf(partition))) return undefined;
    const next = finish(from);
    return typeof next === 'string' || isGoverned(next, seen) ? next : undefined;
  }
  // Fewer are to keep the keys of a bucket, and those are gone for good: all who keep them now
  // still do, and are enough.
  const hasNobody = (partition: number): boolean =>
    !before.has(partition) && seen.targetsOf(partition) === undefined;
  if (from.move!.replicas !== undefined && all.some(hasNobody)) return cancelled(from);
  // Read of one that is down the partition would be worse off than it is.
  const hasIt = (node: NodeId, partition: number): boolean =>
    !seen.isDown(node) && seen.hasReceived(node, partition);
  const isThere = (partition: number): boolean =>
    seen.targetsOf(partition)?.every((node) => hasIt(node, partition)) === true;
  const now = all.filter((partition) => !before.has(partition) && isThere(partition));
  return now.length === 0 ? undefined : moved(from, now);
}

/**
 * Whether enough of those live who vote then: else nothing could be chosen any more, not even that
 * those are removed who are gone for good.
 */
export function isGoverned(next: Configuration, { isDown }: Pick<Seen, 'isDown'>): boolean {
  const voters = votersOf(next);
  return voters.filter((node) => !isDown(node)).length >= majorityOf(voters);
}
