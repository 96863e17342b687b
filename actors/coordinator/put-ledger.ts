/**
 * Who was asked to hold the states of a put round, who said yes, and who owes whom a hint. Pure:
 * each function returns the next ledger with the orders that follow from what happened.
 *
 * Invariants: a node has one seat; a primary that was given up on has a hint held or on its way, or
 * owed by the coordinator itself; nobody's yes counts twice.
 */
import type { NodeId } from '../rules/actor.js';
import type { Poll, MissingReplica, Tally, Verdict } from '../rules/quorum.js';
import { isMoving, isReplica, replicasOf } from '../rules/placement.js';
import { noStandIns, tally, verdict } from '../rules/quorum.js';
import { standInsOf, type Standing } from './stand-ins.js';

export interface PutPlan {
  /** The coordinator; it holds the states already. */
  readonly self: NodeId;
  readonly primaries: readonly NodeId[];
  /** Who owns the partition after its move, and is served as primaries are; nobody: no move. */
  readonly incoming: readonly NodeId[];
  /** Those of both believed down: not asked, a fallback takes their hint from the start. */
  readonly down: readonly NodeId[];
  /** Fallbacks that may be reached, clockwise, without the coordinator. */
  readonly fallbacks: readonly NodeId[];
  /** W. */
  readonly needed: number;
  /** Of who owns it after the move, where that is another number. */
  readonly neededAfter?: number | undefined;
  readonly strict: boolean;
}

export type PutOrder =
  /** The states to a replica; `owedTo`: as hints for that primary. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly owedTo: NodeId | undefined }
  /**
   * The coordinator owes the hint itself: no fallback is left, or it is no primary. It may be
   * refused room for it.
   */
  | { readonly kind: 'owe'; readonly target: NodeId };

/** Nobody has room for a hint that the coordinator was to owe. */
export interface RefusedHint {
  readonly target: NodeId;
  readonly why: string;
}

interface Seat extends Standing {
  /** Why it is missing. */
  readonly why: string;
  /**
   * It is missing because it goes by another configuration, and is asked again: it may hold the
   * states yet.
   */
  readonly differs?: true;
  /** For whom a fallback would not hold the states: it may have room for another's. */
  readonly refused?: readonly NodeId[];
}

export interface PutLedger {
  readonly plan: PutPlan;
  readonly seats: readonly Seat[];
  /** How many of the plan's fallbacks have a seat. */
  readonly fallbacksTried: number;
  /** Primaries the coordinator itself owes a hint in a fallback's place. */
  readonly owed: readonly NodeId[];
  /** Primaries the coordinator has no room to owe. */
  readonly unowed: readonly NodeId[];
  /** What is to be done now because of the last event. */
  readonly orders: readonly PutOrder[];
  readonly verdict: Verdict;
  /** What the round's chart may go by. */
  readonly findings: readonly PutFinding[];
}

export type PutFinding =
  | 'quorum.met'
  /** Too many replicas were lost for W acks. */
  | 'quorum.outOfReach'
  /** Every primary has the states, or is owed a hint; the coordinator's own log included. */
  | 'primaries.served';

interface Draft {
  readonly plan: PutPlan;
  readonly seats: Seat[];
  fallbacksTried: number;
  readonly owed: NodeId[];
  readonly unowed: NodeId[];
  readonly orders: PutOrder[];
}

const noOrders: readonly PutOrder[] = [];

/** By verdict, and whether the primaries are served. */
const findings: Readonly<
  Record<
    Verdict['kind'],
    { readonly open: readonly PutFinding[]; readonly served: readonly PutFinding[] }
  >
> = {
  pending: { open: [], served: ['primaries.served'] },
  met: { open: ['quorum.met'], served: ['quorum.met', 'primaries.served'] },
  failed: { open: ['quorum.outOfReach'], served: ['quorum.outOfReach', 'primaries.served'] },
};

/** The first ledger: every primary has a seat, those believed down a stand-in. */
export function openPutLedger(plan: PutPlan): PutLedger {
  const draft: Draft = {
    plan,
    seats: [],
    fallbacksTried: 0,
    owed: [],
    unowed: [],
    orders: [],
  };
  for (const node of replicasOf(plan)) {
    const isDown = plan.down.includes(node);
    draft.seats.push({
      node,
      standing: isDown ? 'missing' : 'asked',
      owedTo: undefined,
      why: isDown ? 'is down' : '',
    });
    if (!isDown && node !== plan.self)
      draft.orders.push({ kind: 'send', to: node, owedTo: undefined });
  }
  if (!isReplica(plan, plan.self)) seatCoordinatorAsFallback(draft);
  for (const node of plan.down) standIn(draft, node);
  return closed(draft);
}

/**
 * A coordinator that is no primary owes the states to every primary from the start, even when all
 * of them answer. A crash right after the reply must not leave them where no handoff looks; and its
 * own copy, which counts, goes with the last hint. With a hint for one primary alone, that one's
 * ack and the coordinator's would have been a single copy once it was settled.
 */
function seatCoordinatorAsFallback(draft: Draft): void {
  const { plan } = draft;
  const replicas = replicasOf(plan);
  const target = plan.down[0] ?? replicas[0];
  if (target === undefined) return;
  draft.seats.push({ node: plan.self, standing: 'asked', owedTo: target, why: '' });
  for (const primary of replicas) draft.orders.push({ kind: 'owe', target: primary });
}

/**
 * A replica holds the states as durably as its node promises. A coordinator that has no room for
 * its hints does not count by that.
 */
export function replicaAcked(ledger: PutLedger, node: NodeId): PutLedger {
  const at = ledger.seats.findIndex(
    (seat) =>
      seat.node === node &&
      (seat.standing === 'asked' || (seat.standing === 'missing' && node !== ledger.plan.self)),
  );
  if (at < 0) return withoutOrders(ledger);
  const { plan, fallbacksTried, owed, unowed } = ledger;
  const seats = ledger.seats.slice();
  seats[at] = { node, standing: 'acked', owedTo: seats[at]!.owedTo, why: '' };
  return closed({ plan, seats, fallbacksTried, owed, unowed, orders: noOrders });
}

/**
 * A replica won't hold them: it isn't there, or it said no. The next fallback takes the hint at
 * once; one that said no (`refused`) may have room for another primary's.
 */
export function replicaLost(
  ledger: PutLedger,
  missing: MissingReplica & { readonly refused: boolean },
): PutLedger {
  const seat = ledger.seats.find(({ node }) => node === missing.node);
  if (seat?.differs === true) return noLongerAsked(ledger, seat, missing.why);
  if (seat?.standing !== 'asked') return withoutOrders(ledger);
  const draft = edit(ledger);
  const { owedTo } = seat;
  const refused = owedTo === undefined ? [] : [...(seat.refused ?? []), owedTo];
  const at = draft.seats.indexOf(seat);
  draft.seats[at] = { ...seat, standing: 'missing', why: missing.why, refused };
  standIn(draft, owedTo ?? seat.node);
  if (missing.refused && owedTo !== undefined) standInForAnother(draft, at);
  return closed(draft);
}

/**
 * A replica goes by another configuration: for this round it is one that can't be reached, and its
 * hint is taken at once. But it is asked again, so a quorum that needs it is not out of reach.
 */
export function replicaDiffers(ledger: PutLedger, { node, why }: MissingReplica): PutLedger {
  const seat = ledger.seats.find((other) => other.node === node);
  if (seat?.standing !== 'asked') return withoutOrders(ledger);
  const draft = edit(ledger);
  draft.seats[draft.seats.indexOf(seat)] = { ...seat, standing: 'missing', why, differs: true };
  standIn(draft, seat.owedTo ?? node);
  return closed(draft);
}

/** Its hint is held by others already. */
function noLongerAsked(ledger: PutLedger, seat: Seat, why: string): PutLedger {
  const draft = edit(ledger);
  const { node, standing, owedTo } = seat;
  draft.seats[draft.seats.indexOf(seat)] = { node, standing, owedTo, why };
  return closed(draft);
}

/**
 * A primary without a fallback that stands in for it gets this one, which would not do it for
 * another.
 */
function standInForAnother(draft: Draft, at: number): void {
  const { node, refused = [] } = draft.seats[at]!;
  const target = draft.seats.find(
    (seat) =>
      seat.owedTo === undefined &&
      seat.standing === 'missing' &&
      !refused.includes(seat.node) &&
      !hasFallback(draft, seat.node),
  )?.node;
  if (target === undefined) return;
  draft.seats[at] = { node, standing: 'asked', owedTo: target, why: '', refused };
  draft.orders.push({ kind: 'send', to: node, owedTo: target });
}

/**
 * The coordinator has no room to owe a hint. As a primary it holds the states all the same. As a
 * fallback it forgets them once its hints are settled: its ack counts as long as those it may owe
 * are W, so that in the end as many hold them as were promised.
 */
export function hintRefused(ledger: PutLedger, { target, why }: RefusedHint): PutLedger {
  const draft = edit(ledger);
  draft.unowed.push(target);
  const owedAt = draft.owed.indexOf(target);
  if (owedAt >= 0) draft.owed.splice(owedAt, 1);
  const { plan, seats, unowed } = draft;
  const at = seats.findIndex(({ node, owedTo }) => node === plan.self && owedTo !== undefined);
  const seat = seats[at];
  if (seat === undefined) return closed(draft);
  const canOwe = replicasOf(plan).filter((node) => !unowed.includes(node));
  if (!isEnough(plan, canOwe)) seats[at] = { ...seat, standing: 'missing', why };
  else if (seat.owedTo === target)
    seats[at] = {
      ...seat,
      owedTo: canOwe.find((node) => !hasFallback(draft, node)) ?? canOwe[0],
    };
  if (seat.owedTo === target && !isAsked(draft, target)) standIn(draft, target);
  return closed(draft);
}

/** W of the owners, of those after a move as well. */
function isEnough(plan: PutPlan, nodes: readonly NodeId[]): boolean {
  const { primaries, incoming, needed, neededAfter = needed } = plan;
  const among = (owners: readonly NodeId[]): number =>
    owners.filter((node) => nodes.includes(node)).length;
  return among(primaries) >= needed && (incoming.length === 0 || among(incoming) >= neededAfter);
}

/** Primaries that are silent for long get a fallback beside them, as long as there are any. */
export function silentForLong(ledger: PutLedger): PutLedger {
  const draft = edit(ledger);
  for (const seat of ledger.seats) {
    const silent =
      seat.standing === 'asked' && seat.owedTo === undefined && seat.node !== ledger.plan.self;
    if (silent && draft.fallbacksTried < draft.plan.fallbacks.length) standIn(draft, seat.node);
  }
  return closed(draft);
}

/**
 * The round ends: whoever has not answered by now counts as lost, and the coordinator owes the
 * hints.
 */
export function silentToTheEnd(ledger: PutLedger): PutLedger {
  const draft = edit(ledger);
  for (const node of replicasOf(ledger.plan)) {
    if (node !== ledger.plan.self && !isServed(draft, node)) oweHere(draft, node);
  }
  return closed(draft);
}

export interface PutTally extends Tally {
  /** Primaries without an ack for which a hint is held, owed or on its way. */
  readonly hints: number;
}

export function tallyOf(ledger: PutLedger): PutTally {
  const hints = replicasOf(ledger.plan).filter(
    (node) => !hasAcked(ledger, node) && hasStandIn(ledger, node),
  ).length;
  return { ...tally(pollOf(ledger)), hints };
}

/** Gives `target` a stand-in unless it has one, or has answered meanwhile. */
function standIn(draft: Draft, target: NodeId): void {
  if (hasAcked(draft, target) || hasStandIn(draft, target)) return;
  const next = draft.plan.fallbacks[draft.fallbacksTried];
  if (next === undefined) {
    oweHere(draft, target);
    return;
  }
  draft.fallbacksTried++;
  draft.seats.push({ node: next, standing: 'asked', owedTo: target, why: '' });
  draft.orders.push({ kind: 'send', to: next, owedTo: target });
}

/** A coordinator that is no primary owes it already. */
function oweHere(draft: Draft, target: NodeId): void {
  const { plan, owed, unowed, orders } = draft;
  if (unowed.includes(target)) return;
  owed.push(target);
  if (isReplica(plan, plan.self)) orders.push({ kind: 'owe', target });
}

type Books = Pick<PutLedger, 'seats' | 'owed'>;

function hasAcked(books: Books, node: NodeId): boolean {
  return books.seats.some((seat) => seat.node === node && seat.standing === 'acked');
}

function isAsked(books: Books, node: NodeId): boolean {
  return books.seats.some((seat) => seat.node === node && seat.standing === 'asked');
}

function hasStandIn(books: Books, target: NodeId): boolean {
  return books.owed.includes(target) || hasFallback(books, target);
}

function hasFallback(books: Books, target: NodeId): boolean {
  return books.seats.some((seat) => seat.owedTo === target && seat.standing !== 'missing');
}

/** The primary has the states, or somebody holds them as a hint for it. */
function isServed({ seats, owed }: Books, primary: NodeId): boolean {
  for (const { standing, node, owedTo } of seats)
    if (standing === 'acked' && (node === primary || owedTo === primary)) return true;
  return owed.includes(primary);
}

/** The coordinator's own log included. */
function areServed(books: Books & Pick<PutLedger, 'plan'>): boolean {
  const { self } = books.plan;
  for (const { node, standing } of books.seats)
    if (node === self && standing === 'asked') return false;
  for (const node of replicasOf(books.plan)) if (!isServed(books, node)) return false;
  return true;
}

function pollOf(ledger: Pick<PutLedger, 'plan' | 'seats' | 'fallbacksTried' | 'owed'>): Poll {
  const acked: NodeId[] = [];
  const outstanding: NodeId[] = [];
  const missing: MissingReplica[] = [];
  for (const { node, standing, why, differs } of ledger.seats) {
    if (standing === 'acked') acked.push(node);
    else if (standing === 'asked' || differs === true) outstanding.push(node);
    else missing.push({ node, why });
  }
  const { plan } = ledger;
  const { needed, neededAfter, strict, primaries, incoming } = plan;
  const untried = plan.fallbacks.slice(ledger.fallbacksTried);
  const standIns = isMoving(plan) ? standInsOf(ledger) : noStandIns;
  const wanted = { needed, neededAfter, strict, primaries, incoming };
  return { ...wanted, standIns, acked, outstanding, untried, missing };
}

function edit(ledger: PutLedger): Draft {
  const { plan, seats, fallbacksTried, owed, unowed } = ledger;
  return {
    plan,
    seats: seats.slice(),
    fallbacksTried,
    owed: owed.slice(),
    unowed: unowed.slice(),
    orders: [],
  };
}

function closed(ledger: Omit<PutLedger, 'verdict' | 'findings'>): PutLedger {
  const { plan, seats, fallbacksTried, owed, unowed, orders } = ledger;
  const now = verdict(pollOf(ledger));
  const found = areServed(ledger) ? findings[now.kind].served : findings[now.kind].open;
  return { plan, seats, fallbacksTried, owed, unowed, orders, verdict: now, findings: found };
}

function withoutOrders(ledger: PutLedger): PutLedger {
  return ledger.orders.length === 0 ? ledger : { ...ledger, orders: noOrders };
}
