/**
 * The lives of voters, each from a start to its end. A disk that was put back from a copy has
 * forgotten votes, and nothing on it says so. So a life has a name, drawn at random, and its node
 * has the names of its own lives on disk before it tells them; and others *enrol* it: each keeps,
 * on its disk, the last life it has enrolled of each voter, and enrols none that does not know of
 * that one.
 *
 * A voter votes once a majority of the other voters has enrolled the life it is in. Of two lives of
 * which the later does not know the earlier at most one can come to that: some other would have
 * enrolled both. The node's own word is none: with it one other of three would do, and that may be
 * another one each time.
 */
import type { NodeId } from '../rules/actor.js';
import { majorityOf } from './voter.js';

/** Of one node no two lives have the same name. 32 bits, unsigned. */
export type LifeName = number;

/** Of one node, the one it is in last. */
export type Lives = readonly LifeName[];

export type EnrolmentAnswer =
  | { readonly kind: 'enrolled' }
  /** That one was enrolled last, and is none of those it names. */
  | { readonly kind: 'forgotten'; readonly life: LifeName };

/** `last`: what was enrolled of the asker before; what is to be kept of it comes back. */
export function enrol(
  last: LifeName | undefined,
  lives: Lives,
): { readonly last: LifeName; readonly answer: EnrolmentAnswer } {
  if (last !== undefined && !lives.includes(last))
    return { last, answer: { kind: 'forgotten', life: last } };
  return { last: lives.at(-1)!, answer: { kind: 'enrolled' } };
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
