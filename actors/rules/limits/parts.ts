/** Bounds of values that are kept in parts. */
export const partLimits = {
  /** Of one part, and with that of a range a plain request asks for: `limits.valueBytesMax`. */
  partBytesMax: 512 * 1024,
  /** Of one value: as many as the largest parts come to 16 GiB in, and then some. */
  partsMax: 65_536,
  /**
   * How long parts wait for their manifest: whoever uploads more slowly begins anew. What was
   * abandoned takes room for so long.
   */
  uploadLeaseMsDefault: 6 * 60 * 60 * 1000,
  /** Parts that one plain request reads at once, to answer a range or to check an upload. */
  readAtOnceMax: 4,
  /** Uploads that one node checks at once, and that wait for it; past that: 429. */
  checksMax: 8,
  checksWaitingMax: 256,
  /** Ranges that one node puts together at once, and that wait for it; past that: 429. */
  rangesMax: 32,
  rangesWaitingMax: 1024,
  /** What the headers of an answer with a range may take of a message: most is the context. */
  shareHeadersBytesMax: 16 * 1024,

  /** Places a node looks at, of those where parts may lie, in one tick of collection. */
  looksPerTickMax: 16,
  /** Parts that are dropped in one tick: each is read before, and that takes its time. */
  freedPerTickMax: 48,
  /** Of the keys that background work looks at elsewhere in one turn, one in so many. */
  fewerScanned: 16,
  /** Uploads of which is kept since when all have said that nothing refers to them. */
  notedUploadsMax: 4096,
} as const;
