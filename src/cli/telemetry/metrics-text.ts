/**
 * Readings as Prometheus reads them. `prom-client` knows the format; it keeps nothing: what a node
 * counts is counted once, by its own instruments.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HistogramReading } from '../../seams/metrics.js';
import type { Family, ValueFamily } from './readings.js';

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Costs what it costs when it is called, and nothing between. */
export function metricsText(families: readonly Family[]): Promise<string> {
  const registry = new Registry();
  for (const family of families)
    if (family.kind === 'histogram')
      registry.registerMetric(new ReadHistogram(family.name, family.help, family.reading));
    else addValues(registry, family);
  return registry.metrics();
}

function addValues(registry: Registry, { kind, name, help, samples }: ValueFamily): void {
  const labelNames = Object.keys(samples[0]?.labels ?? {});
  const told = { name, help, labelNames, registers: [registry] };
  if (kind === 'counter') {
    const counter = new Counter(told);
    for (const { labels, value } of samples) counter.inc(labels, value);
  } else {
    const gauge = new Gauge(told);
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
}

/** One that shows what another has counted: `prom-client`'s own is given single values only. */
class ReadHistogram extends Histogram {
  private readonly told: { readonly name: string; readonly help: string; readonly type: string };

  constructor(
    name: string,
    help: string,
    private readonly reading: HistogramReading,
  ) {
    super({ name, help, buckets: [...reading.upTo], registers: [] });
    this.told = { name, help, type: 'histogram' };
  }

  /** What `Registry` asks for. */
  getForPromString(): unknown {
    const { name } = this.told;
    const { upTo, counts, sum } = this.reading;
    let count = 0;
    const buckets = counts.map((counted, index) => {
      count += counted;
      return sample(`${name}_bucket`, count, { le: upTo[index] ?? '+Inf' });
    });
    const values = [...buckets, sample(`${name}_sum`, sum), sample(`${name}_count`, count)];
    return { ...this.told, values };
  }
}

function sample(metricName: string, value: number, labels: object = {}): object {
  return { metricName, labels, sharedLabels: {}, value };
}
