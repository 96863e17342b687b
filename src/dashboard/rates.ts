/** How much happens a second, and how long it takes: by two readings of what nodes count. */
import type { HistogramPicture, Rates, StatusPicture } from './wire.js';

export const noRates: Rates = { puts: 0, gets: 0, failures: 0, p50Ms: null, p99Ms: null };

/** What was counted between two answers. */
export interface Counted {
  readonly seconds: number;
  readonly puts: number;
  readonly gets: number;
  readonly failures: number;
  /** Of answers, by how long they took. */
  readonly answers: HistogramPicture;
}

const nothing: HistogramPicture = { upTo: [], counts: [], sum: 0 };

/** Undefined where they are not of one life of the node. */
export function countedBetween(
  before: StatusPicture | undefined,
  now: StatusPicture,
): Counted | undefined {
  if (before === undefined || before.pid !== now.pid) return undefined;
  const seconds = (now.uptimeMs - before.uptimeMs) / 1000;
  if (seconds <= 0) return undefined;
  const risen = (name: string): number =>
    Math.max(0, (now.counters[name] ?? 0) - (before.counters[name] ?? 0));
  return {
    seconds,
    puts: risen('coordinator.puts'),
    gets: risen('coordinator.gets'),
    failures: risen('coordinator.failures'),
    answers: difference(before.histograms['api.answerMs'], now.histograms['api.answerMs']),
  };
}

export function ratesOf(counted: readonly Counted[]): Rates {
  const perSecond = (what: 'puts' | 'gets' | 'failures'): number =>
    counted.reduce((sum, one) => sum + one[what] / one.seconds, 0);
  const answers = counted.map((one) => one.answers).reduce(together, nothing);
  return {
    puts: perSecond('puts'),
    gets: perSecond('gets'),
    failures: perSecond('failures'),
    p50Ms: quantile(answers, 0.5),
    p99Ms: quantile(answers, 0.99),
  };
}

function difference(
  before: HistogramPicture | undefined,
  now: HistogramPicture | undefined,
): HistogramPicture {
  if (before === undefined || now === undefined) return nothing;
  const counts = now.counts.map((count, at) => Math.max(0, count - (before.counts[at] ?? 0)));
  return { upTo: now.upTo, counts, sum: now.sum - before.sum };
}

function together(a: HistogramPicture, b: HistogramPicture): HistogramPicture {
  if (a.counts.length === 0) return b;
  const counts = a.counts.map((count, at) => count + (b.counts[at] ?? 0));
  return { upTo: a.upTo, counts, sum: a.sum + b.sum };
}

/** Within a bucket as if its values were spread evenly. */
export function quantile({ upTo, counts }: HistogramPicture, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = share * total;
  for (const [at, count] of counts.entries()) {
    if (left <= count && count > 0) {
      const from = upTo[at - 1] ?? 0;
      // Beyond the last bound nobody knows how far.
      return from + ((upTo[at] ?? from) - from) * (left / count);
    }
    left -= count;
  }
  return upTo.at(-1) ?? null;
}
