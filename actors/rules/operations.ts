/**
 * Puts that may arrive more than once, and what a key's state knows of them.
 *
 * A put that is tried again travels in several copies, and one of them may arrive when the put is
 * done and has been replaced: carried out, it would replace what came after it. So the sibling of a
 * put of which other copies may come says so, until when; and when it is replaced it stays in the
 * list of siblings without its value: *remembered*. It is replicated, merged and transferred like
 * any sibling (its dot is listed), and whoever holds what replaced the put knows its copies. Copies
 * that say since when their author asks never need it (`src/coordinator/minting.ts`): what is
 * remembered is for the one that can't say.
 */
import { asEmptied, isEmptied } from './expiry.js';
import { limits } from './limits.js';
import type { Sibling } from './sibling.js';

/**
 * As `copiesUntilMs`: a node passed the put on to the one that did it, and does it itself only when
 * it loses that one (`src/coordinator/lost-nodes.ts`).
 */
export const onlyIfLost = 0;

export function isRemembered(sibling: Sibling): boolean {
  return sibling.remembered === true;
}

/**
 * Those that count and may be shown: without remembered puts, and without the late copies of these,
 * minted where nobody knew. Where nothing would be left, puts were done in one order here and in
 * another there, and each replaced the others: then all of them count.
 */
export function standing(siblings: readonly Sibling[]): readonly Sibling[] {
  if (!siblings.some(isRemembered)) return siblings;
  const over = operationsOf(siblings.filter(isRemembered));
  const live = siblings.filter((sibling) => !isRemembered(sibling));
  const left = live.filter((sibling) => !over.has(sibling.operation));
  return left.length === 0 ? live : left;
}

/**
 * What is left of the siblings when some are replaced. All siblings of one operation are replaced
 * together: they are one put, of which its author has seen one dot. Those of which copies may come
 * are remembered. `nowMs`: wall clock.
 */
export function afterReplacing(
  siblings: readonly Sibling[],
  isReplaced: (sibling: Sibling) => boolean,
  nowMs: number,
): Sibling[] {
  const standings = standing(siblings);
  const over = operationsOf(standings.filter(isReplaced));
  const stay = standings.filter((sibling) => !isReplaced(sibling) && !over.has(sibling.operation));
  // What stays although it was replaced elsewhere is not to be taken for a late copy from now on.
  const live = operationsOf(stay);
  const remembered: Sibling[] = [];
  for (const sibling of siblings) {
    const isOver = !stay.includes(sibling) && !live.has(sibling.operation);
    if (isOver && mayBeCopied(sibling, nowMs)) remembered.push(asRemembered(sibling));
  }
  return [...stay, ...inRoom(remembered, nowMs)];
}

/** For how long copies may come still; whatever is said of it, no longer than a request lives. */
export function copiesLeftMs(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.min(untilMs - nowMs, limits.requestTimeoutMsMax));
}

/** Remembered for as long as there is room, at the most. */
export function forgottenAtMs(copiesUntilMs: number): number {
  return copiesUntilMs === onlyIfLost ? 0 : copiesUntilMs + limits.operationsRememberedMs;
}

/** Whether copies are said to come, other than by a node that loses another. */
export function saysCopies({ copiesUntilMs = onlyIfLost }: Sibling): boolean {
  return copiesUntilMs !== onlyIfLost;
}

export function rememberedCount(siblings: readonly Sibling[]): number {
  return siblings.reduce((count, sibling) => count + (isRemembered(sibling) ? 1 : 0), 0);
}

function operationsOf(siblings: readonly Sibling[]): Set<string> {
  const operations = new Set(siblings.map(({ operation }) => operation));
  operations.delete('');
  return operations;
}

function mayBeCopied({ copiesUntilMs }: Sibling, nowMs: number): boolean {
  return copiesUntilMs !== undefined && nowMs < forgottenAtMs(copiesUntilMs);
}

/**
 * Of one dot, what both sides know of its put: whether copies may come, until when, whether it has
 * been replaced, and whether its value expired. More is known later, never less, so it does not
 * matter in which order sides meet.
 */
export function joined(a: Sibling, b: Sibling): Sibling {
  const [more, less] = knowledgeOf(a) >= knowledgeOf(b) ? [a, b] : [b, a];
  const isTold = (less.copiesUntilMs ?? 0) <= (more.copiesUntilMs ?? 0);
  const told = isTold ? more : { ...more, copiesUntilMs: less.copiesUntilMs! };
  if (told.value === null || !isEmptied(less)) return told;
  return asEmptied({ ...told, expiresAtMs: less.expiresAtMs });
}

export function knowsAsMuch(a: Sibling, b: Sibling): boolean {
  return (
    knowledgeOf(a) === knowledgeOf(b) &&
    a.copiesUntilMs === b.copiesUntilMs &&
    isEmptied(a) === isEmptied(b)
  );
}

function knowledgeOf(sibling: Sibling): number {
  if (isRemembered(sibling)) return 2;
  return sibling.copiesUntilMs === undefined ? 0 : 1;
}

/** A copy has come for the sibling's put, so that more may, at least until then. */
export function copied(sibling: Sibling, untilMs: number): Sibling {
  return joined(sibling, { ...sibling, copiesUntilMs: untilMs });
}

function asRemembered(sibling: Sibling): Sibling {
  if (isRemembered(sibling)) return sibling;
  const { manifest: _, ...rest } = sibling;
  return { ...rest, value: null, expiresAtMs: 0, remembered: true };
}

/** Where there are many, those whose time is over go, the oldest first. */
function inRoom(remembered: Sibling[], nowMs: number): Sibling[] {
  let excess = remembered.length - limits.operationsRememberedKept;
  if (excess <= 0) return remembered;
  const isOver = ({ copiesUntilMs = 0 }: Sibling): boolean =>
    copiesUntilMs + limits.copiesSkewMsMax <= nowMs;
  const oldestFirst = [...remembered].sort(
    (a, b) => (a.copiesUntilMs ?? 0) - (b.copiesUntilMs ?? 0),
  );
  return oldestFirst.filter((sibling) => !isOver(sibling) || excess-- <= 0);
}
