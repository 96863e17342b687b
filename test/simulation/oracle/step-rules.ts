/**
 * Which configurations may follow one, written down a second time from what a cluster promises:
 * nothing of the code under test decides here.
 */
import type { ReplicaChange } from '../../../actors/rules/bucket-book.js';
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import { bookAfter, optionsOf, sameReplicas, servesOtherwise } from './bucket-reader.js';

const steps = ['begin', 'moved', 'finish', 'cancelled', 'removal', 'released', 'rebooked'] as const;
export type Step = (typeof steps)[number];

/** From this number on it may be one of survivors, who left numbers out. */
const recoveredFrom = 2 ** 20;

/** undefined: no step leads from the one to the other. */
export function stepBetween(before: Configuration, after: Configuration): Step | undefined {
  const isNext = after.number === before.number + 1;
  const isSame = after.cluster === before.cluster && after.partitions === before.partitions;
  if (!isNext || !isSame) return undefined;
  return steps.find((step) => rules[step](before, after));
}

/** Survivors of a lost majority began anew, and their numbers are not the next ones. */
export function isRecovered(before: Configuration, after: Configuration): boolean {
  const era = Math.floor(after.number / recoveredFrom);
  return era > Math.floor(before.number / recoveredFrom) && after.number % recoveredFrom === 0;
}

const rules: Readonly<Record<Step, (before: Configuration, after: Configuration) => boolean>> = {
  begin: (before, after) => {
    const { move } = after;
    if (before.move !== undefined || move === undefined || move.moved.length > 0) return false;
    const stay = idsOf(move.members);
    const { buckets } = after;
    if (buckets !== undefined && !sameReplicas(before.buckets, buckets)) return false;
    if (before.buckets !== undefined && buckets === undefined) return false;
    const resized = (move.replicas ?? []).every(
      ({ name, n }) => buckets !== undefined && optionsOf(buckets, name).n !== n,
    );
    return (
      resized &&
      after.layout === after.number &&
      textOf([before.members, before.ring]) === textOf([after.members, after.ring]) &&
      // Who comes back leaves no more, and who is gone for good hands nothing on.
      after.leaving.every((id) => before.leaving.includes(id) && !stay.includes(id)) &&
      after.removed.every((id) => idsOf(after.members).includes(id) && !stay.includes(id)) &&
      before.removed.every((id) => after.removed.includes(id)) &&
      move.members.length > 0
    );
  },
  moved: (before, after) => {
    if (before.move === undefined || after.move === undefined) return false;
    const known = new Set(after.move.moved);
    return (
      isAlike(before, after, { move: after.move }) &&
      textOf({ ...before.move, moved: after.move.moved }) === textOf(after.move) &&
      known.size > before.move.moved.length &&
      before.move.moved.every((partition) => known.has(partition))
    );
  },
  finish: (before, after) => {
    const { move } = before;
    if (move === undefined || move.moved.length < before.partitions) return false;
    const stay = idsOf(move.members);
    const left = idsOf(before.members).filter(
      (id) => !stay.includes(id) && !before.removed.includes(id),
    );
    return isAlike(before, after, {
      layout: after.number,
      members: move.members,
      ring: move.ring,
      move: undefined,
      leaving: [...new Set([...before.leaving, ...left])].sort(),
      removed: before.removed.filter((id) => stay.includes(id)),
      ...booked(before),
    });
  },
  cancelled: (before, after) => {
    const { move } = before;
    if (move === undefined) return false;
    // Somebody has to be left who could take it.
    if (before.members.every((place) => place.weight === 0 || before.removed.includes(place.id)))
      return false;
    if (before.number === before.layout && move.moved.length === 0) {
      const stay = new Set(idsOf(before.members));
      const came = idsOf(move.members).filter(
        (id) => !stay.has(id) && !before.removed.includes(id),
      );
      return isAlike(before, after, {
        layout: after.number,
        move: undefined,
        leaving: [...new Set([...before.leaving, ...came])].sort(),
        removed: before.removed.filter((id) => stay.has(id)),
      });
    }
    const there = new Set(move.moved);
    const moved = Array.from({ length: before.partitions }, (_, i) => i).filter(
      (partition) => !there.has(partition),
    );
    return isAlike(before, after, {
      members: move.members,
      ring: move.ring,
      move: { members: before.members, ring: before.ring, moved, ...bookedBack(before) },
      ...booked(before),
    });
  },
  removal: (before, after) => {
    const known = new Set(idsOf([...before.members, ...(before.move?.members ?? [])]));
    return (
      after.removed.length > before.removed.length &&
      before.removed.every((id) => after.removed.includes(id)) &&
      after.removed.every((id) => before.removed.includes(id) || known.has(id)) &&
      isAlike(before, after, { removed: after.removed })
    );
  },
  released: (before, after) =>
    after.leaving.length < before.leaving.length &&
    after.leaving.every((id) => before.leaving.includes(id)) &&
    isAlike(before, after, { leaving: after.leaving }),
  rebooked: (before, after) => {
    const { buckets, layout } = after;
    if (buckets === undefined || textOf(before.buckets ?? {}) === textOf(buckets)) return false;
    const isOther = servesOtherwise(before.buckets, buckets);
    return (
      sameReplicas(before.buckets, buckets) &&
      (!isOther || before.move === undefined) &&
      isAlike(before, after, { buckets, layout: isOther ? after.number : before.layout }) &&
      layout === (isOther ? after.number : before.layout)
    );
  },
};

/** With the N that a move leads to. */
function booked({ buckets, move }: Configuration): Partial<Configuration> {
  if (buckets === undefined) return {};
  return { buckets: bookAfter(buckets, move?.replicas ?? []) };
}

function bookedBack({ buckets, move }: Configuration): { replicas?: readonly ReplicaChange[] } {
  if (buckets === undefined || move?.replicas === undefined) return {};
  const replicas = move.replicas.map(({ name }) => {
    const { n, r, w } = optionsOf(buckets, name);
    return { name, n, r, w };
  });
  return { replicas };
}

/** But for its number and what is said here. */
function isAlike(
  before: Configuration,
  after: Configuration,
  but: Partial<Configuration>,
): boolean {
  return textOf(sorted({ ...before, number: after.number, ...but })) === textOf(sorted(after));
}

/** Equal documents give equal texts, in whatever order their fields were read. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function sorted(configuration: Configuration): Configuration {
  const { leaving, removed } = configuration;
  return { ...configuration, leaving: leaving.toSorted(), removed: removed.toSorted() };
}

function idsOf(places: readonly Place[]): string[] {
  return places.map(({ id }) => id);
}
