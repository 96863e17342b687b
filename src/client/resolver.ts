/**
 * Resolvers: what makes one value of several whose writers did not know of each other. Applied by
 * who reads; the key stays in conflict until somebody puts what was made of it.
 */
import type { Entry } from './entry.js';

/**
 * Given all values, deletes left out (`entry.siblings` has them): the one to show, `null` to show
 * that there is none, `undefined` to leave the conflict as it is. May throw and may take its time;
 * then the conflict is shown.
 */
export type Resolver<Out, In = Out> = (
  values: readonly Out[],
  entry: Entry<Out>,
) => In | null | undefined | Promise<In | null | undefined>;

/**
 * The value that was written last, by a time that the values carry: replies tell no clock of the
 * nodes. Of equal times the first shown. For a bucket of which nobody needs the others there is the
 * policy `last-writer-wins`.
 */
export function lastWriter<T>(timeOf: (value: T) => number): (values: readonly T[]) => T {
  return (values) => values.reduce((last, value) => (timeOf(value) > timeOf(last) ? value : last));
}

/** All elements of values that are lists, each once, in the order in which they are shown. */
export function union<T>(values: readonly (readonly T[])[]): T[] {
  const elements = new Map<unknown, T>();
  for (const element of values.flat()) {
    const name = typeof element === 'object' ? JSON.stringify(element) : element;
    if (!elements.has(name)) elements.set(name, element);
  }
  return [...elements.values()];
}
