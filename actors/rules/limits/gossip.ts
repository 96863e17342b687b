/** Bounds of what members tell each other, and of how they doubt each other. */
export const gossipLimits = {
  /**
   * Of so many members news tell, beside their sender and who they are for: 19 bytes each. In a
   * cluster of up to two more they tell of all.
   */
  newsVitalsMax: 23,
  /** So much of that may be taken by those who hang, and as much by others that are doubted. */
  newsDoubtsMax: 6,
  /**
   * That another does not hear a peer counts for three beats, unless it is said again: one may be
   * lost.
   */
  testimonyMsMax: 3_000,
  /**
   * Those who are gone are asked for in turn, each once in so many reviews: well before NATS' word
   * on it is too old.
   */
  absenceReviewsMax: 6,
  /** That somebody hangs is passed on no longer: far more than the largest cluster needs. */
  hangingBeatsMax: 16,
  /** Each makes a node wait longer for who does not answer, by what an answer may take. */
  strikesMax: 8,
} as const;
