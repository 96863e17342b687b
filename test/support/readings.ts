/** Instruments of a node under test, as its status shows them. */
import type { Metrics } from '../../src/seams/metrics.js';

interface Measured {
  readonly metrics: Metrics;
}

/** Throws when there is no such counter or gauge. */
export function reading({ metrics }: Measured, name: string): number {
  const value = metrics.values()[name];
  if (value === undefined) throw new Error(`there is no instrument ${name}`);
  return value;
}

/** Of one part, without its name in front. */
export function readingsOf({ metrics }: Measured, part: string): Record<string, number> {
  const own = Object.entries(metrics.values()).filter(([name]) => name.startsWith(`${part}.`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(part.length + 1), value]));
}
