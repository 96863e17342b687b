/**
 * What is asked and answered about buckets, as JSON: `kv.bucket.<verb>.<bucket>`.
 *
 *   create, set    {"n": 3, "ttlMs": 60000, "durability": "sync", …} → BucketChanged
 *   defaults       the same of all others, and {"unknown": "declared"} → BucketChanged
 *   rm             → BucketChanged, with `closing` in its bucket
 *   ls             → BucketList
 *   info           → BucketInfo
 */
import type { BucketBook, BucketRow, ReplicaChange } from '../../actors/rules/bucket-book.js';
import { defaultsName, unknownChoices } from '../../actors/rules/bucket-book.js';
import type { OwnOptions } from '../../actors/rules/bucket-wishes.js';
import {
  type BucketOptions,
  conflictPolicies,
  eventsChoices,
  resolveChoices,
} from '../../actors/rules/bucket.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { Durability } from '../../actors/rules/durability.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { MalformedError } from '../errors.js';
import { shownName } from './shown-bytes.js';

export const bucketVerbs = ['create', 'set', 'rm', 'info', 'ls', 'defaults'] as const;
export type BucketVerb = (typeof bucketVerbs)[number];

/** As texts and numbers alone; `durability`: 'node', 'sync' or 'periodic:<ms>'. */
export interface BucketForm extends Omit<BucketOptions, 'durability'> {
  /** Left out of the defaults. */
  readonly name?: string;
  readonly durability: string;
  /** It is being removed. */
  readonly closing?: true;
  /** N, R and W once the move that is under way is over. */
  readonly becomes?: Pick<BucketOptions, 'n' | 'r' | 'w'>;
}

export interface BucketChanged {
  readonly bucket: BucketForm;
  /** The number of the configuration with which that was agreed on. */
  readonly configuration: number;
  /** Keys are on their way to more nodes, or fewer. */
  readonly moving: boolean;
}

export interface BucketList {
  readonly configuration: number;
  readonly unknown: BucketBook['unknown'];
  readonly defaults: BucketForm;
  readonly buckets: readonly BucketForm[];
}

export interface BucketCounts {
  /** That show a value. */
  readonly keys: number;
  /** Of their values, once each. */
  readonly bytes: number;
  readonly tombstones: number;
  /** Keys with more than one value. */
  readonly siblings: number;
  /** Keys that some node keeps for another that was out of reach. */
  readonly hints: number;
}

export interface BucketInfo extends BucketCounts {
  readonly bucket: BucketForm;
  /** False: some partitions could not be counted. */
  readonly complete: boolean;
}

export interface DefaultsWish {
  readonly own: OwnOptions;
  readonly unknown: BucketBook['unknown'] | undefined;
}

export function bucketFormOf(
  { name, options, closing }: BucketRow,
  replicas: readonly ReplicaChange[] = [],
): BucketForm {
  const { durability, ...others } = options;
  const change = replicas.find((each) => each.name === name);
  return {
    ...(name !== defaultsName && { name: shownName(name) }),
    ...others,
    durability: durabilityText(durability),
    ...(closing && { closing: true as const }),
    ...(change !== undefined && { becomes: { n: change.n, r: change.r, w: change.w } }),
  };
}

export function bucketListOf(
  { number, move }: Pick<Configuration, 'number' | 'move'>,
  book: BucketBook,
): BucketList {
  const form = (row: BucketRow): BucketForm => bucketFormOf(row, move?.replicas);
  const { defaults, unknown, rows } = book;
  return {
    configuration: number,
    unknown,
    defaults: form({ name: defaultsName, options: defaults, closing: false }),
    buckets: rows.map(form),
  };
}

export function durabilityText(durability: Durability | undefined): string {
  if (durability === undefined) return 'node';
  return durability.kind === 'sync' ? 'sync' : `periodic:${durability.everyMs}`;
}

/** Empty: nothing is said. Throws `MalformedError` naming what makes no sense. */
export function ownOptionsOf(data: Uint8Array): OwnOptions {
  return ownOf(objectOf(data));
}

/** As `ownOptionsOf`. */
export function defaultsWishOf(data: Uint8Array): DefaultsWish {
  const { unknown, ...others } = objectOf(data);
  return { own: ownOf(others), unknown: choiceOf('unknown', unknown, unknownChoices) };
}

function ownOf(fields: Readonly<Record<string, unknown>>): OwnOptions {
  const { n, r, w, conflict, ttlMs, durability, events, valueBytesMax, resolve, ...others } =
    fields;
  const [stranger] = Object.keys(others);
  if (stranger !== undefined)
    throw new MalformedError(`a bucket has no ${JSON.stringify(stranger.slice(0, 64))}`);
  return {
    n: wholeOf('n', n),
    r: wholeOf('r', r),
    w: wholeOf('w', w),
    conflict: choiceOf('conflict', conflict, conflictPolicies),
    ttlMs: wholeOf('ttlMs', ttlMs),
    ...(durability !== undefined && { durability: durabilityOf(durability) }),
    events: choiceOf('events', events, eventsChoices),
    valueBytesMax: wholeOf('valueBytesMax', valueBytesMax),
    resolve: choiceOf('resolve', resolve, resolveChoices),
  };
}

function objectOf(data: Uint8Array): Readonly<Record<string, unknown>> {
  if (data.length === 0) return {};
  if (data.length > bucketLimits.questionBytesMax)
    throw new MalformedError(`at most ${bucketLimits.questionBytesMax} bytes of JSON`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    throw new MalformedError('what a bucket is to promise is said in JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError('what a bucket is to promise is a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function wholeOf(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MalformedError(`${name} is a whole number`);
}

function choiceOf<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new MalformedError(`${name} is ${choices.map((each) => `"${each}"`).join(' or ')}`);
}

function durabilityOf(value: unknown): Durability | undefined {
  if (value === 'node') return undefined;
  if (value === 'sync') return { kind: 'sync' };
  const ms = typeof value === 'string' ? /^periodic:(\d{1,9})$/.exec(value)?.[1] : undefined;
  if (ms !== undefined && Number(ms) > 0) return { kind: 'periodic', everyMs: Number(ms) };
  throw new MalformedError('durability is "node", "sync" or "periodic:<ms>"');
}
