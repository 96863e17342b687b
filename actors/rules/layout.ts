/**
 * What a configuration means for where partitions lie: the rings of its members and of those it
 * moves to. `placement.ts` turns that into owners and readers.
 *
 * A member of weight 0 holds nothing: it stands on no ring, and for nobody in.
 */
import { type ReplicaChange, reversed } from './bucket-book.js';
import { type Configuration, type Place, type RingVersion, samePlaces } from './configuration.js';
import type { Layout } from './placement.js';
import { type Ring, ringOf } from './ring.js';

export interface ConfiguredLayout extends Layout {
  readonly partitions: number;
  /** What `next` was made of, last; the rings cost most by far. */
  readonly rings: readonly KnownRing[];
  /** Partitions of one group have equal placements, whatever N. */
  groupOf(partition: number): number;
}

interface KnownRing {
  readonly members: readonly Place[];
  readonly version: RingVersion;
  readonly ring: Ring;
}

/**
 * Which way partitions move, told so that all who go by one layout mean the same: a cancel turns
 * it, and a cancel of that turns it back.
 */
export type Direction = 0 | 1;

/** undefined while nothing moves. The two sides are never the same; which of them is O is told. */
export function directionOf(configuration: Configuration): Direction | undefined {
  const { members, ring, move, buckets } = configuration;
  if (move === undefined) return undefined;
  const { replicas = [] } = move;
  const before = buckets === undefined ? [] : reversed(buckets, replicas);
  return textOf(members, ring, before) < textOf(move.members, move.ring, replicas) ? 0 : 1;
}

function textOf(
  members: readonly Place[],
  ring: RingVersion,
  replicas: readonly ReplicaChange[],
): string {
  const places = members.map(({ id, name, host, zone, weight }) => [id, name, host, zone, weight]);
  const counts = replicas.map(({ name, n }) => [name, n]);
  return JSON.stringify([ring, places, counts]);
}

/** `before`: of an earlier configuration, of which rings are taken that are the same. */
export function layoutOf(
  configuration: Configuration,
  before?: ConfiguredLayout,
): ConfiguredLayout {
  const { members, ring: version, move, partitions } = configuration;
  const known = before?.partitions === partitions ? before.rings : [];
  const current = ringAmong(known, { members, version, partitions });
  const { preferenceList, groupOf } = current.ring;
  if (move === undefined) return { partitions, rings: [current], preferenceList, groupOf };
  const target = { members: move.members, version: move.ring, partitions };
  const coming = ringAmong([current, ...known], target);
  const moved = new Set(move.moved);
  return {
    partitions,
    rings: [current, coming],
    preferenceList,
    next: {
      preferenceList: coming.ring.preferenceList,
      hasMoved: (partition) => moved.has(partition),
    },
    groupOf: jointGroups(current.ring, coming.ring, moved),
  };
}

interface RingSource {
  readonly members: readonly Place[];
  readonly version: RingVersion;
  readonly partitions: number;
}

function ringAmong(
  known: readonly KnownRing[],
  { members, version, partitions }: RingSource,
): KnownRing {
  const same = known.find((ring) => ring.version === version && samePlaces(ring.members, members));
  if (same !== undefined) return same;
  const holders = members.filter(({ weight }) => weight > 0);
  return { members, version, ring: ringOf(holders, partitions, version) };
}

/** Of the groups of both rings, and of what has moved. */
function jointGroups(
  current: Ring,
  coming: Ring,
  moved: ReadonlySet<number>,
): (partition: number) => number {
  const numbers = new Map<string, number>();
  const groups: number[] = [];
  for (let partition = 0; partition < current.partitions; partition++) {
    const both = `${current.groupOf(partition)} ${coming.groupOf(partition)}`;
    const name = `${both} ${moved.has(partition)}`;
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    groups.push(number);
  }
  return (partition) => groups[partition]!;
}
