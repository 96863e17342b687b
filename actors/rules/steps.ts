/**
 * The steps of a cluster: from a configuration to each that may follow it.
 *
 *   begin      a move to other members, or the same in other places, or to another N of buckets
 *   moved      more partitions are with their new owners
 *   finish     all are: the new owners are the owners
 *   cancelled  the move goes back to where it came from; at once, where it has come nowhere yet
 *   removal    a member is gone for good, whether or not a move is under way
 *   released   who left holds nothing any more
 *   rebooked   buckets promise something else
 *
 * What survivors make of a lost majority is no step: `recovery.ts`.
 *
 * One move is under way at a time. `layout` changes where a move begins and where it is over, where
 * buckets want other quorums or are removed (`bucket-steps.ts`), and there alone: the owners of
 * each partition and who is read of them are the same before and after the other steps, or both are
 * written meanwhile (`placement.ts`), so a message that names the layout need not know of them.
 *
 * Each gives the next configuration, or says what an operator would want to know about why not.
 */
import type { NodeId } from './actor.js';
import {
  type BucketBook,
  type ReplicaChange,
  replicated,
  reversed,
  sameBook,
  sameChanges,
} from './bucket-book.js';
import { isOfAnotherLayout, objectionToBook, objectionToReplicas } from './bucket-steps.js';
import {
  type ClusterId,
  type Configuration,
  type Move,
  type Place,
  type Recovery,
  type RingVersion,
  samePlaces,
} from './configuration.js';
import { eraOf } from './era.js';
import { sameIds } from './founding.js';
import { fnvBasis, hashText, mixed } from './hash.js';
import { limits } from './limits.js';
import type { Objection } from './objection.js';

export type { Objection } from './objection.js';

/** What a cluster is to become. */
export interface Destination {
  /** In any order. */
  readonly members: readonly Place[];
  readonly ring: RingVersion;
  /** Are gone for good, besides those of which that was said before. */
  readonly removed: readonly NodeId[];
  /** From now on, whatever moves; left out: as they are. */
  readonly buckets?: BucketBook | undefined;
  /** What the move changes of that. */
  readonly replicas?: readonly ReplicaChange[] | undefined;
}

/** Ascending. */
export function clusterFoundedBy(founders: readonly NodeId[]): ClusterId {
  return mixed(hashText(fnvBasis, founders.join(' ')));
}

/** Of those who founded the cluster, in any order. */
export function foundingConfiguration(
  places: readonly Place[],
  partitions: number,
  ring: RingVersion = 1,
): Configuration {
  const members = places.toSorted(byId);
  return {
    cluster: clusterFoundedBy(idsOf(members)),
    number: 1,
    layout: 1,
    partitions,
    ring,
    members,
    move: undefined,
    leaving: [],
    removed: [],
    recoveries: [],
  };
}

export function begin(from: Configuration, to: Destination): Configuration | Objection {
  const members = to.members.toSorted(byId);
  const { ring } = to;
  const objection = objectionTo(from, { ...to, members });
  if (objection !== undefined) return objection;
  const stay = new Set(idsOf(members));
  const gone = new Set([...from.removed, ...to.removed]);
  const removed = idsOf(from.members).filter((id) => gone.has(id));
  const leaving = from.leaving.filter((id) => !stay.has(id) && !gone.has(id));
  const { buckets = from.buckets, replicas = [] } = to;
  const move: Move = { members, ring, moved: [], ...(replicas.length > 0 && { replicas }) };
  const said = buckets === undefined ? {} : { buckets };
  return after(from, { layout: from.number + 1, move, leaving, removed, ...said });
}

/** `partitions`: in any order; of those that had moved before nothing is said. */
export function moved(
  from: Configuration,
  partitions: readonly number[],
): Configuration | Objection {
  const { move } = from;
  if (move === undefined) return nothingMoves;
  const unknown = partitions.find((partition) => !isPartitionOf(from, partition));
  if (unknown !== undefined) return `the cluster has no partition ${unknown}`;
  const known = new Set([...move.moved, ...partitions]);
  if (known.size === move.moved.length) return 'no other partition has moved than had before';
  const all = [...known].sort((a, b) => a - b);
  return after(from, { move: { ...move, moved: all } });
}

export function finish(from: Configuration): Configuration | Objection {
  const { move, partitions } = from;
  if (move === undefined) return nothingMoves;
  if (move.moved.length < partitions)
    return `${move.moved.length} of ${partitions} partitions have moved: all must have`;
  const { buckets } = from;
  const said = buckets && { buckets: replicated(buckets, move.replicas ?? []) };
  return over({ ...from, ...said }, move, from.members);
}

/** Buckets promise this from now on; N of any that may hold keys changes with a move alone. */
export function rebooked(from: Configuration, book: BucketBook): Configuration | Objection {
  const objection = objectionToBook(from, book);
  if (objection !== undefined) return objection;
  if (sameBook(from.buckets, book)) return 'nothing would change';
  const layout = isOfAnotherLayout(from.buckets, book) ? from.number + 1 : from.layout;
  return after(from, { buckets: book, layout });
}

/**
 * Where the move has only begun it is over. Else the sides change roles: what has moved has to move
 * back, what has not is where it belongs; owners and readers are the same as before. Who was
 * removed keeps its place until the next move, and nothing moves to it.
 */
export function cancelled(from: Configuration): Configuration | Objection {
  const { move, members, ring, removed } = from;
  if (move === undefined) return nothingMoves;
  if (!members.some((place) => mayHold(place, removed)))
    return 'nobody is left to whom anything could move back: the move has to go on';
  // By no configuration of this layout are the new owners read, so nobody still reads of them.
  // (A recovery begins a layout in the middle of a move.)
  const isFirst = from.number === from.layout && move.moved.length === 0;
  if (isFirst) return over(from, from, move.members);
  const left = new Set(move.moved);
  const stayed = Array.from({ length: from.partitions }, (_, i) => i).filter((p) => !left.has(p));
  const { buckets, replicas } = turned(from, move);
  const back: Move = { members, ring, moved: stayed, ...replicas };
  return after(from, { members: move.members, ring: move.ring, move: back, ...buckets });
}

/** N of both sides changes its role with them. */
function turned(
  { buckets }: Configuration,
  { replicas }: Move,
): { readonly buckets?: Partial<Configuration>; readonly replicas?: Partial<Move> } {
  if (buckets === undefined || replicas === undefined) return {};
  return {
    buckets: { buckets: replicated(buckets, replicas) },
    replicas: { replicas: reversed(buckets, replicas) },
  };
}

/**
 * These are gone for good. A move that is under way goes on without a word of theirs
 * (`transfer.ts`): where they come as well they go with the next one.
 */
export function removal(from: Configuration, nodes: readonly NodeId[]): Configuration | Objection {
  const { members, move, removed: before } = from;
  if (nodes.length === 0) return 'nobody is named';
  const sides = move === undefined ? [members] : [members, move.members];
  const stranger = nodes.find((id) => !sides.some((places) => idsOf(places).includes(id)));
  if (stranger !== undefined) return `the cluster has no member ${stranger}`;
  const past = nodes.find((id) => before.includes(id));
  if (past !== undefined) return `${past} was removed before`;
  const removed = [...new Set([...before, ...nodes])].sort();
  if (members.every(({ id }) => removed.includes(id))) return nobodyLeft;
  if (move !== undefined && !move.members.some((place) => mayHold(place, removed)))
    return 'nobody would be left to whom anything could move: cancel the move first';
  return after(from, { removed });
}

/**
 * These hold nothing any more, by their own word; or by an operator's, who takes them for gone for
 * good.
 */
export function released(from: Configuration, nodes: readonly NodeId[]): Configuration | Objection {
  if (nodes.length === 0) return 'nobody is named';
  const other = nodes.find((id) => !from.leaving.includes(id));
  if (other !== undefined) return `${other} is not leaving`;
  const leaving = from.leaving.filter((id) => !nodes.includes(id));
  return after(from, { leaving });
}

/** Whether one step leads from the one to the other. */
export function mayFollow(first: Configuration, after: Configuration): boolean {
  const before = first.number === 1 ? calledAsIn(after, first) : first;
  const { move, removed } = after;
  const nodes = before.leaving.filter((id) => !after.leaving.includes(id));
  const gone = removed.filter((id) => !before.removed.includes(id));
  const steps = [finish(before), cancelled(before), released(before, nodes), removal(before, gone)];
  const { buckets } = after;
  if (buckets !== undefined) steps.push(rebooked(before, buckets));
  if (move !== undefined) {
    const removedToo = [...gone, ...nodes].filter(
      (id) => !before.removed.includes(id) && !idsOf(move.members).includes(id),
    );
    const { members, ring, replicas } = move;
    steps.push(begin(before, { members, ring, removed: removedToo, buckets, replicas }));
    steps.push(moved(before, move.moved));
  }
  return steps.some((step) => typeof step !== 'string' && sameConfiguration(step, after));
}

/**
 * Founders of long ago make the first configuration each by itself, and nobody made them agree how
 * they are called: the second one says it for all. Nothing else follows from names.
 */
function calledAsIn(after: Configuration, first: Configuration): Configuration {
  const names = new Map(after.members.map(({ id, name }) => [id, name]));
  const members = first.members.map((place) => {
    return { ...place, name: names.get(place.id) ?? place.name };
  });
  return { ...first, members };
}

export function sameConfiguration(some: Configuration, other: Configuration): boolean {
  return (
    some.cluster === other.cluster &&
    some.number === other.number &&
    some.layout === other.layout &&
    some.partitions === other.partitions &&
    some.ring === other.ring &&
    samePlaces(some.members, other.members) &&
    sameMove(some.move, other.move) &&
    sameIds(some.leaving, other.leaving) &&
    sameIds(some.removed, other.removed) &&
    sameRecoveries(some.recoveries, other.recoveries) &&
    sameBook(some.buckets, other.buckets)
  );
}

function sameMove(some: Move | undefined, other: Move | undefined): boolean {
  if (some === undefined || other === undefined) return some === other;
  return (
    some.ring === other.ring &&
    samePlaces(some.members, other.members) &&
    sameChanges(some.replicas, other.replicas) &&
    some.moved.length === other.moved.length &&
    some.moved.every((partition, i) => partition === other.moved[i])
  );
}

function sameRecoveries(some: readonly Recovery[], others: readonly Recovery[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ from, name }, i) => from === others[i]!.from && name === others[i]!.name)
  );
}

const nothingMoves: Objection = 'nothing is moving';
const nobodyLeft: Objection = 'no member would be left to hand on anything';

function after(from: Configuration, changes: Partial<Configuration>): Configuration | Objection {
  // Those of the next era are for survivors who know of none of these.
  if (eraOf(from.number + 1) !== eraOf(from.number)) return 'no number is left for another step';
  return { ...from, ...changes, number: from.number + 1 };
}

/**
 * One side owns everything. Who is of the other alone has still to hand on what it holds; who was
 * removed is nobody any more.
 */
function over(
  from: Configuration,
  { members, ring }: Pick<Configuration, 'members' | 'ring'>,
  others: readonly Place[],
): Configuration | Objection {
  const stay = new Set(idsOf(members));
  const left = idsOf(others).filter((id) => !stay.has(id) && !from.removed.includes(id));
  const leaving = [...from.leaving, ...left].sort();
  const removed = from.removed.filter((id) => stay.has(id));
  const layout = from.number + 1;
  return after(from, { layout, ring, members, move: undefined, leaving, removed });
}

function objectionTo(from: Configuration, to: Destination): Objection | undefined {
  const { move, leaving } = from;
  if (move !== undefined)
    return `a move is under way, ${move.moved.length} of ${from.partitions} partitions have moved: wait for it, or cancel it`;
  const known = idsOf(from.members);
  const stranger = to.removed.find((id) => !known.includes(id) && !leaving.includes(id));
  if (stranger !== undefined) return `the cluster has no member ${stranger}`;
  const gone = [...from.removed, ...to.removed];
  if (known.every((id) => gone.includes(id))) return nobodyLeft;
  const all = new Set([...known, ...leaving, ...idsOf(to.members)]);
  if (all.size > limits.membersMax)
    return `${all.size} nodes would be members meanwhile, more than ${limits.membersMax}`;
  return (
    objectionToMembers(to.members, gone) ??
    objectionToBuckets(from, to) ??
    objectionToNothing(from, to)
  );
}

function objectionToBuckets(from: Configuration, to: Destination): Objection | undefined {
  const { buckets = from.buckets, replicas = [] } = to;
  const objection = to.buckets && objectionToBook(from, to.buckets);
  return objection ?? objectionToReplicas(buckets, replicas);
}

function objectionToMembers(
  members: readonly Place[],
  gone: readonly NodeId[],
): Objection | undefined {
  const back = members.find(({ id }) => gone.includes(id));
  if (back !== undefined) return `${back.name} was removed for good: it has to join anew`;
  const twice = members.find(({ id }, i) => i > 0 && id === members[i - 1]!.id);
  if (twice !== undefined) return `${twice.name} is named twice`;
  const odd = members.find(({ weight }) => !(weight >= 0 && weight <= limits.weightMax));
  if (odd !== undefined)
    return `weight of ${odd.name}: from 0 to ${limits.weightMax}, not ${odd.weight}`;
  return members.some(({ weight }) => weight > 0) ? undefined : 'nobody would hold anything';
}

function objectionToNothing(from: Configuration, to: Destination): Objection | undefined {
  const { replicas = [] } = to;
  const isSame = from.ring === to.ring && samePlaces(from.members, to.members);
  return isSame && replicas.length === 0 ? 'nothing would change' : undefined;
}

function mayHold({ id, weight }: Place, removed: readonly NodeId[]): boolean {
  return weight > 0 && !removed.includes(id);
}

function isPartitionOf({ partitions }: Configuration, partition: number): boolean {
  return Number.isInteger(partition) && partition >= 0 && partition < partitions;
}

function idsOf(places: readonly Place[]): NodeId[] {
  return places.map(({ id }) => id);
}

function byId(a: Place, b: Place): number {
  return a.id < b.id ? -1 : 1;
}
