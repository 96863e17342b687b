/**
 * What must be true when all is quiet again: (a) nothing acknowledged is lost, (c) what was
 * replaced or deleted stays away.
 */
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
  /** Writes that may have been minted twice: the second may show after the first was replaced. */
  readonly mintedTwice: ReadonlySet<string>;
  /** But for these, once their authors have replaced them. */
  readonly toldByAuthor: ReadonlySet<string>;
  /** Whether two nodes were asked for a write. */
  readonly isGivenToTwo: (token: string) => boolean;
}

/** Whether a write may show that was replaced. */
export function mayComeBack(
  token: string,
  {
    history,
    mintedTwice,
    toldByAuthor,
  }: Pick<EndRules, 'history' | 'mintedTwice' | 'toldByAuthor'>,
): boolean {
  if (!mintedTwice.has(token)) return false;
  return !toldByAuthor.has(token) || !history.isReplacedByAuthor(token);
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
  const covered = history.coveredBy(kept, rules.isGivenToTwo);
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
