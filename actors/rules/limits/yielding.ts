/** Bounds of how much background work of a node may take while the node serves requests. */
export const yieldingLimits = {
  /**
   * Rest after a piece of work, so many times as long as it took: while nobody asks anything; while
   * requests come; where they have to wait.
   */
  restShareCalm: 1,
  restShareServing: 12,
  restShareStrained: 40,
  /** However short or long the piece was: so the work goes on, whatever else there is to do. */
  restMsMin: 2,
  restMsMax: 200,
  /** Timers fire so late, on the average, where requests have to wait. */
  lateMsStrained: 4,
  /** That part of what may wait for the disk is as bad. */
  backlogStrained: 0.25,
  /** Of the last lateness in the average of them. */
  lateShare: 0.25,
  /** Requests are taken to come for so long after one did. */
  servingMs: 1_000,
  /** Node's timers tell whole milliseconds. */
  timerGrainMs: 1,
} as const;
