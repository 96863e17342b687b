/**
 * What a counter has: for each writer what it has added and what it has taken away, both of which
 * only grow. Merged by the larger; the value is their difference, over all writers.
 */
import { MalformedError } from '../../errors.js';
import { isCount, list, malformed } from './dot-map.js';

export interface Sum {
  readonly added: number;
  readonly taken: number;
}

export type Sums = ReadonlyMap<string, Sum>;

export const emptySums: Sums = new Map();

const nothing: Sum = { added: 0, taken: 0 };

export function mergeSums(a: Sums, b: Sums): Sums {
  const merged = new Map(a);
  for (const [writer, { added, taken }] of b) {
    const known = merged.get(writer) ?? nothing;
    merged.set(writer, {
      added: Math.max(known.added, added),
      taken: Math.max(known.taken, taken),
    });
  }
  return merged;
}

/** Throws `MalformedError` where it can't be counted. */
export function withAmount(sums: Sums, writer: string, amount: number): Sums {
  const { added, taken } = sums.get(writer) ?? nothing;
  const sum = amount >= 0 ? { added: added + amount, taken } : { added, taken: taken - amount };
  if (!isCount(sum.added) || !isCount(sum.taken))
    throw new MalformedError('a counter counts up to 2^53 each way');
  return new Map(sums).set(writer, sum);
}

export function totalOf(sums: Sums): number {
  let total = 0;
  for (const { added, taken } of sums.values()) total += added - taken;
  return total;
}

export function sumsDocument(sums: Sums): Record<string, unknown> {
  return { sums: [...sums].map(([writer, { added, taken }]) => [writer, added, taken]) };
}

/** Throws `MalformedError`. */
export function sumsFrom(document: Readonly<Record<string, unknown>>): Sums {
  return new Map(
    list(document['sums']).map((row): [string, Sum] => {
      const [writer, added, taken] = list(row);
      if (typeof writer !== 'string' || !isCount(added) || !isCount(taken)) throw malformed();
      return [writer, { added, taken }];
    }),
  );
}
