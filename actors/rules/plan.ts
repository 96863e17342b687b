/**
 * From what an operator wants of a cluster to the configuration that begins it, or to what stands
 * in its way, and what to do about that. Nothing happens by a plan: `plan-preview.ts` shows what
 * would, and the configuration says by its number what it was made of.
 */
import type { NodeId } from './actor.js';
import type { Configuration, Place, RingVersion } from './configuration.js';
import { begin, type Objection, released } from './steps.js';

export interface Wishes {
  /** Are to hold partitions; who leaves may come back so. */
  readonly add?: readonly Place[];
  /** Hand on what they hold, and are members no more. */
  readonly leave?: readonly NodeId[];
  /** Are gone for good: the others have what there is. */
  readonly remove?: readonly NodeId[];
  /** The one is gone for good, the other comes in its stead. */
  readonly replace?: readonly Replacement[];
  readonly change?: readonly PlaceChange[];
  readonly ring?: RingVersion;
}

export interface Replacement {
  readonly old: NodeId;
  readonly by: Place;
}

/** What is not said stays. */
export type PlaceChange = Pick<Place, 'id'> & Partial<Omit<Place, 'id'>>;

/** `down`: whom nobody hears now; `quorum`: the largest W or R of any bucket. */
export function planned(
  from: Configuration,
  wishes: Wishes,
  down: readonly NodeId[],
  quorum = 1,
): Configuration | Objection {
  const { add = [], leave = [], remove = [], replace = [], change = [], ring } = wishes;
  const coming = [...add, ...replace.map(({ by }) => by)];
  const gone = [...remove, ...replace.map(({ old }) => old)];
  const objection =
    objectionToNames(from, { coming, leave, gone, change }) ?? objectionToGone(from, gone, down);
  if (objection !== undefined) return objection;

  const away = new Set([...leave, ...gone, ...from.removed]);
  const stay = from.members
    .filter(({ id }) => !away.has(id))
    .map((place) => changed(place, change));
  const members = [...stay, ...coming];
  const twice = members.find(({ name }, i) => members.slice(0, i).some((m) => m.name === name));
  const named = [...coming, ...change].map(({ name }) => name);
  if (twice !== undefined && named.includes(twice.name))
    return `there would be two nodes named ${twice.name}: give one another name, or replace the old one by the new one`;
  // What is gone is gone, however few are left; who leaves can stay.
  if (leave.length > 0 && members.length > 0 && members.length < quorum)
    return tooFewText(members.length, quorum);

  const isChanged = members.length !== from.members.length || coming.length + change.length > 0;
  const onlyLeft = gone.length > 0 && gone.every((id) => from.leaving.includes(id));
  if (onlyLeft && !isChanged && ring === undefined) return released(from, gone);
  return begin(from, { members, ring: ring ?? from.ring, removed: gone });
}

function tooFewText(left: number, quorum: number): Objection {
  const nodes = left === 1 ? '1 node' : `${left} nodes`;
  return `${nodes} would be left, and some requests need ${quorum} (the largest R or W of any bucket): they would all be refused. Add as many as leave first, or set lower R and W`;
}

/** As the changes have it; of other places they say nothing. */
export function changed(place: Place, changes: readonly PlaceChange[]): Place {
  const change = changes.find(({ id }) => id === place.id);
  return change === undefined ? place : { ...place, ...change };
}

interface Named {
  readonly coming: readonly Place[];
  readonly leave: readonly NodeId[];
  readonly gone: readonly NodeId[];
  readonly change: readonly PlaceChange[];
}

/** Everyone is who the wish says, and is in one wish alone. */
function objectionToNames(
  from: Configuration,
  { coming, leave, gone, change }: Named,
): Objection | undefined {
  const { members, leaving, removed } = from;
  const named = [...coming.map(({ id }) => id), ...leave, ...gone, ...change.map(({ id }) => id)];
  const twice = named.find((id, i) => named.indexOf(id) !== i);
  if (twice !== undefined) return `${nameOf(from, twice)} is named twice: ask for one thing of it`;
  const known = coming.find(({ id }) => members.some((place) => place.id === id));
  if (known !== undefined)
    return removed.includes(known.id)
      ? `${known.name} was removed for good: start it with an empty data directory, as a new node`
      : `${known.name} is a member already: change its name, weight, host or zone instead`;
  const left = leave.find((id) => leaving.includes(id));
  if (left !== undefined)
    return `${left} is leaving already: it goes by itself once it has handed on everything`;
  const stranger = [...leave, ...gone, ...change.map(({ id }) => id)].find(
    (id) =>
      !members.some((place) => place.id === id) && !(gone.includes(id) && leaving.includes(id)),
  );
  if (stranger !== undefined) return `the cluster has no member ${stranger}`;
  const past = [...leave, ...gone, ...change.map(({ id }) => id)].find((id) =>
    removed.includes(id),
  );
  if (past === undefined) return undefined;
  return `${nameOf(from, past)} was removed before: any other change takes it out`;
}

/** Who is heard is not gone; and somebody must have what they held. */
function objectionToGone(
  from: Configuration,
  gone: readonly NodeId[],
  down: readonly NodeId[],
): Objection | undefined {
  const alive = gone.find((id) => !down.includes(id));
  if (alive === undefined) return undefined;
  return `${nameOf(from, alive)} is not down: stop it first if it is to be gone for good, or let it leave`;
}

function nameOf({ members }: Configuration, id: NodeId): string {
  return members.find((place) => place.id === id)?.name ?? id;
}
