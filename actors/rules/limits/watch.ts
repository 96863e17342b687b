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
  /** A node that serves watches asks each other one for news so often, and waits for so long. */
  pulseRestMs: 10,
  pulseWaitMs: 400,
  pulseAnswerMsMax: 1_200,
  /** One that did not answer is asked again after this. */
  pulseRetryMs: 250,
  /** All at once are asked for the roots of their trees, so that little changes in between. */
  sampleMs: 1_000,
  /** One question for changes or keys. */
  questionMsMax: 2_000,
  /** Where nothing came of a question it is asked again after this, if not elsewhere. */
  questionRetryMs: 250,
  /** Places of one node that a watch remembers; older ones become one. */
  placesOfNodeMax: 4,

  /** Watches a node serves; past it: 429. */
  watchesMax: 128,
  /** An acknowledgement is a number, or a word. */
  acknowledgementBytesMax: 16,
  /** JSON of a request for one, with its cursor. */
  requestBytesMax: 128 * 1024,
  cursorCharsMax: 64 * 1024,
  /** Of a watch, told and not acknowledged; past either bound it waits for its listener. */
  unacknowledgedBytesMax: 1024 * 1024,
  unacknowledgedMax: 2_048,
  /** By then each member was asked for its place; who has not answered is followed later. */
  startMsMax: 1_500,
  /**
   * Of a watch for updates alone: a put that was under way when it was asked for may have reached
   * the node it follows before, and is acknowledged within this.
   */
  settleMs: 500,
  heartbeatMs: 1_000,
  /** A listener that is full for so long is told that it is behind. */
  slowListenerMs: 1_000,
  /** A listener says something at least so often; after so long without a word its watch ends. */
  acknowledgeMs: 5_000,
  silentListenerMs: 15_000,
  /** Questions that wait at a node for something new; past it they are answered at once. */
  waitingMax: 1_024,
} as const;
