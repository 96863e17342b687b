/** Bounds of moving partitions to other nodes, and of dropping here what has moved away. */
export const transferLimits = {
  /** A node receives so many partitions at once; the others wait for their turn. */
  partitionsAtOnceMax: 8,
  /** Of the states in one answer. A larger one goes alone, as far as a message takes it. */
  batchBytesMax: 256 * 1024,
  /**
   * Keys looked at for one answer, so many at a time; those the asker is not to hold cost as well.
   */
  scannedKeysMax: 4096,
  scanKeys: 256,
  /** A source that did not answer, or goes by another layout, is asked again after this. */
  retryMs: 1_000,

  /** Keys that are compared with their owners at once, before they are dropped. */
  releaseKeysMax: 256,
  /** Rest between two batches of keys. */
  releasePaceMs: 20,
  /** How often a node looks whether it holds what is not its own. */
  releaseIntervalMs: 5_000,
} as const;
