/** Bounds of the TypeScript client. What it may have in flight is in `limits`, as for a node. */
export const clientLimits = {
  /** Queues nothing waits in that are kept: one a node, bucket, timeout and quorum; and terms. */
  lanesIdleMax: 256,
  termsMax: 1024,
  /** Conflicts that are being resolved at once, and how long each may take unless it is told. */
  resolvesInFlightMax: 256,
  resolveMsDefault: 1_000,
  /** Values that merge by themselves, of which a client keeps its own state; changes that wait. */
  crdtReplicasMax: 4_096,
  crdtChangesMax: 4_096,
  /** Texts of receipts that are kept as they were read; few differ. */
  receiptsKnownMax: 1024,

  /**
   * Puts that were tried again, to be named with later puts of their keys
   * (`src/client/copied-puts.ts`); of more, the oldest are not. `copiedPutsMax` of one key.
   */
  copiedPutsMax: 4096,

  /** Frames of one coordinator, kind and options in flight at once, when each of them is large. */
  framesPerLaneMax: 3,
  /** Rows that wait are worth a frame beside the one that is under way. */
  rowsBesideMin: 128,
  /** Gets that are: a round costs its nodes about as much as a hundred of its rows. */
  getsBesideMin: 96,
  /**
   * Rows are tried again beside new ones: deadlines of one frame that lie less apart are not told
   * for each row, which would cost a column.
   */
  soonerMsMin: 10,
  /**
   * A node is given so much less time than its rows have left, and no less than all but a tenth of
   * it: so its word, which knows the outcome, is here in time.
   */
  headStartMsMax: 25,
  headStartShare: 10,
  /** Frames one request may be part of. */
  sendsMax: 12,
  /**
   * So many at once, to one node after the other. Where none of them answers, the whole cluster is
   * slow rather than a node gone, and more copies make it slower: from then on it rests between.
   */
  sendsAtOnceMax: 4,
  /**
   * What `getAll` and `putAll` keep in flight: enough to fill frames, few enough for each to be
   * answered well before its deadline.
   */
  batchRequestsMax: 256,
  /** How often `update` reads again because others have put. */
  updateConflictsMax: 4,
  /**
   * Changes nobody has taken yet; past it the watch ends with an error, rather than to leave some
   * out in silence.
   */
  watchChangesMax: 65_536,
  /**
   * Of a watch that a node serves: so often it is looked at; silent for so long, it is asked for
   * anew, since nodes beat once a second; without anybody who serves it, it ends with an error.
   */
  watchTickMs: 250,
  watchSilenceMs: 2_500,
  watchGiveUpMs: 60_000,
  /** Messages, or bytes, that are acknowledged at once: far fewer than a node sends untold. */
  watchAcknowledgeEvery: 128,
  watchAcknowledgeBytes: 128 * 1024,

  /**
   * Parts of one big value that are sent and not acknowledged, or fetched before they are asked
   * for: enough to keep three nodes busy, and all of it that is in memory.
   */
  partsUnderWayMax: 4,
  partsAheadMax: 4,
  /**
   * A part is tried again for so long, with rests that double from the one to the other: nodes and
   * nats-server restart in less.
   */
  partPatienceMs: 60_000,
  partRestMsMin: 50,
  partRestMsMax: 1_000,
  /** Parts of a bucket that are listed side by side, each with a page that waits. */
  listingParts: 4,
  /** A question that any node may answer is asked again after so long, then after twice as long. */
  questionAgainMs: 1_000,

  /** Tries after the first. Four take less than 375 ms: what lasts surfaces within a second. */
  retriesMax: 4,
  /** Before the first, and what doubling it ends at. */
  retryBackoffMsMin: 25,
  retryBackoffMsMax: 400,
  /** Retries of all requests without any success in between. */
  retryTokensMax: 512,
  /** After 429 a lane rests at most so long, doubling from the one to the other. */
  pauseMsMin: 10,
  pauseMsMax: 400,

  /**
   * While requests are out, time is looked at this often: deadlines, silence, retries, the ring.
   */
  tickMs: 25,
  /**
   * A frame without an answer for so long: ask its node whether it is still there. This and the two
   * that follow are the least: where answers take longer, nobody is judged before an answer would
   * be unusually late.
   */
  probeAfterMs: 60,
  /**
   * A node that was asked and let nobody hear of it for so long is routed around. "No responders"
   * would say it at once, but nats-server (2.9) does not carry it from one account to another. A
   * wrong guess costs little: the next primary of a node that lives passes blind puts on to it, and
   * the operation id makes two of one put one.
   */
  silentAfterMs: 75,
  /** A node that is there but has not answered a frame for so long is routed around as well. */
  stuckAfterMs: 1_000,
  /** How often a node that does not answer is asked, while there is traffic. */
  probeIntervalMs: 250,

  ringIntervalMs: 5_000,
  /** Without a ring, or when the last answer was odd. */
  ringIntervalMsMin: 100,
  /** Without an answer by then another question for the ring is asked. */
  ringAnswerMsMax: 500,
  /** By then the answer to an earlier one does not count any more either. */
  ringLostAfterMs: 5_000,
} as const;
