/** Bounds of following what changes: on the nodes, and between them. */
export const watchLimits = {
  /**
   * Changes a node can still tell from each other, the newest: a power of two. Who asks for older
   * ones is sent the keys of their partitions instead.
   */
  changesKeptMax: 65_536,
  /** And no more than so many bytes of keys. */
  changedKeyBytesMax: 8 * 1024 * 1024,

  /** Of one answer to a node that follows: what is read for it holds the event loop briefly. */
  answerRowsMax: 512,
  answerBytesMax: 256 * 1024,
  /** Values of one key; with more than that it is told without them. Less than a message takes. */
  rowBytesMax: 700 * 1024,
  /** Changes, or keys, that are looked at for it; those that are not asked for cost as well. */
  answerLookedAtMax: 4_096,
  /** Keys that are read from the disk at a time. */
  scanKeys: 128,
  /** Partitions whose roots are told at once. */
  answerRootsMax: 8_192,
  /** A node that has nothing new answers after so long that it has nothing. */
  waitMsMax: 1_000,
  /** Questions that wait at a node for something new; past it they are answered at once. */
  waitingMax: 1_024,
} as const;
