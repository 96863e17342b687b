/** Bounds of what is chosen by voting (`actors/consensus/`). */
export const consensusLimits = {
  /**
   * 48 bits. An acceptor goes up by `ballotLeapMax` rounds at once and no further: so the last
   * rounds, beyond which nobody can go, are 2**28 questions away, each of which is a write to its
   * disk.
   */
  ballotRoundMax: 2 ** 48 - 1,
  ballotLeapMax: 2 ** 20,

  /** Of its own lives a voter knows the last ones, and those that others may have enrolled. */
  livesMax: 64,

  /** A proposer waits so long for voters, which write to their disks before they answer. */
  answersMsMax: 2_000,
  /** One that was outvoted leaves the field to the other for so long, doubling each time. */
  outvotedMsMin: 100,
  outvotedMsMax: 3_000,
  /** One that found no majority tries again after so long, doubling each time. */
  withoutMajorityMsMin: 500,
  withoutMajorityMsMax: 15_000,
} as const;
