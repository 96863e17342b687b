/** Bounds of a node's store. Those of memory and disk may be given to a node (`StoreBounds`). */
const memtableBytesMax = 64 * 1024 * 1024;

export const storeLimits = {
  /** Log bytes a memtable takes before it is frozen and flushed. */
  memtableBytesMax,
  /**
   * A memtable that holds so much in large records is frozen, however much it has room for: they
   * gain nothing from waiting for others, several memtables of them are memory that lies idle, and
   * those of one value are of one partition, which is written in one turn. So much of the largest
   * parts fills one chunk of the memory of a memtable; a byte more would take another.
   */
  largeRecordBytesMin: 64 * 1024,
  largeRecordsBytesMax: 3.5 * 1024 * 1024,
  /** While that can't be, because the flush is behind, puts are refused at so many times that. */
  largeRecordsOverrunMax: 8,
  /**
   * Frozen ones that wait for LMDB; past it puts are refused with 429 until the flush caught up.
   */
  memtablesFrozenMax: 2,
  /** Chunks of their memory are at least so large. */
  chunkBytesMin: 64 * 1024,
  /** Room an index of keys begins with; a power of two. */
  indexCellsMin: 1024,
  cacheBytesMax: 32 * 1024 * 1024,
  /**
   * Of all targets together; one may use as much of it as it leaves free: half when it is alone.
   */
  hintBytesMax: 256 * 1024 * 1024,

  /** Between two syncs of a log that promises no more (`durability: periodic`): an hour. */
  syncIntervalMsMax: 3_600_000,
  logSegmentBytesMax: 16 * 1024 * 1024,
  /** Entries that wait for the disk; past it puts are refused with 429. */
  logQueueBytesMax: 64 * 1024 * 1024,
  /**
   * So many times the bound of the active memtable, and of the log's queue, and nothing is taken of
   * anybody: what is under way when puts are refused still goes through.
   */
  memtableOverrunMax: 4,
  logQueueOverrunMax: 2,
  /** A group is closed at this size: acks of one write do not wait for megabytes of the next. */
  logGroupBytesMax: 4 * 1024 * 1024,
  /** Up to here a few chunks are cheaper copied into one write than handed over one by one. */
  logCopyBytesMax: 16 * 1024,
  /** Files of the log that are written over instead of made anew; more would only take disk. */
  logSparesMax: 4,
  /** The first of them: what one memtable logs lies in it. */
  logSpareBytes: memtableBytesMax + 1024 * 1024,
  /** It is written in pieces of this size. */
  logSparePieceBytes: 1024 * 1024,

  /** A slice is prepared in one turn: a millisecond or two. Whole partitions may exceed it. */
  flushSliceRecordsMax: 512,
  flushSliceBytesMax: 512 * 1024,
  /** Of a slice's values, and kept for the next one: a partition of large records. */
  sliceBlockBytesMax: 4 * 1024 * 1024,
  /** LMDB's next commit (a slice of a flush and the pages above it) would not fit below this. */
  diskFreeBytesMin: 4 * 1024 * 1024,
  /** Epochs that are counted for each ms of the wall clock. */
  epochsPerMs: 64,
  /**
   * Ahead of those drawn; half of it is what may be drawn while the disk writes the next lease. 2 s
   * of the wall clock.
   */
  epochsLeased: 1 << 17,
  /** How often a full disk is tried again: by a flush, by the log, for a lease of epochs. */
  flushRetryMs: 1_000,
  logRetryMs: 500,
  epochsRetryMs: 500,
  /** Shorter records are not worth compressing. */
  compressedBytesMin: 500,

  /** Room in keys, so that a small partition's filter is not built anew every few keys. */
  filterKeysMin: 512,
  /** A slice of a filter takes less than 1 ms; the rest after it leaves nine tenths to requests. */
  filterSliceKeysMax: 512,
  filterRestMs: 5,
  /** Of what is kept by when it expires: 31 bits, see `due.ts`. */
  dueSecondMax: 2 ** 31 - 1,
  /**
   * Between two walks over the keys of which nothing lives: what others could not agree on yet, and
   * what is theirs to forget.
   */
  deadRestMs: 60_000,
  /** Damaged records that are remembered until written anew, so that each is reported once. */
  damagedKeysMax: 10_000,
} as const;
