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
  /** What is to be promised, as JSON. */
  questionBytesMax: 4096,
  /** Changes and counts that one node is asked for at once; past it: 429. */
  questionsMax: 8,
  /** Who changed a bucket is answered when all go by it, or after so long: two beats. */
  heardMsMax: 2_000,
  heardStepMs: 25,
  /** Keys that are looked at for one question of how large a bucket is. */
  countedKeysMax: 512,
  /** Keys of a removed bucket that are dropped in one turn of the event loop. */
  clearedKeysMax: 256,
  /** Removed buckets of which a node says with one beat that it holds nothing. */
  emptiedToldMax: 16,
  /** Partitions that are counted at once for one question. */
  countsUnderwayMax: 8,
};
