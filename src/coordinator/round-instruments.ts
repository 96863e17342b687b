/** What a coordinator and its rounds count and measure. */
import { durationsMs, type Counter, type Histogram, type Metrics } from '../seams/metrics.js';

export interface RoundInstruments {
  readonly puts: Counter;
  readonly gets: Counter;
  readonly failures: Counter;
  readonly rounds: Counter;
  readonly readRepairs: Counter;
  readonly fallbacksUsed: Counter;
  readonly hintsRefused: Counter;
  readonly differing: Counter;
  readonly ackMs: Histogram;
}

/** Once for a coordinator. */
export function roundInstruments(metrics: Metrics): RoundInstruments {
  return {
    puts: metrics.counter('coordinator.puts', 'puts and deletes it was given'),
    gets: metrics.counter('coordinator.gets', 'gets it was given'),
    failures: metrics.counter(
      'coordinator.failures',
      'requests answered with an error; 404 is none',
    ),
    rounds: metrics.counter('coordinator.rounds', 'rounds and look-ups of contexts that began'),
    readRepairs: metrics.counter(
      'coordinator.readRepairs',
      'keys repaired at a primary after a get',
    ),
    fallbacksUsed: metrics.counter(
      'coordinator.fallbacksUsed',
      'hints sent to fallbacks or kept here, by round and primary',
    ),
    hintsRefused: metrics.counter(
      'coordinator.hintsRefused',
      'hints there was no room for; tree exchange finds what they were about',
    ),
    differing: metrics.counter(
      'coordinator.differing',
      'answers of nodes that go by another configuration',
    ),
    ackMs: metrics.histogram(
      'coordinator.ackMs',
      'from sending states to another node to its ack',
      durationsMs,
    ),
  };
}
