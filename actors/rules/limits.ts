const bucketBytesMax = 64;
const keyBytesMax = 1024;
const messageBytesMax = 1000 * 1024;
const headerBytesMax = 16 * 1024;
const gossipIntervalMs = 1_000;
const reviewIntervalMs = 250;
const stallMsMax = 500;
const delayedPutMs = 50;

/**
 * Every bound of the system, in one place: here what several parts go by, in `limits/` what is one
 * part's own. Names end in unit and qualifier.
 * Past a bound the caller gets a clear error at once; nothing is dropped in silence.
 */
export const limits = {
  /** A partition is 2 bytes of a storage key. */
  partitionsMax: 65_536,
  /** One path token of a NATS subject; part of every storage key. */
  bucketBytesMax,
  /** LMDB keys end at 1978 bytes; a storage key adds 26 bytes at most and the bucket. */
  keyBytesMax,
  /** Partition, bucket, NUL, key; of a part of a value also what `part-names.ts` adds to both. */
  storageKeyBytesMax: 2 + 1 + bucketBytesMax + 1 + keyBytesMax + 22,
  /**
   * Half of NATS' default payload limit (1 MiB), so that a state with a sibling still fits one
   * message.
   */
  valueBytesMax: 512 * 1024,
  /** Operation ids are compared, stored and sent with each sibling. */
  operationIdBytesMax: 64,
  /**
   * Siblings a put may leave; one that would leave more is refused with 409. What nodes took that
   * did not know of each other adds up beyond.
   */
  siblingsMax: 32,
  /**
   * Writes that a put's context names though they were replaced at its coordinator: where they
   * stand still, the next put replaces them.
   */
  replacedDotsMax: 8,
  /**
   * Encoded bytes of one key state; past it a put is refused with 413. It must fit a merge message.
   */
  stateBytesMax: 900 * 1024,
  /**
   * Entries of one context; past it puts without context are refused with 409 until pruning caught
   * up.
   */
  contextEntriesMax: 256,
  /**
   * What contexts of two nodes add up to is held as far as its count fits 16 bits; a merge past it
   * is refused.
   */
  contextEntriesHeldMax: 0xffff,

  /**
   * Higher counters are refused in a client's context (nobody writes a key so often), so that a dot
   * never overflows its 32 bits.
   */
  contextCounterMax: 0xfff0_0000,

  /** A round is cut at the end of a turn of the event loop, or at one of these. */
  roundRequestsMax: 256,
  roundBytesMax: 512 * 1024,
  /** Rounds that wait for a quorum or settle. */
  roundsInFlightMax: 1024,
  /**
   * Silent for so long after a put was sent, a primary gets a fallback beside it. Far above a log
   * sync, below what a person notices.
   */
  slowPutReplicaMs: 100,
  /** Silent for so long after a read was sent, one more replica is asked. */
  slowGetReplicaMs: 20,
  /** After the reply a put round waits so long for silent primaries, then owes them hints. */
  settleMsMax: 250,
  /**
   * What a context claims beyond its coordinator's state is looked up for so long at most, and half
   * of what is left to the put.
   */
  lookUpMsMax: 1_000,
  /** Puts of one coordinator whose contexts are being looked up; past it: 429. */
  lookUpsInFlightMax: 1_024,
  /** A get round waits so long for those it repairs. */
  repairMsMax: 1_000,
  /** Requests accepted by one coordinator and not answered yet; past either bound: 429. */
  requestsInFlightMax: 16_384,
  requestBytesInFlightMax: 64 * 1024 * 1024,
  /**
   * Replaced puts that a key remembers to tell their late copies, for as long as their requests
   * live; past it a put is refused with 429. Those whose request is over are kept longer while
   * there are no more than `operationsRememberedKept`: a hint with a copy of one is tried again
   * up to a minute apart, and its node may be away when it is.
   */
  operationsRememberedMax: 512,
  operationsRememberedKept: 64,
  operationsRememberedMs: 5 * 60_000,
  /**
   * When a request is over goes by wall clocks of several nodes: so much longer it is not taken to
   * be.
   */
  copiesSkewMsMax: 1_000,

  /**
   * Moments at which nodes were lost, of those that matter still; past it the oldest is forgotten.
   */
  lossesNotedMax: 256,

  /** Earlier puts of its key that a put may name as tried again. */
  copiedPutsMax: 16,

  /** Requests of one client frame. */
  frameRequestsMax: 512,
  /** Puts passed on whose deadlines differ by less are met together; the earliest counts. */
  deadlineStepMs: 10,
  /**
   * Keys of 1 … this many dot-separated tokens are mapped; nodes pass longer ones on themselves.
   */
  mappedTokensMax: 8,
  /** Buckets whose announcers are kept; any client may name new ones. */
  announcedBucketsMax: 256,
  /** A frame or node message as a whole; stays under NATS' default payload limit of 1 MiB. */
  messageBytesMax,
  /**
   * A server that takes less (`max_payload`) can't carry what nodes may hold: they don't start on
   * it. NATS' default is 1 MiB.
   */
  payloadBytesMin: messageBytesMax + headerBytesMax,
  /**
   * Of a message, whoever they are for; past either bound: 400. A context of `contextEntriesMax`
   * entries takes half of the bytes.
   */
  headersMax: 64,
  headerBytesMax,
  messageDepthMax: 8,
  messageElementsMax: 65_536,

  requestTimeoutMsDefault: 5_000,
  requestTimeoutMsMax: 60_000,
  /** Since its author first asked (`Kv-Age`): a day. */
  putAgeMsMax: 24 * 60 * 60 * 1000,
  /** A hundred years; what is meant to stay longer has no lifetime. */
  ttlMsMax: 100 * 365 * 24 * 60 * 60 * 1000,
  /** As a lifetime: none, whatever the bucket says. */
  ttlMsNone: Number.MAX_SAFE_INTEGER,
  /** Of a wall clock, in a header: as many digits as a number there may have. */
  wallMsMax: 1e15 - 1,
  /** Timers of a longer delay fire on such steps, so that Node keeps few lists of them. */
  timerStepMs: 16,
  timerSteppedMsMin: 64,
  /**
   * Rates of two monotonic clocks differ by less: an oscillator by 100 at most, and NTP adds up to
   * 500.
   */
  clockRatePpmMax: 1_000,
  /**
   * Words about another's clock count while they are from this stretch of time or the one before.
   */
  clockWindowMs: 5_000,
  /**
   * Wall clocks of nodes and authors differ by less; a node whose clock is further from the others'
   * goes by theirs, and says so.
   */
  wallSkewMsMax: 1_000,

  hintAgeMsMax: 3 * 60 * 60 * 1000,
  hintBatchRecordsMax: 128,
  /** That can't be sent now are passed over at once. */
  hintsPassedMax: 2_048,
  hintBatchBytesMax: 256 * 1024,

  /**
   * How often a node looks whether it owes anything, and to whom. Also bounds how long a returned
   * primary waits for its hints.
   */
  handoffScanMs: 1_000,
  /**
   * Per target: a node that just came back has better things to do than to swallow hours of hints
   * at once.
   */
  handoffBytesPerSecondMax: 8 * 1024 * 1024,
  handoffBackoffMsMin: 500,
  handoffBackoffMsMax: 60_000,

  /** One message of background work (handoff, exchange, collection) is given up after this. */
  backgroundCallMsMax: 5_000,

  /** Every other primary is compared with once in this time, spread evenly over the peers. */
  exchangeIntervalMs: 30_000,
  /** Between noticing a difference and acting on it: writes under way land on both sides first. */
  exchangeSettleMs: 250,
  /** So few of a partition's 64 leaves may differ by what is being written: asked once more. */
  exchangeFewLeavesMax: 16,
  /** After so long; each partition that differs waits for it. */
  exchangeLeavesSettleMs: 100,
  /** Rest between two batches of one exchange: background work yields to requests. */
  exchangePaceMs: 20,
  exchangePaceMsMax: 60,
  /** A visit that failed is not tried again at once, however urgent. */
  exchangeRetryMs: 1_000,
  /** Keys that are looked at for one question, those of other leaves included. */
  exchangeKeysMax: 512,
  /** Fetched or sent at once: read and merged in one turn of an event loop each. */
  exchangeStatesMax: 64,
  exchangeBytesMax: 256 * 1024,

  /** Longer than any message or restored process can be under way. */
  tombstoneGraceMsDefault: 60 * 60 * 1000,
  /**
   * One batch of keys is looked at for collection in this time; a pass over all keys takes keys /
   * batch of them.
   */
  collectionTickMs: 1_000,
  collectionKeysPerTickMax: 256,
  /**
   * Instead of a tick, where a batch was full: keys may expire at the rate at which they are put,
   * and what is forgotten more slowly than that would grow for ever.
   */
  collectionPauseMs: 50,
  /**
   * Contexts longer than this lose entries of departed actors, once that is safe. Dynamo's own
   * threshold.
   */
  contextEntriesKept: 10,
  /**
   * Contexts longer than this lose them while their keys are put all the time, too: well before
   * `contextEntriesMax`, where puts are refused.
   */
  contextEntriesBusy: 128,
  /** Of so many keys a node remembers which entries all were found to hold no value of. */
  clearedKeysMax: 4096,

  membersMax: 256,
  /** Who choose the next configuration: three of them may be away. */
  votersMax: 7,
  /** 32 bits. */
  configurationNumberMax: 0xffff_ffff,
  /**
   * One that moves from as many members as there may be to as many, with names of full length, the
   * most partitions and the most buckets, all of which get another N.
   */
  configurationBytesMax: 288 * 1024,
  /** 16 bits of TCP. */
  portMax: 65_535,
  weightMax: 64,
  /**
   * A node may have this much more than its share, in parts of it (rounded up to a partition); on
   * rings of version 2 also this much less.
   */
  overloadMax: 0.04,
  /** Places of a list that are balanced so: N rarely is higher, and each place costs time. */
  balancedPlacesMax: 5,
  /**
   * Those that rings of version 2 fill at once, so that few of them change with a member: as many
   * as the N most buckets have.
   */
  placesAtOnceMax: 3,
  /** Clients are told primaries and a few fallbacks of each list; nobody routes further. */
  ringListLengthMax: 16,
  /**
   * Half of what there are: nobody can be made to skip to the last ones, and a node can go on from
   * any that is taken.
   */
  generationMax: 2 ** 31,
  heartbeatMax: 2 ** 47,
  epochsMax: 2 ** 47,
  /** Name, host and zone of a member. */
  labelBytesMax: 128,

  /**
   * A heartbeat; news of it go to so many peers. In a cluster of up to 1 + fanout nodes everyone
   * hears everyone directly.
   */
  gossipIntervalMs,
  gossipFanout: 4,
  /**
   * How often silence is looked at, and how long it may be between nodes that gossip directly: a
   * beat and a half.
   */
  reviewIntervalMs,
  silenceMsMax: 1_500,
  /** NATS' word that a node is not there holds for two beats, with which peers are asked. */
  absenceMsMax: 2 * gossipIntervalMs,
  /**
   * Who is gone is asked for at nearly every review: when a route between servers is back, both
   * sides are to know before much is sent by it. Until then each may take what the other does too.
   */
  absenceRestMs: reviewIntervalMs - 1,
  /** After that silence it is asked directly; without an answer in this time it is suspect. */
  probeMsMax: 400,
  /**
   * Nothing was read for a review interval and this: the node stood still or its link did. It
   * blames nobody for the silence, and what it then reads may be done elsewhere.
   */
  stallMsMax,
  unreadGapMsMax: reviewIntervalMs + stallMsMax,
  /**
   * What a node reads may have waited for it so long, beside the way; a plain request that may have
   * waited longer: 429.
   */
  waitMsMax: 250,
  /**
   * A node counts as hung so long before others serve its share too: more than a beat, by which
   * nodes differ in noticing that they do not hear each other.
   */
  hangingMsMin: 1_500,
  /**
   * When nobody hangs any more, others may think otherwise for so long: until then a put that one
   * refuses may be done by another.
   */
  doubledMsMax: 3_000,
  /**
   * A word of another node that took longer lay somewhere: what comes with it may have, too. Far
   * above what a busy node takes.
   */
  lateWordMsMax: 1_000,
  /**
   * Blind puts of plain clients are delayed for so long while a node is silent: what comes out of a
   * route comes all at once.
   */
  delayedPutMs,
  /**
   * What is read within so long of each other counts as one: puts that were delayed are looked at
   * later.
   */
  wordsTogetherMsMax: 4 * delayedPutMs,
  /** A node whose words come late has nothing more to bring after two beats without one. */
  lateSilenceMsMax: 2 * gossipIntervalMs,
  /** Nodes that are started together need a moment to find each other; then it is worth a word. */
  patienceBeatsMax: 5,
  /**
   * How long a starting node waits for another process with its id to object, and how often it asks
   * again.
   */
  claimMsMax: 250,
  claimIntervalMs: 5_000,
  /**
   * A node that goes by another configuration is asked again after so long, while a quorum needs
   * it, and then each time after twice as long: news of members take a way there and back, and its
   * disk. It is told no more often than by the longest of these what is known here.
   */
  configurationAgainMsMin: 20,
  configurationAgainMsMax: 200,
  /** How long a starting node waits for what other members have seen of it. */
  recallMsMax: 1_000,

  /** Links on the way to a data directory: as many as the system itself allows. */
  linksMax: 40,
} as const;
