/** Bounds of what a node tells its operator, and how often. */
export const journalLimits = {
  /** Refusals are summed up over this, and told if there were any. */
  reviewMs: 10_000,
  /** What is owed to a node that is there is told only when it was held for so long. */
  hintAgeToldMs: 10_000,
  /** Of one line. */
  namesMax: 32,
  /** Lines of one event within `linesPeriodMs`; those beyond it are counted. */
  linesMax: 100,
  linesPeriodMs: 10_000,
  /** A text of others, or an error's, in a line. */
  textCharsMax: 4_096,
} as const;
