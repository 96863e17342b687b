/** Bounds of the dashboard: of its server, and of the page in a browser. */
export const dashboardLimits = {
  /** What a page keeps: notes, and pictures of the cluster, one a second. */
  notesKeptMax: 20_000,
  picturesKeptMax: 900,
  /** A file dropped on the page. */
  traceFileBytesMax: 256 * 1024 * 1024,
  /** What the page says stays to be read for so long. */
  sayingMs: 6_000,
  sayingsMax: 4,
  /** Of a file that is played: one picture at most so often, by its own time. */
  picturePeriodUs: 1_000_000,
} as const;
