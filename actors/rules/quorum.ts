/**
 * What a round's answers amount to: still open, met, or out of reach.
 *
 * Counts replica ids, each once, whatever lists it is on. The statecharts say *when* something is
 * decided, this file *what*. After etcd's `quorum` package (pending, won, lost), and its joint
 * configurations: while a partition moves a put needs a quorum of its owners before and one of its
 * owners after, so that it meets every get, whichever of the two the get reads.
 */
import type { NodeId } from './actor.js';
import { isMoving, nobody, replicasOf } from './placement.js';

/** Who was asked by a round, and what has come of it. */
export interface Poll {
  /** W or R. */
  readonly needed: number;
  /** Of those who own it after a move, where that differs. */
  readonly neededAfter?: number | undefined;
  /** Only primaries count. */
  readonly strict: boolean;
  readonly primaries: readonly NodeId[];
  /** Who owns the partition after its move; nobody while it doesn't move. */
  readonly incoming: readonly NodeId[];
  /** Whom others stand in for, among whom they count then; only looked at during a move. */
  readonly standIns: readonly StandIn[];
  /** Who said yes. */
  readonly acked: readonly NodeId[];
  /** Who was asked and has not answered. */
  readonly outstanding: readonly NodeId[];
  /** Fallbacks nobody has asked yet. */
  readonly untried: readonly NodeId[];
  /** Who will not answer; only explains the verdict. */
  readonly missing: readonly MissingReplica[];
}

export interface StandIn {
  readonly node: NodeId;
  readonly owedTo: NodeId;
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

/**
 * R or W of a request that says its own. Under strict it is no lower than its bucket's: a get is
 * promised to meet every put with R + W > N, and when a partition moves it is by the quorums of
 * buckets that enough of its owners are asked what they hold, and told (`transfer.ts`). What fewer
 * have acknowledged is not lost either, but it may be with those alone who were not asked.
 */
export function quorumFor(asked: number, usual: number, strict: boolean): number {
  return strict ? Math.max(asked, usual) : asked;
}

export const noStandIns: readonly StandIn[] = [];

export function tally(poll: Poll): Tally {
  if (isMoving(poll)) return jointTally(poll);
  const { acked, primaries, strict } = poll;
  const all = different(acked);
  const ofPrimaries = different(acked, primaries);
  return {
    primaries: ofPrimaries,
    fallbacks: all - ofPrimaries,
    counted: strict ? ofPrimaries : all,
  };
}

export function verdict(poll: Poll): Verdict {
  if (isMoving(poll)) return jointVerdict(poll);
  const { counted } = tally(poll);
  if (counted >= poll.needed) return met;
  const within = reach(poll);
  if (within >= poll.needed) return pending;
  return { kind: 'failed', reason: explain(poll, { counted, within }) };
}

/** Of the owners before and after, each with those who stand in for one of them. */
function halvesOf(poll: Poll): readonly [before: Poll, after: Poll] {
  const { needed, neededAfter = needed } = poll;
  return [halfOf(poll, poll.primaries, needed), halfOf(poll, poll.incoming, neededAfter)];
}

function halfOf(poll: Poll, owners: readonly NodeId[], needed: number): Poll {
  const { strict, standIns, acked, outstanding, untried, missing } = poll;
  const counts = (node: NodeId): boolean =>
    owners.includes(node) ||
    standIns.some((standIn) => standIn.node === node && owners.includes(standIn.owedTo));
  return {
    needed,
    strict,
    primaries: owners,
    incoming: nobody,
    standIns: noStandIns,
    acked: acked.filter(counts),
    outstanding: outstanding.filter(counts),
    // They may come to stand in for anybody.
    untried,
    missing: missing.filter(({ node }) => counts(node)),
  };
}

function jointVerdict(poll: Poll): Verdict {
  const [before, after] = halvesOf(poll).map(verdict) as [Verdict, Verdict];
  if (before.kind === 'failed') return outOfReach('before', before.reason);
  if (after.kind === 'failed') return outOfReach('after', after.reason);
  return before.kind === 'met' ? after : before;
}

function outOfReach(when: 'before' | 'after', reason: string): Verdict {
  return { kind: 'failed', reason: `owners ${when} the move: ${reason}` };
}

function jointTally(poll: Poll): Tally {
  const [before, after] = halvesOf(poll).map(tally) as [Tally, Tally];
  const all = different(poll.acked);
  const primaries = different(poll.acked, replicasOf(poll));
  const counted = Math.min(before.counted, after.counted);
  return { primaries, fallbacks: all - primaries, counted };
}

/** How many would count if everyone who still can said yes. */
function reach({ acked, outstanding, untried, strict, primaries }: Poll): number {
  const voters = [...acked, ...outstanding, ...untried];
  return strict ? different(voters, primaries) : different(voters);
}

/**
 * How many nodes, of those in `among` if it is given. They are few: a set is dearer than looking
 * back.
 */
function different(nodes: readonly NodeId[], among = nodes): number {
  let count = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (nodes.indexOf(node) === i && among.includes(node)) count++;
  }
  return count;
}

function explain(poll: Poll, counts: { counted: number; within: number }): string {
  const who = poll.strict ? 'primaries' : 'nodes';
  const why = poll.missing.map(({ node, why }) => `${node} ${why}`).join(', ');
  const head = `${poll.needed} ${who} needed, ${counts.counted} answered, ${counts.within} within reach`;
  return why === '' ? head : `${head} (${why})`;
}
