/**
 * Who was asked in a get round and who answered. Pure, as `put-ledger.ts`.
 * Candidates are asked in order: as many as needed, one more for each that is lost, one when they
 * are slow.
 */
import type { NodeId } from '../rules/actor.js';
import type { Poll, MissingReplica, Tally, Verdict } from '../rules/quorum.js';
import { nobody } from '../rules/placement.js';
import { noStandIns, tally, verdict } from '../rules/quorum.js';

export interface GetPlan {
  readonly self: NodeId;
  /** Who is read: one side at a time, also while the partition moves. */
  readonly primaries: readonly NodeId[];
  /**
   * Who may be asked, best first; the coordinator where it counts, none believed down, no fallback
   * under strict.
   */
  readonly candidates: readonly NodeId[];
  /** Primaries believed down; only explain a failure. */
  readonly down: readonly NodeId[];
  /** R. */
  readonly needed: number;
  readonly strict: boolean;
}

interface Seat {
  readonly node: NodeId;
  readonly standing: 'asked' | 'answered' | 'missing';
  readonly why: string;
  /**
   * It is missing because it goes by another configuration, and is asked again: it may answer yet.
   */
  readonly differs?: true;
}

export interface GetLedger {
  readonly plan: GetPlan;
  readonly seats: readonly Seat[];
  /** Some replica's state differs from the coordinator's. */
  readonly differs: boolean;
  /** Whom to ask now. */
  readonly orders: readonly NodeId[];
  readonly verdict: Verdict;
  /** What the round's chart may go by. */
  readonly findings: readonly GetFinding[];
}

export type GetFinding =
  /** R have answered, all with the coordinator's states. */
  | 'quorum.equal'
  /** R have answered, some with other states. */
  | 'quorum.differing'
  /** Too many replicas were lost for R answers. */
  | 'quorum.outOfReach';

const findings: Readonly<
  Record<
    Verdict['kind'],
    { readonly equal: readonly GetFinding[]; readonly differing: readonly GetFinding[] }
  >
> = {
  pending: { equal: [], differing: [] },
  met: { equal: ['quorum.equal'], differing: ['quorum.differing'] },
  failed: { equal: ['quorum.outOfReach'], differing: ['quorum.outOfReach'] },
};

/** The coordinator's own answer is at hand, so it has answered as soon as it is asked. */
export function openGetLedger(plan: GetPlan): GetLedger {
  const seats: Seat[] = [];
  const orders: NodeId[] = [];
  for (const node of plan.candidates.slice(0, plan.needed)) take(plan, { node, seats, orders });
  return closed({ plan, seats, differs: false, orders });
}

export function replicaAnswered(
  ledger: GetLedger,
  answer: { readonly node: NodeId; readonly differs: boolean },
): GetLedger {
  const { plan } = ledger;
  const at = ledger.seats.findIndex(
    ({ node, standing }) => node === answer.node && standing !== 'answered',
  );
  if (at < 0) return withoutOrders(ledger);
  const seats = ledger.seats.slice();
  seats[at] = { node: answer.node, standing: 'answered', why: '' };
  const differs = ledger.differs || answer.differs;
  return closed({ plan, seats, differs, orders: nobody });
}

export function replicaLost(ledger: GetLedger, missing: MissingReplica): GetLedger {
  const { node, why } = missing;
  const at = ledger.seats.findIndex((seat) => seat.node === node && isAwaited(seat));
  if (at < 0) return withoutOrders(ledger);
  const seats = ledger.seats.slice();
  const isReplaced = seats[at]!.differs === true;
  seats[at] = { node, standing: 'missing', why };
  if (!isReplaced) return askNext({ ...ledger, seats });
  return closed({ plan: ledger.plan, seats, differs: ledger.differs, orders: nobody });
}

/** A replica goes by another configuration: one more is asked in its place, and it again. */
export function replicaDiffers(ledger: GetLedger, { node, why }: MissingReplica): GetLedger {
  const at = ledger.seats.findIndex((seat) => seat.node === node && seat.standing === 'asked');
  if (at < 0) return withoutOrders(ledger);
  const seats = ledger.seats.slice();
  seats[at] = { node, standing: 'missing', why, differs: true };
  return askNext({ ...ledger, seats });
}

function isAwaited({ standing, differs }: Seat): boolean {
  return standing === 'asked' || differs === true;
}

/** Someone is slow: one more is asked, whoever answers first. */
export function askNext(ledger: GetLedger): GetLedger {
  const { plan } = ledger;
  const node = plan.candidates[ledger.seats.length];
  const seats = ledger.seats.slice();
  const orders: NodeId[] = [];
  if (node !== undefined) take(plan, { node, seats, orders });
  return closed({ plan, seats, differs: ledger.differs, orders });
}

export function tallyOf(ledger: GetLedger): Tally {
  return tally(pollOf(ledger.plan, ledger.seats));
}

function take(plan: GetPlan, into: { node: NodeId; seats: Seat[]; orders: NodeId[] }): void {
  const isSelf = into.node === plan.self;
  into.seats.push({ node: into.node, standing: isSelf ? 'answered' : 'asked', why: '' });
  if (!isSelf) into.orders.push(into.node);
}

/** Seats are taken in the order of the candidates, so the untried ones are those behind. */
function pollOf(plan: GetPlan, seats: readonly Seat[]): Poll {
  const acked: NodeId[] = [];
  const outstanding: NodeId[] = [];
  const missing: MissingReplica[] = plan.down.map((node) => ({ node, why: 'is down' }));
  for (const seat of seats) {
    if (seat.standing === 'answered') acked.push(seat.node);
    else if (isAwaited(seat)) outstanding.push(seat.node);
    else missing.push(seat);
  }
  const { needed, strict, primaries, candidates } = plan;
  const untried = candidates.slice(seats.length);
  return {
    needed,
    strict,
    primaries,
    incoming: nobody,
    standIns: noStandIns,
    acked,
    outstanding,
    untried,
    missing,
  };
}

function closed(ledger: Omit<GetLedger, 'verdict' | 'findings'>): GetLedger {
  const { plan, seats, differs, orders } = ledger;
  const now = verdict(pollOf(plan, seats));
  const found = differs ? findings[now.kind].differing : findings[now.kind].equal;
  return { plan, seats, differs, orders, verdict: now, findings: found };
}

function withoutOrders(ledger: GetLedger): GetLedger {
  return ledger.orders.length === 0 ? ledger : { ...ledger, orders: nobody };
}
