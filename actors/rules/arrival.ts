/**
 * A node that waits to be taken in, by what it tells of itself, and what becomes of it without an
 * operator: it comes, or it comes in the stead of a member that is gone for good, or it waits, and
 * for what.
 */
import type { NodeId } from './actor.js';
import type { Configuration, Place } from './configuration.js';
import { limits } from './limits.js';
import { chainLimits } from './limits/chain.js';
import type { JoinWish } from './membership.js';
import type { Objection } from './steps.js';

export interface Arrival {
  /** As it was started; what an operator says comes before that. */
  readonly place: Place;
  readonly wish: JoinWish;
}

/** What all arrivals together come to. */
export interface Intake {
  readonly come: readonly Place[];
  /** In whose stead some of them come. */
  readonly gone: readonly NodeId[];
}

/** undefined: the cluster has no member of this name or id, or several of this name. */
export function replacedBy(
  { members, leaving, removed }: Configuration,
  { replaces }: JoinWish,
): NodeId | undefined {
  const present = members.filter(({ id }) => !removed.includes(id));
  if (leaving.includes(replaces) || present.some(({ id }) => id === replaces)) return replaces;
  const named = present.filter(({ name }) => name === replaces);
  return named.length === 1 ? named[0]!.id : undefined;
}

/**
 * Why it is not taken in without an operator, in words for whoever runs it; undefined: it is, and
 * where it replaces somebody as soon as that one is known to be gone.
 */
export function arrivalObjection(
  from: Configuration,
  { place, wish }: Arrival,
): Objection | undefined {
  const { name } = place;
  const { join, replaces } = wish;
  const old = replacedBy(from, wish);
  if (join === 'ask')
    return replaces === ''
      ? `an operator has to take it in: quorate ring plan --add ${name}, and apply`
      : `an operator has to take it in: quorate replace ${replaces} ${name}`;
  if (replaces !== '' && old === undefined)
    return `it is to replace ${replaces}, and the cluster has no such member: start it without --replaces to have it join as a new one`;
  const isTaken = from.members.some(
    (member) => member.name === name && member.id !== old && !from.removed.includes(member.id),
  );
  if (!isTaken) return undefined;
  return `a member is named ${name} already: start it with --replaces ${name} if that one is gone for good (quorate up --replaces ${name}), or say quorate replace ${name} ${name} while it waits; else start it under another name`;
}

/**
 * Whether nobody else is to be waited for, so that nodes that are started together come as one
 * move. `hereMs`: for how long each has been here that would be taken in. `isAsking`: whether one
 * may be taken for gone for good in whose stead another comes is being found out.
 */
export function areTogether(hereMs: readonly number[], isAsking: boolean): boolean {
  const { waitingMsMin, togetherMsMax } = chainLimits;
  if (Math.max(...hereMs) >= togetherMsMax) return true;
  return !isAsking && Math.min(...hereMs) >= waitingMsMin;
}

/**
 * Who was named by a configuration and is no more, the last ones. Whoever cancelled its move or
 * took it for gone for good decided that: it does not come again by itself.
 */
export function pastWith(
  past: readonly NodeId[],
  before: Configuration | undefined,
  after: Configuration,
): readonly NodeId[] {
  const now = new Set(namedBy(after));
  const all = [...past, ...(before === undefined ? [] : namedBy(before))];
  const gone = [...new Set(all)].filter((id) => !now.has(id));
  return gone.slice(-limits.membersMax);
}

function namedBy({ members, move, leaving }: Configuration): NodeId[] {
  return [...[...members, ...(move?.members ?? [])].map(({ id }) => id), ...leaving];
}

/** `isGone`: the others agree that the member may be taken for gone for good. */
export function intakeOf(
  from: Configuration,
  arrivals: readonly Arrival[],
  isGone: (member: NodeId) => boolean,
): Intake {
  const come: Place[] = [];
  const gone: NodeId[] = [];
  for (const arrival of arrivals) {
    const { place, wish } = arrival;
    const isKnown = from.members.some(({ id }) => id === place.id);
    if (isKnown || arrivalObjection(from, arrival) !== undefined) continue;
    if (come.some(({ name }) => name === place.name)) continue;
    const old = wish.replaces === '' ? undefined : replacedBy(from, wish);
    if (old !== undefined && (gone.includes(old) || !isGone(old))) continue;
    come.push(place);
    if (old !== undefined) gone.push(old);
  }
  return { come, gone };
}
