/**
 * How a cluster goes on that has lost the majority of its voters for good: by an operator's word
 * the survivors alone make the configuration that follows, the first of a new era (`era.ts`). It is
 * the one they know last, with all others removed.
 *
 * *All* survivors agree to it, not most of them: each of them promises and accepts as a voter does
 * (`actors/consensus/acceptor.ts`), in an instance named by the number that is recovered from. So
 * of two recoveries that share a survivor one at most comes about. Two that share none can't know
 * of each other: those are told apart by their names, and neither follows the other.
 */
import type { NodeId } from './actor.js';
import {
  type Configuration,
  type Move,
  type Place,
  membersOf,
  type Recovery,
} from './configuration.js';
import { eraOf, firstNumberOf, founded } from './era.js';
import { fnvBasis, hashText, mixed } from './hash.js';
import { chainLimits } from './limits/chain.js';
import { type Objection, sameConfiguration } from './steps.js';
import { majorityOf, votersOf } from './voters.js';

/** The same for all who recover the same survivors from the same configuration. */
export function recovered(
  base: Configuration,
  survivors: readonly NodeId[],
): Configuration | Objection {
  const members = membersOf(base);
  const stranger = survivors.find((id) => !members.includes(id));
  if (stranger !== undefined) return `the cluster has no member ${stranger}`;
  if (base.recoveries.length >= chainLimits.recoveriesMax)
    return `the cluster was recovered ${base.recoveries.length} times: no era is left`;
  const stay = members.filter((id) => survivors.includes(id));
  const owned = ownedBy(base, stay);
  if (owned === undefined) return 'nobody survives who owns anything';
  const named = new Set(
    [...owned.members, ...(owned.move?.members ?? [])].map((place) => place.id),
  );
  const lost = members.filter((id) => !stay.includes(id));
  const number = firstNumberOf(eraOf(base.number) + 1);
  return {
    ...base,
    ...owned,
    number,
    // Nobody goes by one that those may have had who were lost.
    layout: number,
    leaving: stay.filter((id) => !named.has(id)),
    removed: [...base.removed, ...lost].filter((id) => named.has(id)).sort(),
    recoveries: [...base.recoveries, recoveryOf(base, stay)],
  };
}

/** Whether it is what follows once its members alone survive. */
export function isRecoveryOf(base: Configuration, after: Configuration): boolean {
  const wanted = recovered(base, membersOf(after));
  return typeof wanted !== 'string' && sameConfiguration(wanted, after);
}

/** Members that would be removed. */
export function lostOf(base: Configuration, survivors: readonly NodeId[]): NodeId[] {
  return membersOf(base).filter((id) => !survivors.includes(id));
}

/**
 * What stands against it where those survive; `votes`: whether one can vote, whose disk may be too
 * old for that.
 */
export function recoveryObjection(
  base: Configuration,
  survivors: readonly NodeId[],
  votes: (node: NodeId) => boolean,
): Objection | undefined {
  const voters = votersOf(base);
  const able = voters.filter((id) => survivors.includes(id) && votes(id)).length;
  if (able < majorityOf(voters)) return undefined;
  return `${able} of the ${voters.length} members that vote are there, which is a majority: whoever is gone for good is removed or replaced without a recovery`;
}

/**
 * What earlier tries made that may have come about, though nobody here goes by it: all who are here
 * and are of it have agreed to it, or to what follows it. `agreed`: of each who is here, to which.
 */
export function mayHaveBegun(
  agreed: ReadonlyMap<NodeId, Configuration | undefined>,
): Configuration[] {
  const begun: Configuration[] = [];
  for (const one of agreed.values()) {
    if (one === undefined || begun.some((other) => sameConfiguration(one, other))) continue;
    const here = membersOf(one).filter((id) => agreed.has(id));
    if (here.every((id) => isOfIt(one, agreed.get(id)))) begun.push(one);
  }
  return begun.filter((one) => !begun.some((other) => other !== one && isOfIt(one, other)));
}

/**
 * What follows where that may have come about: it, or what its members make of it that are here. It
 * is chosen where the others are.
 */
export function takenUp(begun: Configuration, here: readonly NodeId[]): Configuration | Objection {
  const survivors = membersOf(begun).filter((id) => here.includes(id));
  return survivors.length === membersOf(begun).length ? begun : recovered(begun, survivors);
}

/** Whether it was made for those who knew the first one last, whatever was made of it since. */
export function isRecoveredFrom(
  { number, recoveries }: Configuration,
  after: Configuration,
): boolean {
  return after.recoveries[recoveries.length]?.from === number;
}

/** Whether the other is that one, or follows it. */
function isOfIt({ recoveries }: Configuration, other: Configuration | undefined): boolean {
  const last = recoveries.length - 1;
  return other !== undefined && other.recoveries[last]?.name === recoveries[last]?.name;
}

function recoveryOf({ number, recoveries }: Configuration, survivors: readonly NodeId[]): Recovery {
  const earlier = recoveries.map(({ name }) => name);
  const text = [number, ...earlier, ...survivors].join(' ');
  return { from: number, name: mixed(hashText(fnvBasis, text)) || founded + 1 };
}

/**
 * A move goes on while both sides have somebody left who owns anything: the owners before have had
 * every put. Else it is over, with the side that is left.
 */
function ownedBy(
  { members, ring, move }: Configuration,
  survivors: readonly NodeId[],
): Pick<Configuration, 'members' | 'ring' | 'move'> | undefined {
  const isHeld = (places: readonly Place[]): boolean =>
    places.some(({ id, weight }) => weight > 0 && survivors.includes(id));
  const side = (of: Pick<Move, 'members' | 'ring'>) => {
    return isHeld(of.members) ? { members: of.members, ring: of.ring, move: undefined } : undefined;
  };
  if (move !== undefined && isHeld(members) && isHeld(move.members)) return { members, ring, move };
  return side({ members, ring }) ?? (move && side(move));
}
