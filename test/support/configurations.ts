/** Configurations for tests: some by name, and random ones that steps lead to. */
import * as fc from 'fast-check';
import { withRow } from '../../actors/rules/bucket-book.js';
import { type BucketWish, type OwnOptions, wished } from '../../actors/rules/bucket-wishes.js';
import { bucketOptionsDefault, conflictPolicies } from '../../actors/rules/bucket.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { Configuration, Place } from '../../actors/rules/configuration.js';
import {
  begin,
  cancelled,
  finish,
  foundingConfiguration,
  moved,
  type Objection,
  rebooked,
  released,
  removal,
} from '../../actors/rules/steps.js';

/** n1 has id 0…01, a host of its own, and weight 1. */
export function placeOf(number: number, changes: Partial<Place> = {}): Place {
  const id = number.toString(16).padStart(16, '0');
  return { id, name: `n${number}`, host: `h${number}`, zone: 'z', weight: 1, ...changes };
}

export function placesOf(...numbers: readonly number[]): Place[] {
  return numbers.map((number) => placeOf(number));
}

export function idOf(number: number): string {
  return placeOf(number).id;
}

export function allOf({ partitions }: Configuration): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition);
}

export function taken(step: Configuration | Objection): Configuration {
  if (typeof step === 'string') throw new Error(step);
  return step;
}

/** Moved whole, and over. */
export function settled(moving: Configuration): Configuration {
  return taken(finish(taken(moved(moving, allOf(moving)))));
}

const label = fc
  .string({ maxLength: 12, unit: 'grapheme' })
  .filter((text) => !/\p{Cc}/u.test(text));

const nodes = { min: 1, max: 12 };

const places: fc.Arbitrary<Place[]> = fc.uniqueArray(
  fc
    .tuple(
      fc.integer(nodes),
      fc.record({
        name: label,
        host: fc.constantFrom('h1', 'h2', 'h3', 'h4'),
        zone: fc.constantFrom('a', 'b', 'é'),
        weight: fc.constantFrom(0, 0.5, 1, 2.25, 64),
      }),
    )
    .map(([number, changes]) => placeOf(number, changes)),
  { minLength: 1, maxLength: 8, selector: ({ id }) => id },
);

const someNodes = fc.uniqueArray(fc.integer(nodes), { maxLength: 3 }).map((all) => all.map(idOf));

const bucketName = fc.constantFrom('shop', 'logs', 'k\xc3\xa4se');
const told = { defaults: bucketOptionsDefault, unknown: 'defaults', rows: [] } as const;

const own: fc.Arbitrary<OwnOptions> = fc.record(
  {
    n: fc.integer({ min: 1, max: 4 }),
    w: fc.integer({ min: 1, max: 3 }),
    ttlMs: fc.constantFrom(0, 5_000),
    conflict: fc.constantFrom(...conflictPolicies),
    durability: fc.constantFrom<Durability>({ kind: 'sync' }, { kind: 'periodic', everyMs: 50 }),
    events: fc.constantFrom('on', 'off'),
    resolve: fc.constantFrom('client', 'service'),
  },
  { requiredKeys: [] },
);

const bucketWishes: fc.Arbitrary<BucketWish> = fc.oneof(
  fc.record({ ask: fc.constantFrom('create', 'set'), name: bucketName, own }),
  fc.record({ ask: fc.constant('remove' as const), name: bucketName }),
  fc.record({
    ask: fc.constant('defaults' as const),
    own,
    unknown: fc.constantFrom('defaults', 'declared'),
  }),
);

/** What somebody wants next, sensible or not. */
export type Wanted = (from: Configuration) => Configuration | Objection;

export const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc.tuple(places, fc.constantFrom<1 | 2>(1, 2), fc.oneof(fc.constant([]), someNodes)).map(
    ([members, ring, removed]): Wanted =>
      (from) =>
        begin(from, { members, ring, removed }),
  ),
  fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 10 }).map(
    (some): Wanted =>
      (from) =>
        moved(from, some),
  ),
  fc.constant<Wanted>((from) => moved(from, allOf(from))),
  fc.constant<Wanted>(finish),
  fc.constant<Wanted>(cancelled),
  someNodes.map(
    (some): Wanted =>
      (from) =>
        released(from, some),
  ),
  fc.constant<Wanted>((from) => released(from, from.leaving.slice(0, 1))),
  someNodes.map(
    (some): Wanted =>
      (from) =>
        removal(from, some.slice(0, 1)),
  ),
  bucketWishes.map(
    (wish): Wanted =>
      (from) =>
        wished(from, wish, told),
  ),
  bucketName.map(
    (name): Wanted =>
      (from) =>
        from.buckets === undefined
          ? 'nothing is said of buckets'
          : rebooked(from, withRow(from.buckets, name)),
  ),
);

/** The configurations of a cluster, one after the other; steps there are not were not taken. */
export const histories: fc.Arbitrary<readonly Configuration[]> = fc
  .tuple(
    places.filter((all) => all.some(({ weight }) => weight > 0)),
    fc.integer({ min: 1, max: 10 }),
    fc.array(wanted, { maxLength: 30 }),
  )
  .map(([founders, partitions, wishes]) => {
    const history = [foundingConfiguration(founders, partitions)];
    for (const wish of wishes) {
      const next = wish(history.at(-1)!);
      if (typeof next !== 'string') history.push(next);
    }
    return history;
  });
