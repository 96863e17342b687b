/**
 * Many keys that expire at once: when readers see the last of them, what space comes back, and for
 * how long the event loops of nodes are held meanwhile. In rounds with keys of their own: what one
 * has left is there for the next to use.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Bucket } from '../../src/index.js';
import { inBatches } from '../../src/client/batches.js';
import type { HistogramReading } from '../../src/seams/metrics.js';
import { memoryOf } from './measure/processes.js';
import { round } from './report/statistics.js';
import { QuorateCluster } from './systems/quorate.js';

export interface ExpiringPlan {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly ttlMs: number;
  readonly durability: string;
  readonly rounds: number;
}

export interface ExpiringRow {
  readonly round: number;
  readonly filledMs: number;
  /** From the acknowledgement of a key to the first get that did not find it, of some keys. */
  readonly goneFirstMs: number;
  readonly goneLastMs: number;
  /** From the end of the last key to when all nodes had dropped all values. */
  readonly droppedMs: number;
  readonly diskMbFilled: number;
  readonly diskMbAfter: number;
  readonly ownMbFilled: number;
  readonly ownMbAfter: number;
  /**
   * From when all was put: the longest turn of dropping, and the latest timer of a node's event
   * loop; upper bounds.
   */
  readonly turnMs: number;
  readonly lagMs: number;
}

export interface ExpiringReport {
  readonly plan: ExpiringPlan;
  readonly rows: readonly ExpiringRow[];
}

/** Of all keys, so many are looked at again and again. */
const watchedKeys = 200;
const watchEveryMs = 20;
const lookEveryMs = 200;
const droppedWithinMs = 300_000;

export async function expiring(options: {
  readonly plan: ExpiringPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  readonly onRow: (row: ExpiringRow) => void;
}): Promise<ExpiringReport> {
  const { plan, onProgress, onRow } = options;
  const { nodes, durability, rounds } = plan;
  const directory = join(options.directory, 'quorate');
  mkdirSync(directory, { recursive: true });
  onProgress('starting');
  const cluster = await QuorateCluster.start(directory, { nodes, durability });
  const client = await connect({ servers: cluster.servers });
  const rows: ExpiringRow[] = [];
  try {
    for (let i = 1; i <= rounds; i++) {
      const row = await play(cluster, client.bucket(`round-${i}`), { plan, round: i, onProgress });
      onRow(row);
      rows.push(row);
    }
  } finally {
    await client.close();
    await cluster.stop();
  }
  return { plan, rows };
}

async function play(
  cluster: QuorateCluster,
  bucket: Bucket<Uint8Array, Uint8Array | string>,
  how: {
    readonly plan: ExpiringPlan;
    readonly round: number;
    readonly onProgress: (text: string) => void;
  },
): Promise<ExpiringRow> {
  const { plan, onProgress } = how;
  const { keys, ttlMs, nodes } = plan;
  const before = await emptiedBy(cluster);
  const value = Buffer.alloc(plan.valueBytes, 'x');
  const names = Array.from({ length: keys }, (_, i) => `key-${i}`);
  const every = Math.max(1, Math.floor(keys / watchedKeys));
  const watches: Promise<number>[] = [];
  onProgress(`round ${how.round}: putting ${keys} keys`);
  const startedMs = performance.now();
  await inBatches([...names.entries()], async ([i, name]) => {
    await bucket.put(name, value, { ttlMs });
    if (i % every === 0) watches.push(lifeMs(bucket, name, ttlMs));
  });
  const filledMs = performance.now() - startedMs;
  const filled = spaceOf(cluster);
  const begun = await cluster.status();
  onProgress(`round ${how.round}: waiting for readers`);
  const lives = await Promise.all(watches);
  const lastEndMs = startedMs + filledMs + ttlMs;
  const copies = Math.min(3, nodes) * keys;
  let droppedMs = Infinity;
  while (droppedMs === Infinity && performance.now() < lastEndMs + droppedWithinMs) {
    const dropped = (await emptiedBy(cluster)) - before;
    onProgress(`round ${how.round}: ${dropped} of ${copies} copies dropped`);
    if (dropped >= copies) droppedMs = performance.now() - lastEndMs;
    else await sleep(lookEveryMs);
  }
  const after = spaceOf(cluster);
  const ended = await cluster.status();
  return {
    round: how.round,
    filledMs: Math.round(filledMs),
    goneFirstMs: Math.round(Math.min(...lives)),
    goneLastMs: Math.round(Math.max(...lives)),
    droppedMs: Math.round(droppedMs),
    diskMbFilled: filled.diskMb,
    diskMbAfter: after.diskMb,
    ownMbFilled: filled.ownMb,
    ownMbAfter: after.ownMb,
    turnMs: longestBetween(begun, ended, 'expiry.turnMs'),
    lagMs: longestBetween(begun, ended, 'loop.lagMs'),
  };
}

/** Since it was acknowledged, which it was just now. */
async function lifeMs(
  bucket: Bucket<Uint8Array, Uint8Array | string>,
  name: string,
  ttlMs: number,
): Promise<number> {
  const ackedMs = performance.now();
  await sleep(ttlMs / 2);
  for (;;) {
    const askedMs = performance.now();
    if ((await bucket.get(name)) === undefined) return askedMs - ackedMs;
    await sleep(watchEveryMs);
  }
}

async function emptiedBy(cluster: QuorateCluster): Promise<number> {
  const rows = await cluster.status();
  return rows.reduce((sum, { counters }) => sum + (counters['expiry.emptied'] ?? 0), 0);
}

function spaceOf(cluster: QuorateCluster): { readonly diskMb: number; readonly ownMb: number } {
  const { stdout } = spawnSync('du', ['-sk', cluster.directory], { encoding: 'utf8' });
  const { anonymousBytes } = memoryOf(cluster.pids());
  return {
    diskMb: round(parseInt(stdout, 10) / 1024, 1),
    ownMb: round(anonymousBytes / 2 ** 20, 1),
  };
}

type StatusRows = Awaited<ReturnType<QuorateCluster['status']>>;

function longestBetween(begun: StatusRows, ended: StatusRows, name: string): number {
  const before = new Map(begun.map((row) => [row.name, row.histograms?.[name]]));
  return Math.max(
    ...ended.map((row) => highestOf(row.histograms?.[name], before.get(row.name)?.counts)),
  );
}

/** The bound of the last bar that has grown since; Infinity: above all bounds. */
export function highestOf(
  reading: HistogramReading | undefined,
  before: readonly number[] = [],
): number {
  if (reading === undefined) return 0;
  const last = reading.counts.findLastIndex((count, bar) => count > (before[bar] ?? 0));
  return last < 0 ? 0 : (reading.upTo[last] ?? Infinity);
}
