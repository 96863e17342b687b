/** One line of a schedule. */

export interface Trouble {
  readonly atMs: number;
  /** 0: a change of the membership. */
  readonly forMs: number;
  /** Verb and its words. */
  readonly words: readonly string[];
}

/** Before the first trouble, and at the end, so that clients are seen to work. */
export const calmMs = 8_000;
