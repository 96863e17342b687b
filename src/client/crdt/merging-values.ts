/** Counters, sets and maps that merge by themselves, as a TypeScript program uses them. */
import { MalformedError } from '../../errors.js';
import {
  dotMapDocument,
  dotMapFrom,
  emptyDotMap,
  mergeDotMaps,
  shownOf,
  withField,
  withoutField,
  type DotMap,
} from './dot-map.js';
import type { Mergeable, Replica } from './replica.js';
import {
  emptySums,
  mergeSums,
  sumsDocument,
  sumsFrom,
  totalOf,
  withAmount,
  type Sums,
} from './sums.js';

export const counterKind: Mergeable<Sums> = {
  name: 'counter',
  empty: emptySums,
  merge: mergeSums,
  document: sumsDocument,
  from: sumsFrom,
};

const dotMapKind = (name: string): Mergeable<DotMap> => ({
  name,
  empty: emptyDotMap,
  merge: mergeDotMaps,
  document: dotMapDocument,
  from: dotMapFrom,
});

export const setKind = dotMapKind('set');
export const mapKind = dotMapKind('map');

/** Every amount that was added counts once, whoever adds at the same time. */
export class Counter {
  /** @internal Use `Bucket.counter`. */
  constructor(private readonly replica: Replica<Sums>) {}

  /** 0 of one that nobody has added to. */
  async value(): Promise<number> {
    return totalOf(await this.replica.state());
  }

  /** A whole number; a negative one is taken away. 1 unless told. */
  async add(amount = 1): Promise<void> {
    if (!Number.isSafeInteger(amount)) throw new MalformedError('an amount is a whole number');
    await this.replica.change((sums, writer) => withAmount(sums, writer, amount));
  }
}

/** Elements are text. Of an add and a remove at once the add is kept. */
export class MergingSet {
  /** @internal Use `Bucket.set`. */
  constructor(private readonly replica: Replica<DotMap>) {}

  async values(): Promise<Set<string>> {
    return new Set((await this.replica.state()).fields.keys());
  }

  async has(element: string): Promise<boolean> {
    return (await this.replica.state()).fields.has(element);
  }

  async add(...elements: readonly string[]): Promise<void> {
    checkTexts(elements, 'an element of a set');
    await this.replica.change((state, writer) =>
      elements.reduce((changed, element) => withField(changed, writer, element, null), state),
    );
  }

  /** What is there as far as this client knows; what is added at the same time stays. */
  async remove(...elements: readonly string[]): Promise<void> {
    await this.replica.change((state) => elements.reduce(withoutField, state));
  }

  async clear(): Promise<void> {
    await this.replica.change(({ seen }) => ({ seen, fields: emptyDotMap.fields }));
  }
}

/**
 * Fields are text, values what JSON has. Of a set and a remove at once the set is kept; of two sets
 * of one field one wins, the same for all who look.
 */
export class MergingMap<V> {
  /** @internal Use `Bucket.map`. */
  constructor(private readonly replica: Replica<DotMap>) {}

  async entries(): Promise<Map<string, V>> {
    const { fields } = await this.replica.state();
    return new Map([...fields].map(([field, held]) => [field, shownOf(held) as V]));
  }

  async get(field: string): Promise<V | undefined> {
    const held = (await this.replica.state()).fields.get(field);
    return held === undefined ? undefined : (shownOf(held) as V);
  }

  async set(field: string, value: V): Promise<void> {
    checkTexts([field], 'a field of a map');
    // A copy: the caller may go on with its own.
    const kept: unknown = JSON.parse(jsonOf(value));
    await this.replica.change((state, writer) => withField(state, writer, field, kept));
  }

  async remove(...fields: readonly string[]): Promise<void> {
    await this.replica.change((state) => fields.reduce(withoutField, state));
  }

  async clear(): Promise<void> {
    await this.replica.change(({ seen }) => ({ seen, fields: emptyDotMap.fields }));
  }
}

/** What is no text would be stored, and nobody could read the key again. */
function checkTexts(values: readonly unknown[], what: string): void {
  if (!values.every((value) => typeof value === 'string'))
    throw new MalformedError(`${what} is a text`);
}

/** Throws `MalformedError`. */
function jsonOf(value: unknown): string {
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return text;
  } catch {
    // A circle, or a BigInt.
  }
  throw new MalformedError('a value of a map is what JSON has');
}
