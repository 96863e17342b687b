/**
 * What single answers must and must not show: (b) nothing invented, nothing that had failed; (d)
 * session guarantees of strict quorums.
 */
import type { CopiesSeen } from './dot-oracle.js';
import { mayComeBack } from './end-oracle.js';
import type { History, Read, Write } from './history.js';
import type { Violations } from './violations.js';

export interface ReadRules {
  readonly history: History;
  readonly violations: Violations;
  readonly nOf: (name: string) => number;
  /** The lifetime of what is minted a second time counts from then. */
  readonly copies: CopiesSeen;
  /** Strict quorums promise what they read only while no disk forgets what it had acknowledged. */
  readonly disksKeep: boolean;
}

export function checkRead(read: Read, rules: ReadRules): void {
  checkShown(read, rules);
  if (read.strict && rules.disksKeep) checkStrict(read, rules);
}

export function checkShown(
  { name, shown, askedUs }: Pick<Read, 'name' | 'shown' | 'askedUs'>,
  rules: ReadRules,
): void {
  const { history, violations } = rules;
  if (name.startsWith('lww/') && shown.length > 1)
    violations.add('safety', 'two-winners', `${name} shows ${shown.join(' ')}: one must win`);
  for (const token of shown) {
    const write = history.writes.get(token);
    if (write === undefined || write.name !== name)
      violations.add('safety', 'invented', `${name} shows ${token}, which nobody wrote there`);
    else if (write.isDelete)
      violations.add('safety', 'invented', `${name} shows the delete ${token} as a value`);
    else if (write.outcome === 'none')
      violations.add('safety', 'failed-shows', `${name} shows ${token}, refused with outcome none`);
    else if (write.goneUs < askedUs && !rules.copies.maybeMintedTwice().has(token))
      violations.add('safety', 'expired-shows', `${name} shows ${token} after its time`);
  }
}

/** What a strict quorum shows of what was acknowledged before it was asked. */
export function dueIn(read: Omit<Read, 'shown'>, { history, nOf }: ReadRules): readonly Write[] {
  const n = nOf(read.name);
  return history
    .of(read.name)
    .filter(
      ({ outcome, strict, endedUs, quorum }) =>
        outcome === 'done' && strict && endedUs <= read.askedUs && quorum + read.quorum > n,
    );
}

/**
 * A write on a condition that is done: it was compared as a strict read compares, which shows what
 * its author had seen and nothing else; of a create nothing.
 */
export function checkCompared(compared: Read, rules: ReadRules): void {
  if (!compared.strict || !rules.disksKeep) return;
  const { history, violations } = rules;
  const { name, shown, endedUs } = compared;
  const accounted = history.accounted(name, shown, endedUs);
  for (const write of dueIn(compared, rules))
    if (!accounted(write))
      violations.add(
        'safety',
        'compared-misses',
        `a strict put of ${name} was done as if nothing but [${shown.join(' ')}] were there; ${write.token}, acknowledged before it was asked, is`,
      );
}

/** What a write that is refused for its condition is told to be there in its place. */
export function checkInstead(
  refused: Pick<Read, 'name' | 'shown' | 'askedUs'> & { readonly token: string },
  rules: ReadRules,
): void {
  const { name, shown, token } = refused;
  checkShown(refused, rules);
  if (shown.includes(token))
    rules.violations.add(
      'safety',
      'refused-by-itself',
      `${token} of ${name} is refused because it was done`,
    );
}

/**
 * R + W > N on primaries alone: a read that begins after a write was acknowledged shows it, or what
 * covers it; and nothing that the write had seen. Whoever the owners are by then: what W of those
 * before had, those after have as well, and what is put meanwhile goes to W of both. Whoever asks
 * for less than its bucket does gets what its bucket promises.
 */
function checkStrict(read: Read, rules: ReadRules): void {
  const { history, violations } = rules;
  const due = dueIn(read, rules);
  if (due.length === 0) return;
  const covered = history.coveredBy(due, rules.copies);
  for (const token of read.shown) {
    const by = covered.get(token);
    if (by !== undefined && !mayComeBack(token, rules))
      violations.add(
        'safety',
        'strict-read-goes-back',
        `a strict read of ${read.name} (r=${read.quorum}) shows ${token}, which ${by}, acknowledged before it began, had seen and replaced`,
      );
  }
  const accounted = history.accounted(read.name, read.shown, read.endedUs);
  for (const write of due)
    if (!accounted(write))
      violations.add(
        'safety',
        'strict-read-misses',
        `a strict read of ${read.name} (r=${read.quorum}) shows [${read.shown.join(' ')}], not ${write.token} (w=${write.quorum}), acknowledged before it began`,
      );
}
