/**
 * What must be true when all is quiet again: (a) nothing acknowledged is lost, (c) what was
 * replaced or deleted stays away.
 */
import type { CopiesSeen } from './dot-oracle.js';
import type { History, Write } from './history.js';
import type { Violations } from './violations.js';

export interface EndRules {
  readonly history: History;
  readonly violations: Violations;
  /** What fewer nodes than this acknowledged may be gone: a disk was lost, or damaged. */
  readonly copiesMin: number;
  readonly nowUs: number;
  /** What a power cut may have taken: acknowledged before it was on a disk, and on none since. */
  readonly mayBeCut: (write: Write) => boolean;
  readonly copies: CopiesSeen;
}

/**
 * Whether a write may show that was replaced: it may have been minted twice, and its author has not
 * told of that when it replaced it; or one of two copies was not found, and its author told so.
 */
export function mayComeBack(
  token: string,
  { history, copies }: { readonly history: History; readonly copies: CopiesSeen },
): boolean {
  if (copies.isGivenToTwo(token) && history.wasNotFound(token)) return true;
  if (!copies.maybeMintedTwice().has(token)) return false;
  return !copies.toldByAuthor().has(token) || !history.isReplacedByAuthor(token);
}

export function checkEnd(name: string, readable: readonly string[], rules: EndRules): void {
  const { history, violations, copiesMin, nowUs, mayBeCut } = rules;
  const accounted = history.accounted(name, readable, nowUs);
  const kept = history
    .of(name)
    .filter((write) => write.outcome === 'done' && write.quorum >= copiesMin && !mayBeCut(write));
  for (const write of kept) {
    if (!write.isDelete && !accounted(write))
      violations.add(
        'safety',
        'lost',
        `${write.token} of ${name} was acknowledged and is gone; readable: [${readable.join(' ')}]`,
      );
  }
  const covered = history.coveredBy(kept, rules.copies);
  for (const token of readable) {
    const by = covered.get(token);
    if (by !== undefined && !mayComeBack(token, rules))
      violations.add(
        'safety',
        'resurrected',
        `${token} of ${name} shows, though ${by}, which had seen it, replaced it`,
      );
  }
}
