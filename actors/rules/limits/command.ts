import { chainLimits } from './chain.js';

/** How long a command waits for a node's answer. */
const answerMsMax = 2_000;

/** Bounds of the `quorate` command and of the processes that `quorate up` keeps. */
export const commandLimits = {
  /**
   * A process that died is started again at once, after a second death in a row after this,
   * doubling with every other.
   */
  processRestartMsMin: 500,
  processRestartMsMax: 15_000,
  /** Having served this long, earlier deaths no longer count. */
  processSteadyMsMin: 30_000,
  /**
   * Asked to stop and not gone after this: killed. A node drains its rounds (`requestTimeoutMsMax`
   * at the worst) and flushes.
   */
  processStopMsMax: 20_000,
  /** One Ctrl-C under `npm start` arrives twice: from the terminal, and passed on by npm. */
  sameStopMsMax: 500,

  /** `quorate up` runs so many nodes on one machine. */
  localNodesMax: 64,
  /** It waits so long for those that are to be taken in, before it says that it is ready. */
  takenInMsMax: 60_000,
  /** Which of several values `get` prints: siblings of a key may be more than a put may leave. */
  siblingNumberMax: 1_000,

  /** What is read of a file at once; smaller than a part, so that one buffer is enough. */
  filePieceBytes: 256 * 1024,
  /** A progress bar is drawn so often. */
  barIntervalMs: 100,

  answerMsMax,
  /** How long `status` and `ring` wait for nodes, unless told. */
  questionMsDefault: 1_000,
  /** Of one that removes a member: it asks the others, has it chosen, and sees who knows. */
  removalAnswerMsMax:
    chainLimits.consentAnswerMsMax +
    chainLimits.proposalMsMax +
    chainLimits.spreadMsMax +
    answerMsMax,
  /** Of one that plans a change, applies or cancels it: it has the change chosen. */
  changeAnswerMsMax: chainLimits.proposalMsMax + chainLimits.spreadMsMax + answerMsMax,
  /** Of one that recovers: it looks who is left, several times, and has all of them agree. */
  recoveryAnswerMsMax:
    chainLimits.surveysMax * (chainLimits.fetchMsMax + chainLimits.spreadMsMax) +
    chainLimits.agreementsMax * 3 * chainLimits.fetchMsMax +
    chainLimits.spreadMsMax +
    answerMsMax,
  /** Of partitions side by side, as many as are shown. */
  partitionRunsMax: 16,
  /** A plan in one word: as much as a node is told of one, four characters for three bytes. */
  planTokenCharsMax: Math.ceil((4 / 3) * chainLimits.changeBytesMax),
  /** One node is asked, which may hang: within that time the next question reaches another. */
  questionsMax: 4,
  /** `ring --watch` asks so often, and no more after so many questions without an answer. */
  watchIntervalMs: 1_000,
  watchSilencesMax: 10,
  /**
   * Where no move is known to have begun it takes so many answers that nothing moves: a node that
   * was just started takes seconds to be heard of, on a busy machine.
   */
  watchRestsMin: 10,
  /** So many answers more while somebody waits to be taken in by itself. */
  watchWaitsMax: 60,
  /** Of nodes that partitions move to, as many have a part in one line. */
  watchLineNodesMax: 8,
  /** How fast a move goes is told by the last so many answers. */
  paceSamplesMax: 30,

  /** What a NATS server says of itself at first, and how long that is waited for. */
  serverInfoBytesMax: 64 * 1024,
  serverInfoMsMax: 3_000,
  /** One that was just started is asked for it so often, each time for so long. */
  startedServerIntervalMs: 25,
  startedServerInfoMsMax: 1_000,

  /** A put and a get show that a cluster of `quorate up` serves; the key is gone by itself. */
  probeTtlMs: 60_000,
  probeAttemptMsMax: 2_000,
  probeAttemptsMax: 200,
  probeRestMs: 50,

  /** Installing nats-server: the package manager may be busy, and says much. */
  installAttemptsMax: 3,
  installRestMs: 5_000,
  installOutputBytesMax: 4 * 1024 * 1024,
} as const;
