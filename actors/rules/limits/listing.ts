/** Bounds of listings of keys. */
export const listingLimits = {
  /** Pages a node makes at once; past it: 429. */
  pagesUnderwayMax: 32,
  /** Keys of one page, and what they take in its answer: well below a message. */
  pageKeysMax: 16_384,
  pageBytesMax: 640 * 1024,
  /**
   * Keys with their values: so many of one page, and a value that does not fit beside others comes
   * with the next.
   */
  pageValuesMax: 512,
  /** Of those, read at once: what does not fit was read in vain. */
  valuesAtOnceMax: 64,
  /** A key whose value takes more of an answer is listed without it. */
  entryBytesMax: 900 * 1024,
  /**
   * Keys that are looked at for one page, deleted ones included: then it ends, with fewer keys than
   * were asked for and a cursor.
   */
  pageScannedMax: 65_536,
  /** After so long a page ends as well: whoever waits for it may think that nobody is there. */
  pageMsMax: 400,
  /** Looked at in one go, and listed in one message: some milliseconds of an event loop. */
  stepKeysMax: 4_096,
  stepBytesMax: 512 * 1024,
  /** Of records that are read for that: tables give keys with their values or without a state. */
  stepReadBytesMax: 4 * 1024 * 1024,
  /** Lists that others wait for; past it they are refused. */
  listsWaitingMax: 256,
  /** A node that answers a list later is not waited for alone: another is asked beside it. */
  slowListMs: 500,
  /** Keys on which replicas differ that are read at once. */
  readsAtOnceMax: 256,
  /** Of one request: partition, key and what tells them apart, as text. */
  cursorBytesMax: 2_048,
  /** Parts of a bucket that may be listed side by side. */
  slicesMax: 256,
} as const;
