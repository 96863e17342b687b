/** Bounds of the dashboard's view of the cluster, in a browser. */
export const clusterViewLimits = {
  /** A ring of more partitions is drawn in as many parts. */
  arcsMax: 1_024,
  /** Times for which measures are kept, one a second. */
  pointsMax: 600,
  /** What a node said longer ago is not what it measures now. */
  staleMsMin: 3_500,
  /** Nodes that a chart has lines for at once. */
  linesMax: 12,
  /** Hints are drawn from whom to whom, most first. */
  flowsMax: 48,
  /** Events that are kept, the newest. */
  eventsKeptMax: 5_000,
} as const;
