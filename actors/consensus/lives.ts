/**
 * The lives of voters, each from a start to its end. A disk that was put back from a copy has
 * forgotten votes, and nothing on it says so. So a life has a name, drawn at random, which its node
 * has on disk before it tells it; and others *enrol* it: each keeps, on its disk, the last life it
 * has enrolled of each voter. It is asked for that one first, and enrols another one only after the
 * one that the asker says: a life follows on those alone that its disk knows of.
 *
 * A voter votes once a majority of the other voters has enrolled the life it is in. Of two lives of
 * which the later does not know the earlier at most one can come to that: some other would have
 * enrolled both. The node's own word is none: with it one other of three would do, and that may be
 * another one each time.
 *
 * A node can't keep the names of all its lives, and one that has dropped a name takes itself for
 * one with an old disk when it hears it. What another has enrolled last is what it said when it was
 * asked, or what it was asked to enrol after that; these are kept, for each, and nobody who is
 * silent is asked to enrol anything. So a node may start as often as it likes while another is
 * away.
 */
import type { NodeId } from '../rules/actor.js';
import { majorityOf } from '../rules/voters.js';

/** Of one node no two lives have the same name. 32 bits, unsigned. */
export type LifeName = number;

/** Of one node, the one it is in last. */
export type Lives = readonly LifeName[];

/** Of other nodes, those of this node's lives that each of them may have enrolled last. */
export type LivesHeld = ReadonlyMap<NodeId, Lives>;

export interface Enrolling {
  readonly life: LifeName;
  /** What the asked one said that it has enrolled last; undefined: none. */
  readonly after: LifeName | undefined;
}

/** `last`: what was enrolled of the asker before; what is to be kept of it comes back. */
export function enrol(
  last: LifeName | undefined,
  { life, after }: Enrolling,
): LifeName | undefined {
  return last === after ? life : last;
}

/** `said`: by another node, as the one it has enrolled last. Otherwise this disk is an old one. */
export function knowsOf(
  { lives, held }: { readonly lives: Lives; readonly held: LivesHeld },
  said: LifeName | undefined,
): boolean {
  if (said === undefined || lives.includes(said)) return true;
  return [...held.values()].some((names) => names.includes(said));
}

/**
 * To be on disk before that node is asked. What it was asked before may be under way still; but not
 * what was to follow another one than it has enrolled last.
 */
export function heldWith(
  held: LivesHeld,
  asked: Enrolling & { readonly node: NodeId; readonly max: number },
): Map<NodeId, Lives> {
  const { node, life, after, max } = asked;
  const before = held.get(node) ?? [];
  const names = after === undefined || before[0] === after ? before : [after];
  const all = [...names.filter((name) => name !== life), life];
  return new Map(held).set(node, [...all.slice(0, 1), ...all.slice(1).slice(1 - max)]);
}

/** The lives of who begins another one. */
export function livesWith(before: Lives, name: LifeName, max: number): Lives {
  return [...before, name].slice(-max);
}

/** Its disk is an old one: it knows of the life it has forgotten from now on. */
export function remembering(lives: Lives, forgotten: LifeName, max: number): Lives {
  return [...lives.slice(0, -1), forgotten, lives.at(-1)!].slice(-max);
}

export function isEnrolled(
  { voters, self }: { readonly voters: readonly NodeId[]; readonly self: NodeId },
  by: (voter: NodeId) => boolean,
): boolean {
  const others = voters.filter((id) => id !== self);
  return others.length === 0 || others.filter(by).length >= majorityOf(others);
}
