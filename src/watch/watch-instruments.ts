/** What is counted of watches. */
import type { Counter, Metrics } from '../seams/metrics.js';

export interface WatchInstruments {
  readonly told: Counter;
  readonly resyncs: Counter;
}

/** `open`: how many there are. */
export function watchInstruments(metrics: Metrics, open: () => number): WatchInstruments {
  metrics.gauge('watch.open', 'watches it serves', open);
  return {
    told: metrics.counter('watch.told', 'keys told to those who watch'),
    resyncs: metrics.counter(
      'watch.resyncs',
      'watches told that keys come anew, as it could not be told what changed',
    ),
  };
}
