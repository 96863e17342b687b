/** What is said of an import when it has ended. */
import { importLimits } from '../../../actors/rules/limits/import.js';
import { printable } from '../output.js';
import { spaced } from './import-bar.js';
import type { ImportTotals, Skipped } from './import-course.js';
import type { Verdict } from './verification.js';

/** Keys that were left behind: all are counted, the first are named. */
export class SkippedKeys {
  readonly named: Skipped[] = [];

  add(skipped: Skipped): void {
    if (this.named.length < importLimits.keysNamedMax) this.named.push(skipped);
  }
}

export function totalsText(totals: ImportTotals): string {
  const { put, bytes, deleted, removed, expired, skipped } = totals;
  const parts = [`${spaced(put)} values put (${spaced(bytes)} bytes)`];
  if (deleted > 0) parts.push(`${spaced(deleted)} deleted there, ${spaced(removed)} of them here`);
  if (expired > 0) parts.push(`${spaced(expired)} expired`);
  if (skipped > 0) parts.push(`${spaced(skipped)} left behind`);
  return parts.join(' · ');
}

export function skippedText({ named }: SkippedKeys, count: number): string {
  const lines = named.map(({ key, reason }) => `left behind: ${printable(key)}: ${reason}`);
  const more = count - named.length;
  return [...lines, ...(more > 0 ? [`and ${spaced(more)} more`] : [])].join('\n');
}

export function verdictText({ equal, absent, different, unfit, changed, named }: Verdict): string {
  const parts = [`verified: ${spaced(equal)} keys are the same in both`];
  if (absent > 0) parts.push(`${spaced(absent)} are not here`);
  if (different > 0) parts.push(`${spaced(different)} differ`);
  if (unfit > 0) parts.push(`${spaced(unfit)} can't be`);
  if (changed > 0) parts.push(`${spaced(changed)} were written there since`);
  const keys = named.length > 0 ? `: ${named.map(printable).join(', ')}` : '';
  return parts.join(' · ') + keys;
}
