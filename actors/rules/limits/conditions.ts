/** Bounds of puts on a condition. */
export const conditionLimits = {
  /** Headers of a refusal, but for its context: room that what is shown of the key leaves them. */
  refusalHeadersBytesMax: 1024,
} as const;
