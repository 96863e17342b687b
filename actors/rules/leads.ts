/**
 * Which node a watch follows for a partition, and from where on.
 *
 * Everything that was acknowledged reaches every reader of its partition in the end, by the put
 * itself, by a hint or by comparing trees. So a watch that is told of all that changes at one of
 * them, from some moment on, misses nothing acknowledged after it. A *place* is a number of a
 * node's changes such that all it had by then was told, or need not be: there a watch can go on
 * when the node it follows is lost. Where there is none, it is told all that the partition holds.
 */
import type { NodeId } from './actor.js';

export interface Place {
  readonly node: NodeId;
  /** Of the node; numbers of another one say nothing. */
  readonly life: string;
  /** Of its last change that was told. */
  readonly position: number;
  readonly partitions: ReadonlySet<number>;
}

export interface Lead {
  readonly node: NodeId;
  /** Undefined: from no place, by all keys of the partition. */
  readonly from: Place | undefined;
}

/**
 * Undefined: no reader is heard. `places`: the best of each node first. The node itself comes
 * before others, as what it holds takes no message.
 */
export function leadOf(
  partition: number,
  among: {
    readonly self: NodeId;
    readonly readers: readonly NodeId[];
    readonly isHeard: (node: NodeId) => boolean;
    readonly places: readonly Place[];
  },
): Lead | undefined {
  const { self, readers, isHeard, places } = among;
  const heard = readers.filter(isHeard);
  if (heard.includes(self)) heard.unshift(self);
  for (const node of heard) {
    const from = places.find((place) => place.node === node && place.partitions.has(partition));
    if (from !== undefined) return { node, from };
  }
  const [node] = heard;
  return node === undefined ? undefined : { node, from: undefined };
}

/**
 * Whether enough readers are heard: what W nodes acknowledged is at one of those, but for what went
 * to nodes that stood in.
 */
export function seesEnough(
  { n, w }: { readonly n: number; readonly w: number },
  readers: readonly NodeId[],
  isHeard: (node: NodeId) => boolean,
): boolean {
  const needed = Math.min(readers.length, Math.max(1, n - w + 1));
  return readers.filter(isHeard).length >= needed;
}

/**
 * The places with newer ones of a node in front. What a newer one has of the partitions, older ones
 * need no more; of a node no more than `max` are kept: to have been told more than one says is no
 * harm, so the older ones become one that says the least of them.
 */
export function withPlace(places: readonly Place[], added: Place, max: number): Place[] {
  if (added.partitions.size === 0) return [...places];
  const others = places.filter(({ node }) => node !== added.node);
  const own = places
    .filter(({ node, life }) => node === added.node && life === added.life)
    .map((place) => ofPlace(place, without(place.partitions, added.partitions)))
    .filter(({ partitions }) => partitions.size > 0);
  const kept = own.slice(0, max - 2);
  const old = own.slice(max - 2);
  if (old.length > 0) kept.push(old.reduce(leastOf));
  return [added, ...kept, ...others];
}

function ofPlace(place: Place, partitions: ReadonlySet<number>): Place {
  return { ...place, partitions };
}

function leastOf(one: Place, other: Place): Place {
  const position = Math.min(one.position, other.position);
  return { ...one, position, partitions: new Set([...one.partitions, ...other.partitions]) };
}

function without(some: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...some].filter((partition) => !others.has(partition)));
}

/** The places without those of the partition that turned out to be of no use. */
export function withoutPlace(places: readonly Place[], useless: Place): Place[] {
  return places.filter(
    ({ node, life, position }) =>
      node !== useless.node || life !== useless.life || position > useless.position,
  );
}
