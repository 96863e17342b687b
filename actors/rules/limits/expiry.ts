/** Bounds of dropping what has expired. */
export const expiryLimits = {
  /** How often a node looks whether anything has expired. */
  tickMs: 250,
  /** Keys of one turn of the event loop: a few milliseconds. */
  keysPerTurnMax: 64,
  /**
   * So long a node remembers that it left it to another to tell of an expired key: until who has
   * died counts as down everywhere.
   */
  leftToTellMs: 10_000,
  /** Past it, keys that expire are not remembered so: about 10 MB. */
  leftToTellMax: 65_536,
} as const;
