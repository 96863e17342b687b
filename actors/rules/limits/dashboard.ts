/** Bounds of the dashboard: of its server, and of the page in a browser. */
export const dashboardLimits = {
  /** What a page keeps: notes, and pictures of the cluster, one a second. */
  notesKeptMax: 20_000,
  picturesKeptMax: 900,
  /** Charts, of each the instances that are remembered, and of each of these its last steps. */
  chartsKeptMax: 256,
  chartInstancesKeptMax: 64,
  chartStepsKeptMax: 40,
  /** A shown chart goes on no faster than this; who is further behind goes on with the latest. */
  chartStepMs: 260,
  chartStepsBehindMax: 8,
  /** What has ended stays so long before another one is followed. */
  chartRestMs: 900,
  /** Over which what was passed over is counted. */
  chartSampleMs: 1_000,
  /** Lists beside the drawing are drawn anew so often. */
  chartListsMs: 200,
  /**
   * A trace file that is shown. So large a one takes the page some seconds and 50 MB of memory;
   * runs of the simulator come to a few MB. It is read in pieces, between which the page stays
   * alive, and where it is not there at once it is said to be read.
   */
  traceFileBytesMax: 48_000_000,
  traceFilePieceBytes: 256 * 1024,
  traceFileSoonBytes: 4_000_000,
  /** Of a file that is played, the cluster is remembered after so many notes, to go back to. */
  checkpointNotes: 10_000,
  /** Charts of a node of it that have not ended: those that have not moved for longest go first. */
  fileChartsMax: 512,
  /** Of a film, those that ask; more are not told apart. */
  filmClientsMax: 32,
  /** Of a film, what is saved of its last moments: messages of a drawing. */
  savedMessagesMax: 300,
  /** Browsers begin to read what is to be saved within this, some time after they were told to. */
  downloadMsMax: 10_000,
  /** What the page says stays to be read for so long. */
  sayingMs: 10_000,
  sayingsMax: 4,
  /** That notes were left out is said for so long after the last ones were. */
  droppedSaidMs: 8_000,
  /** Of a file that is played: one picture at most so often, by its own time. */
  picturePeriodUs: 1_000_000,
  /** Its server: the port it tries first, and how many after it where that one is taken. */
  portDefault: 7780,
  portsTriedMax: 20,
  connectionsMax: 64,
  headerBytesMax: 16 * 1024,
  requestMsMax: 15_000,
  /** A connection on which nothing moves for so long is ended. */
  stillMsMax: 60_000,
  /** How often the server looks for requests that have taken longer. */
  requestLookMs: 5_000,
  /** What is posted: a value above that is not written by hand. */
  bodyBytesMax: 1024 * 1024,
  /** Characters of a token that whoever comes from elsewhere must know. */
  tokenCharsMin: 16,
  tokenBytes: 24,
  /** Pages that watch at once; one more asks again after this. */
  streamsMax: 16,
  streamAgainMs: 5_000,
  /**
   * One that has left so much unread gets no more until it has read; after so long it is sent away.
   */
  unreadBytesMax: 4 * 1024 * 1024,
  unreadMsMax: 30_000,
  heartbeatMs: 10_000,
  /** What one that watches by Stately's protocol says: it has nothing to say. */
  heardBytesMax: 1024,
  /** Charts that have been introduced to it; those before are introduced again. */
  statelyChartsMax: 4_096,

  /** The cluster is looked at so often, while somebody watches; each question waits so long. */
  lookPeriodMs: 1_000,
  answerMsMax: 900,
  /** Of what takes a look at disks, or at many nodes. */
  longAnswerMsMax: 3_000,
  /** Leases of notes are taken for so long, and again when so much is left. */
  leaseMs: 20_000,
  leaseLeftMsMin: 8_000,
  /** Notes go to the pages so often, so many at most; the rest is counted. */
  notesPeriodMs: 100,
  notesPerPeriodMax: 1_000,
  /** Of one answer of a node. */
  keysPageMax: 100,
  timelineNotesMax: 4_000,
  /** A get or put of the page. */
  requestTimeoutMs: 5_000,
  /** Traced requests of pages of which the server keeps what its own client noted. */
  ownTracesMax: 100,

  /** Keys of a bucket that the page lists, as they are scrolled to. */
  keysKeptMax: 20_000,
  /** Of a value that was read so much is shown. */
  valueCharsShownMax: 16_000,
  /** Of a long list so many rows are drawn above and below those in sight. */
  rowsBeside: 6,
  /** A node whose last answer is older than that is not asked what it thinks of others. */
  silenceMsMax: 3_500,
  /** A scene of the story that is not seen after this says what is missing. */
  storySceneMsMax: 20_000,
  /** Of what the nodes noted, the story shows the latest. */
  storyNotesMax: 40,
  /** Messages of one kind that wait for who received them: those before are taken for lost. */
  messagesOpenMax: 64,
  /** How soon nodes are asked again for what they noted: what follows a reply is part of it. */
  tracesAgainMs: 1_500,
} as const;
