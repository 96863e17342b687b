/** Bounds of insight: what nodes note of themselves, and who may see it. */
export const insightLimits = {
  /** Who watch one node at once, and for how long before they have to say so again. */
  watchersMax: 8,
  leaseMsMax: 30_000,
  /** Of the subject they are told at. */
  inboxCharsMax: 256,
  /** A batch of notes to one, how often one leaves, and how many notes wait for it. */
  batchBytesMax: 64 * 1024,
  batchIntervalMs: 50,
  waitingNotesMax: 2_048,
  /**
   * Of rounds that begin in a second so many are shown to who watches charts, of traces so many to
   * all who watch, each of them whole: more than anybody can follow, and a hundredth of a node's
   * work under load.
   */
  roundsShownPerSecond: 20,
  tracesShownPerSecond: 20,

  /** How often a node's counters are looked at for its time line. */
  lookInMs: 1_000,
  /** Events that a node remembers. */
  timelineMax: 1_000,
  /** Of requests that were kept because they were slow or failed so many come into it a second. */
  keptToldPerSecond: 2,
  /** Requests under the glass that it remembers, notes of each, and about what these may take. */
  tracesMax: 200,
  traceNotesMax: 256,
  traceBytesMax: 128 * 1024,
  /** Requests at once that may turn out to be slow or to fail. */
  candidatesMax: 200,
  /** Traces that one message between nodes is about. */
  tracesTogetherMax: 8,
  /** Keys that are owed to somebody because of a trace. */
  tracesOwedMax: 512,
  /** An answer about what is remembered: so many notes at most. */
  answerNotesMax: 512,
  answerBytesMax: 512 * 1024,
  /** Partitions that differ from another node's, as one answer names them. */
  differingMax: 1_024,
  /** What counts as slow is said in at most so many ms. */
  slowMsMax: 60_000,
  /** Sampling is forgotten unless it is said again. */
  sampleMsMax: 10 * 60_000,
  /** Of a value that is shown. */
  valueBytesMax: 64,
  /** Keys in one answer, and records looked at for them. */
  keysMax: 100,
  keysLookedAtMax: 1_000,
  /** After so long such an answer ends where it is: the node has other things to do. */
  keysMsMax: 25,
  /** A trace is asked for so often until its request has settled. */
  gatherAttemptsMax: 6,
  gatherRestMs: 150,
  /** An ask of the verb. */
  askBytesMax: 16 * 1024,

  /**
   * A trace file that is read: characters in all and of a line, notes in all and of one trace,
   * nodes, names kept once.
   */
  fileCharsMax: 48_000_000,
  lineCharsMax: 256 * 1024,
  fileNotesMax: 250_000,
  fileTraceNotesMax: 4_096,
  fileNodesMax: 1_024,
  fileNamesMax: 100_000,
  /** Of a note: characters of a name or text, levels of what is shown beside it. */
  nameCharsMax: 2_048,
  textCharsMax: 16 * 1024,
  depthMax: 8,
} as const;
