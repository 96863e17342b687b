/** Bounds of a look into a node's charts: who watches never costs the node more than this. */
export const inspectionLimits = {
  /** Who watch a node's charts at once, the inspection port being one of them. */
  observersMax: 8,
  /**
   * Events that wait for one. The charts of the largest cluster take several hundred to introduce.
   */
  waitingMax: 4_096,
  /** One is told for so long, and the rest after it is so many times as long. */
  sliceMsMax: 2,
  restShare: 4,
  /** What is shown of a value: so many levels of it, so many elements of each. */
  depthMax: 3,
  elementsMax: 32,

  /** Connections to a node's inspection port. */
  connectionsMax: 32,
  /** A message from one: they have nothing to say. */
  heardBytesMax: 1024,
  /** Kept for who watches charts later: so many events, of so many characters together. */
  eventsMax: 500,
  lengthMax: 4 * 1024 * 1024,
  /** Who has left more unread is sent away. */
  unreadBytesMax: 16 * 1024 * 1024,
} as const;
