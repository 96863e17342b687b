/**
 * What a round's answers amount to: still open, met, or out of reach.
 *
 * Counts replica ids, each once, whatever lists it is on. The statecharts say *when* something is
 * decided, this file *what*. After etcd's `quorum` package (pending, won, lost).
 */
import type { NodeId } from './actor.js';

export interface Ballot {
  /** W or R. */
  readonly needed: number;
  /** Only primaries count. */
  readonly strict: boolean;
  readonly primaries: readonly NodeId[];
  /** Who said yes. */
  readonly acked: readonly NodeId[];
  /** Who was asked and has not answered. */
  readonly outstanding: readonly NodeId[];
  /** Fallbacks nobody has asked yet. */
  readonly untried: readonly NodeId[];
  /** Who will not answer; only explains the verdict. */
  readonly missing: readonly MissingReplica[];
}

export interface MissingReplica {
  readonly node: NodeId;
  readonly why: string;
}

export type Verdict =
  | { readonly kind: 'pending' }
  | { readonly kind: 'met' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Tally {
  readonly primaries: number;
  readonly fallbacks: number;
  /** What counts towards the quorum: under strict the primaries only. */
  readonly counted: number;
}

const pending: Verdict = { kind: 'pending' };
const met: Verdict = { kind: 'met' };

export function tally({ acked, primaries, strict }: Ballot): Tally {
  const all = different(acked);
  const ofPrimaries = different(acked, primaries);
  return {
    primaries: ofPrimaries,
    fallbacks: all - ofPrimaries,
    counted: strict ? ofPrimaries : all,
  };
}

export function verdict(ballot: Ballot): Verdict {
  const { counted } = tally(ballot);
  if (counted >= ballot.needed) return met;
  const within = reach(ballot);
  if (within >= ballot.needed) return pending;
  return { kind: 'failed', reason: explain(ballot, { counted, within }) };
}

/** How many would count if everyone who still can said yes. */
function reach({ acked, outstanding, untried, strict, primaries }: Ballot): number {
  const voters = [...acked, ...outstanding, ...untried];
  return strict ? different(voters, primaries) : different(voters);
}

/** How many nodes, of those in `among` if it is given. They are few: a set is dearer than looking back. */
function different(nodes: readonly NodeId[], among = nodes): number {
  let count = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (nodes.indexOf(node) === i && among.includes(node)) count++;
  }
  return count;
}

function explain(ballot: Ballot, counts: { counted: number; within: number }): string {
  const who = ballot.strict ? 'primaries' : 'nodes';
  const why = ballot.missing.map(({ node, why }) => `${node} ${why}`).join(', ');
  const head = `${ballot.needed} ${who} needed, ${counts.counted} answered, ${counts.within} within reach`;
  return why === '' ? head : `${head} (${why})`;
}
