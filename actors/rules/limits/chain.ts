/** Bounds of how a cluster goes from one configuration to the next. */
export const chainLimits = {
  /** Changes that one node is to have chosen, the one under way included; past it: 503. */
  proposalsMax: 16,
  /** Whoever wants a change is told after so long what it lacks. */
  proposalMsMax: 5_000,
  /** How long who had it chosen waits for others to say that they have it on their disks. */
  spreadMsMax: 3_000,
  /** What has been due for so long is done by the voter after the one that should have. */
  driverPatienceMs: 10_000,
  /** A node that waits to be taken in has lived for so long before it is, by itself. */
  waitingMsMin: 3_000,
  /**
   * Nodes that are started together come as one move: so long at most the first of them waits for
   * others.
   */
  togetherMsMax: 10_000,
  /**
   * That a member is gone for good, in whose stead another comes, is asked for so often; whoever
   * agreed is not asked again for so long.
   */
  consentAgainMs: 3_000,
  consentMsMax: 10_000,
  /** How long each of the others may take to say whether it agrees to that. */
  consentAnswerMsMax: 3_000,
  /** Of what an operator asks a node for, with a place for each member there can be. */
  changeBytesMax: 256 * 1024,
  /** Of what a plan shows, of each kind: the rest is counted. A node's message has to hold it. */
  shownPartsMax: 512,
  /** How large keys are is guessed by so many of so many partitions. */
  sampledPartitionsMax: 16,
  sampledKeysMax: 16,
  /** A configuration that one node alone tells is gone by after so long, if it still tells it. */
  vouchedMsMax: 30_000,
  /** Such ones a node keeps at once; the oldest goes. */
  vouchedMax: 8,
  /** Of what others are told once it is on this disk, as much waits at once; past it: 429. */
  unwrittenMax: 1_024,
  /** How long another node may take to say what it knows. */
  fetchMsMax: 2_000,

  /** Of configurations in an era: more steps than any cluster takes. */
  numbersOfEra: 2 ** 20,
  /**
   * Who drives a cluster that was recovered says with so many beats to everybody who it is: another
   * part that was recovered may have forgotten this one.
   */
  announcedBeats: 10,
  /** A configuration names all that led to it. */
  recoveriesMax: 64,
  /** Whoever recovers looks so often who is there while what they know changes. */
  surveysMax: 3,
  /** And asks those so often to agree, where another asks the same. */
  agreementsMax: 4,
  /** What all have agreed to is taken up within that time, or not: one of the lost may be back. */
  agreedMsMax: 5_000,
} as const;
