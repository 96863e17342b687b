/**
 * What is measured of a node, as it follows from two of its statuses: counters and histograms by
 * what was added between them, by the node's own time.
 */
import type { HistogramPicture, StatusPicture } from '../../wire.js';

export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: '/s' | 'ms' | 'bytes' | '';
  /** The counters, or the histogram, that it follows from. */
  readonly reads: readonly string[];
  /** Null: nothing can be said of the time between them. */
  readonly of: (before: StatusPicture | undefined, now: StatusPicture) => number | null;
}

export const measures: readonly Measure[] = [
  added('throughput', 'Puts and gets', 'coordinator.puts', 'coordinator.gets'),
  quantile('p50', 'Half of the answers within', 'api.answerMs', 0.5),
  quantile('p99', '99 of 100 answers within', 'api.answerMs', 0.99),
  added('errors', 'Errors', 'coordinator.failures', 'api.repliesRefused'),
  quantile('lag', 'Event loop late by (99 of 100)', 'loop.lagMs', 0.99),
  quantile('acks', '99 of 100 acks of others within', 'coordinator.ackMs', 0.99),
  level('log', 'Commit log', 'bytes', 'store.logBytes'),
  level('memtable', 'Memtables', 'bytes', 'store.memtableBytes'),
  added('syncs', 'Syncs of the log', 'store.syncs'),
  added('gossip', 'Gossip heard', 'gossip.heard'),
  field('keys', 'Keys held'),
  field('hints', 'Hints waiting'),
  level('differing', 'Partitions that differ', '', 'exchange.differing'),
  added('mended', 'States mended by exchange', 'exchange.pulled', 'exchange.pushed'),
];

/** Whether it is the same process, later. */
export function isLater(before: StatusPicture, now: StatusPicture): boolean {
  return before.id === now.id && before.pid === now.pid && now.uptimeMs > before.uptimeMs;
}

function field(name: 'keys' | 'hints', title: string): Measure {
  return { name, title, unit: '', reads: [], of: (_, now) => now[name] };
}

function level(name: string, title: string, unit: Measure['unit'], counter: string): Measure {
  return { name, title, unit, reads: [counter], of: (_, now) => now.counters[counter] ?? null };
}

/** A second, of all these counters together. */
function added(name: string, title: string, ...counters: readonly string[]): Measure {
  const sum = (status: StatusPicture): number | undefined => {
    const known = counters.map((counter) => status.counters[counter]);
    if (known.every((value) => value === undefined)) return undefined;
    return known.reduce<number>((total, value) => total + (value ?? 0), 0);
  };
  const of: Measure['of'] = (before, now) => {
    if (before === undefined || !isLater(before, now)) return null;
    const [from, to] = [sum(before), sum(now)];
    if (from === undefined || to === undefined || to < from) return null;
    return (1000 * (to - from)) / (now.uptimeMs - before.uptimeMs);
  };
  return { name, title, unit: '/s', reads: counters, of };
}

function quantile(name: string, title: string, histogram: string, share: number): Measure {
  const of: Measure['of'] = (before, now) => {
    if (before === undefined || !isLater(before, now)) return null;
    const [from, to] = [before.histograms[histogram], now.histograms[histogram]];
    return to === undefined ? null : quantileOf(addedBetween(from, to), share);
  };
  return { name, title, unit: 'ms', reads: [histogram], of };
}

function addedBetween(
  from: HistogramPicture | undefined,
  { upTo, counts }: HistogramPicture,
): Pick<HistogramPicture, 'upTo' | 'counts'> {
  return { upTo, counts: counts.map((count, at) => count - (from?.counts[at] ?? 0)) };
}

/**
 * The value that so many of them are not above; within a bucket they are taken to lie evenly. Above
 * the last bound nothing is known but that: it is the bound. Null: there are none.
 */
export function quantileOf(
  { upTo, counts }: Pick<HistogramPicture, 'upTo' | 'counts'>,
  share: number,
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    const from = upTo[at - 1] ?? 0;
    if (count > 0 && below + count >= rank)
      return from + ((rank - below) / count) * ((upTo[at] ?? from) - from);
    below += count;
  }
  return upTo.at(-1) ?? null;
}
