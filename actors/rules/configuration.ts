/**
 * The configuration of a cluster: the numbered document that says who its members are, on which
 * places their data lie, and what is moving. Each configuration is followed by one other, which its
 * own voters choose (`actors/consensus/`), so all nodes go through the same ones.
 *
 * This file says what one looks like; `steps.ts` which may follow another one.
 */
import type { NodeId } from './actor.js';
import type { BucketBook, ReplicaChange } from './bucket-book.js';

/** Equal for all configurations of one cluster: made of those who founded it. 32 bits, unsigned. */
export type ClusterId = number;

/** By which a member stands on the ring. Its weight is 0 once it holds nothing any more. */
export interface Place {
  readonly id: NodeId;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
}

export interface Configuration {
  readonly cluster: ClusterId;
  /**
   * 1 for the founders', one more with each step; with a recovery the first one of the next era
   * (`era.ts`). 32 bits, unsigned.
   */
  readonly number: number;
  /**
   * The configuration with which the owners of partitions last changed: this one, or an earlier
   * one. Messages say it (`said-configuration.ts`).
   */
  readonly layout: number;
  readonly partitions: number;
  /** Which ring is computed of the places; see `ring.ts`. */
  readonly ring: RingVersion;
  /** Who owns the partitions, ascending by id. */
  readonly members: readonly Place[];
  readonly move: Move | undefined;
  /**
   * Own nothing any more, and are members until they have handed on all that they hold; ascending.
   */
  readonly leaving: readonly NodeId[];
  /**
   * Declared gone for good by an operator: nothing is taken from them, nobody waits for them;
   * ascending. Among `members` until the move that goes on without them is over.
   */
  readonly removed: readonly NodeId[];
  /** That led here, one an era but for the first; the last one began the era this one is of. */
  readonly recoveries: readonly Recovery[];
  /** Left out until a bucket was changed: each node goes by what it was told at its start. */
  readonly buckets?: BucketBook | undefined;
}

/** Survivors of a lost majority went on without it; see `recovery.ts`. */
export interface Recovery {
  /** The number of the configuration that was known to them last. */
  readonly from: number;
  /** Another one for other survivors. 32 bits, unsigned, not 0. */
  readonly name: number;
}

/** From `members` to others. Both are written; see `placement.ts`. */
export interface Move {
  /** Ascending by id. */
  readonly members: readonly Place[];
  readonly ring: RingVersion;
  /** The partitions of which these hold all that their owners before hold; ascending. */
  readonly moved: readonly number[];
  /**
   * What buckets have after it whose keys come to have another number of replicas; ascending by
   * name, left out where there are none.
   */
  readonly replicas?: readonly ReplicaChange[] | undefined;
}

/** 1: of clusters founded before configurations were documents. 2: with tighter shares. */
export type RingVersion = 1 | 2;

/** Who may still hold or serve something, ascending; nobody takes anything from others. */
export function membersOf({ members, move, leaving, removed }: Configuration): readonly NodeId[] {
  const places = move === undefined ? members : [...members, ...move.members];
  const ids = new Set([...places.map(({ id }) => id), ...leaving]);
  return [...ids].filter((id) => !removed.includes(id)).sort();
}

/** Whether the node is one of `membersOf`. */
export function isMember({ members, move, leaving, removed }: Configuration, id: NodeId): boolean {
  const named = (places: readonly Place[]): boolean => places.some((place) => place.id === id);
  if (removed.includes(id)) return false;
  return named(members) || (move !== undefined && named(move.members)) || leaving.includes(id);
}

/** As which a member stands on the ring, or will: the place it moves to comes first. */
export function placeOf({ members, move }: Configuration, id: NodeId): Place | undefined {
  const wanted = (place: Place): boolean => place.id === id;
  return move?.members.find(wanted) ?? members.find(wanted);
}

export function samePlaces(some: readonly Place[], others: readonly Place[]): boolean {
  return some.length === others.length && some.every((place, i) => isSamePlace(place, others[i]!));
}

function isSamePlace(place: Place, other: Place): boolean {
  const { id, name, host, zone, weight } = place;
  return (
    id === other.id &&
    name === other.name &&
    host === other.host &&
    zone === other.zone &&
    weight === other.weight
  );
}
