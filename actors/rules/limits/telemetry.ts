/** Bounds of the port at which a node is watched: metrics, health, readiness. */
export const telemetryLimits = {
  connectionsMax: 16,
  headerBytesMax: 8 * 1024,
  requestMsMax: 5_000,
  /** How often the server looks for requests that have taken longer. */
  requestLookMs: 1_000,
  /** A connection on which nothing moves for so long is ended. */
  stillMsMax: 10_000,
  /** The text of all metrics is made once within this, however many ask. */
  textKeptMs: 250,
} as const;
