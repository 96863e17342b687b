/**
 * Which copy of a put a row of a frame is, and how old that put is: the column `ages`
 * (`frames.ts`).
 */

/**
 * Which of its copies a put is. `first`: all others say that they are `later` ones. `any`: nobody
 * says, so that others may come that say nothing either. `later`: an earlier one may be done
 * already, and replaced.
 */
export type Copy = 'first' | 'any' | 'later';

export interface CopiedRow {
  readonly copy: Copy;
  /** When the author first asked. */
  readonly askedMs: number;
}

/** By row; null: all are first copies. `sentMs`: on the clock of `askedMs`. */
export function agesOf(
  rows: readonly CopiedRow[],
  sentMs: number,
): readonly (number | null)[] | null {
  if (rows.every(({ copy }) => copy === 'first')) return null;
  return rows.map((row) => ageOf(row, sentMs));
}

function ageOf({ copy, askedMs }: CopiedRow, sentMs: number): number | null {
  if (copy === 'first') return null;
  return copy === 'any' ? 0 : Math.max(1, Math.round(sentMs - askedMs));
}

export function copyOfAge(ageMs: number | null): Copy {
  if (ageMs === null) return 'first';
  return ageMs === 0 ? 'any' : 'later';
}
