/** Bounds of moving partitions to other nodes, and of dropping here what has moved away. */
export const transferLimits = {
  /** A node receives so many partitions at once; the others wait for their turn. */
  partitionsAtOnceMax: 8,
  /**
   * Who holds a larger part of the keys of a partition that moves to it compares trees; below,
   * sending all of them is cheaper than to say which are missing.
   */
  heldShareMax: 0.25,
  /**
   * Of the states in one answer: what is read for it here, and merged there, holds an event loop
   * for a millisecond or two. A state that is larger goes alone, as far as a message takes it.
   */
  batchBytesMax: 64 * 1024,
  batchStatesMax: 128,
  /** Nor is looked for more when so long has passed: keys may have to come from the disk. */
  batchMsMax: 2,
  /**
   * Keys looked at for one answer, so many at a time; those the asker is not to hold cost as well.
   */
  scannedKeysMax: 512,
  scanKeys: 64,
  /** A source has those who ask wait for no longer: many may, one after the other. */
  toldRestMsMax: 2_000,
  /** A source that did not answer, or goes by another layout, is asked again after this. */
  retryMs: 1_000,
  /**
   * One that is heard and has given nothing for so long is waited for no more than if it were down;
   * then it is asked that often.
   */
  unansweringMsMax: 60_000,
  overdueRetryMs: 30_000,
  /** What a plan expects of a node that receives: measured, nodes had little else to do. */
  expectedBytesPerMs: 5_000,
  expectedMsPerPartition: 100,

  /** Keys that are compared with their owners at once, before they are dropped. */
  releaseKeysMax: 128,
  /** How often a node looks whether it holds what is not its own. */
  releaseIntervalMs: 5_000,
} as const;
