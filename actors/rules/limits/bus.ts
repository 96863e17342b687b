/** Bounds of a connection to NATS. Past one the connection ends or is made anew, and says so. */
export const busLimits = {
  /**
   * Sent to a server that does not read; past it the connection ends. What two pings do not find in
   * time, so it is far above what is under way.
   */
  linkBytesMax: 256 * 1024 * 1024,
  /**
   * What a node reads before it ends the turn of its event loop: so long its log, its peers and its
   * timers wait for it.
   */
  turnBytesMax: 256 * 1024,
  /** What one read of a socket has room for at least; a message of a round usually fits. */
  readBytesMin: 128 * 1024,

  /**
   * Past it what was added leaves before the turn ends. Less makes each merge of a round a write
   * and a wake-up of the server.
   */
  writeBytesMax: 1024 * 1024,
  /** A payload of so many bytes leaves by itself, at once. */
  writeAloneBytesMin: 256 * 1024,
  /** What such payloads lay in, kept for the next ones. */
  writeAloneSparesMax: 8,
  /**
   * Characters of messages without a payload, such as replies to puts; they become bytes together.
   */
  writeTextMax: 64 * 1024,

  /** A dead link shows after two pings without an answer. */
  pingIntervalMs: 2_000,
  pingsUnansweredMax: 2,
  /** Between two servers that are tried. */
  reconnectWaitMs: 250,
  connectMsMax: 5_000,
} as const;
