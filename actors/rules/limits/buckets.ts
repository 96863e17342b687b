/** Bounds of what buckets promise. */
const gib = 1024 ** 3;

export const bucketLimits = {
  /** Buckets with properties of their own; those without any have no end. */
  bucketsMax: 256,
  /**
   * The largest value a bucket may be told to take, and the one it takes when it is told nothing.
   * What is above one message (`limits.valueBytesMax`) comes in parts.
   */
  valueBytesMax: 16 * gib,
  valueBytesMaxDefault: 5 * gib,
};
