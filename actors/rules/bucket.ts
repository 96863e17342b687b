/** What a bucket promises. Which bucket promises what is told by `src/buckets/`. */
import { checkDurability, type Durability } from './durability.js';
import { bucketLimits } from './limits/buckets.js';
import { limits } from './limits.js';
import { checkWhole } from './whole-number.js';

export const conflictPolicies = ['siblings', 'last-writer-wins'] as const;

/**
 * What is shown of writes that did not know of each other: all of them, or the last by wall clock.
 */
export type ConflictPolicy = (typeof conflictPolicies)[number];

export const eventsChoices = ['on', 'off'] as const;
export const resolveChoices = ['client', 'service'] as const;

export interface BucketOptions {
  /** Replicas of each key. */
  readonly n: number;
  /** Nodes that must answer a get, unless it says so itself. */
  readonly r: number;
  /** Nodes that must have stored a put, unless it says so itself. */
  readonly w: number;
  readonly conflict: ConflictPolicy;
  /** 0: never. */
  readonly ttlMs: number;
  /** When a put counts as stored; undefined: as the node that stores it is told. */
  readonly durability: Durability | undefined;
  /** Whether `kv.changed` tells of its keys. */
  readonly events: (typeof eventsChoices)[number];
  /** Of one value, parts and all. */
  readonly valueBytesMax: number;
  /**
   * Who makes one of siblings where a reader wants one value: the client by itself, or the service
   * `kv.resolve.<bucket>`.
   */
  readonly resolve: (typeof resolveChoices)[number];
}

export const bucketOptionsDefault: BucketOptions = {
  n: 3,
  r: 2,
  w: 2,
  conflict: 'siblings',
  ttlMs: 0,
  durability: undefined,
  events: 'on',
  valueBytesMax: bucketLimits.valueBytesMaxDefault,
  resolve: 'client',
};

/** Of the parts of the bucket's big values: they lie where their keys do, for as long. */
export function partOptions(options: BucketOptions): BucketOptions {
  return { ...options, conflict: 'siblings', ttlMs: 0, events: 'off' };
}

/**
 * Throws `RangeError` naming the property, behind the name under which the caller was told of the
 * bucket.
 */
export function checkBucketOptions(name: string, options: BucketOptions): void {
  const { n, r, w, ttlMs, valueBytesMax, durability } = options;
  checkWhole(`${name}.n`, n, { min: 1, max: limits.membersMax });
  checkWhole(`${name}.r`, r, { min: 1, max: n });
  checkWhole(`${name}.w`, w, { min: 1, max: n });
  checkWhole(`${name}.ttlMs`, ttlMs, { min: 0, max: Number.MAX_SAFE_INTEGER });
  checkWhole(`${name}.valueBytesMax`, valueBytesMax, { min: 1, max: bucketLimits.valueBytesMax });
  if (durability !== undefined) checkDurability(`${name}.durability`, durability);
  checkChoice(`${name}.conflict`, options.conflict, conflictPolicies);
  checkChoice(`${name}.events`, options.events, eventsChoices);
  checkChoice(`${name}.resolve`, options.resolve, resolveChoices);
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new RangeError(`${name}: ${choices.map((it) => `'${it}'`).join(' or ')}`);
}
