/** Bounds of a look into a node's charts: who watches never costs the node more than this. */
export const inspectionLimits = {
  /** Who watch a node's charts at once. */
  observersMax: 8,
  /**
   * Events that wait for one. The charts of the largest cluster take several hundred to introduce.
   */
  waitingMax: 4_096,
  /** One is told for so long, and the rest after it is so many times as long. */
  sliceMsMax: 2,
  restShare: 4,
  /** What is shown of a value: so many levels of it, elements of each, characters of a text. */
  depthMax: 3,
  elementsMax: 32,
  textCharsMax: 1_024,
} as const;
