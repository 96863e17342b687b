/** Whether an answer is what a scenario's line expects of it. */
import { durationUs } from '../core/commands.js';
import type { GetResult, ListResult, PutResult } from '../client/plain-client.js';

export interface Answer {
  readonly result: PutResult | GetResult | ListResult;
  readonly elapsedUs: number;
}

/** undefined: it is. */
export function mismatch(
  { result, elapsedUs }: Answer,
  expected: readonly string[],
  tokenOf: (value: Buffer) => string,
): string | undefined {
  const bound = expected.find((word) => word.startsWith('in<'));
  if (bound !== undefined && elapsedUs > durationUs(bound.slice(3)))
    return `took ${elapsedUs / 1000} ms`;
  const [kind, ...words] = expected.filter((word) => word !== bound);
  const text = textOf(result, tokenOf);
  if (kind !== result.kind) return `got ${text}`;
  const facts = words.filter((word) => word.includes('='));
  const values = words.filter((word) => !word.includes('='));
  if (result.kind === 'failed') {
    const instead = result.instead?.values ?? [];
    const shown = instead.map((value) => (value === null ? '†' : tokenOf(value)));
    const given = new Set([`${result.code}`, result.outcome, ...shown]);
    return values.every((word) => given.has(word)) ? undefined : `got ${text}`;
  }
  if (result.kind === 'listed')
    return result.keys.toSorted().join(' ') === values.toSorted().join(' ')
      ? undefined
      : `got ${text}`;
  const receipt = ` ${result.receipt} hints=0 `;
  const missing = facts.filter((fact) => !receipt.includes(` ${fact} `));
  if (missing.length > 0) return `got ${text}`;
  if (result.kind !== 'found') return undefined;
  const shown = result.values.map((value) => (value === null ? '†' : tokenOf(value)));
  return shown.sort().join(' ') === values.sort().join(' ') ? undefined : `got ${text}`;
}

function textOf(result: Answer['result'], tokenOf: (value: Buffer) => string): string {
  if (result.kind === 'failed') return `failed ${result.code} ${result.outcome} ${result.message}`;
  if (result.kind === 'listed') return `listed ${result.keys.join(' ')}`;
  if (result.kind !== 'found') return `${result.kind} ${result.receipt}`;
  const shown = result.values.map((value) => (value === null ? '†' : tokenOf(value)));
  return `found ${shown.join(' ')} (${result.receipt})`;
}
