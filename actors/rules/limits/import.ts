/** Bounds of `quorate import`, which moves a bucket of JetStream over. */
export const importLimits = {
  /** Puts that were not answered yet: enough to fill frames, as with `putAll`. */
  putsInFlightMax: 256,
  /** Bytes of their values; one value more is taken where none is under way. */
  bytesInFlightMax: 16 * 1024 * 1024,
  /**
   * Deadline of one put: a node that is killed ends no import. What the client gives up sooner is
   * tried again for so long, after a rest.
   */
  putMsMax: 60_000,
  putRestMs: 500,

  /** The source gives at most so much at once; more bytes where a message of it may be larger. */
  fetchMessagesMax: 512,
  fetchBytesMax: 8 * 1024 * 1024,
  /** And has so long to begin with it. */
  fetchMsMax: 5_000,
  /** How often in a row it may fail to, with so long a rest between. */
  fetchFailuresMax: 10,
  fetchRestMs: 500,
  /** A request to its server. */
  sourceAnswerMsMax: 10_000,
  /** It forgets whom it told, so long after nobody has asked. */
  consumerIdleMs: 60_000,

  /** The position is written this often. */
  positionIntervalMs: 1_000,
  positionBytesMax: 64 * 1024,
  /** The progress is drawn this often. */
  drawIntervalMs: 100,
  /** Keys that were left behind, or differ, are said by name up to so many. */
  keysNamedMax: 20,
  /** Keys with less time left than clocks may differ by are not compared. */
  lifeMsMin: 5_000,
} as const;
