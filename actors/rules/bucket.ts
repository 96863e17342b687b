/** What a bucket promises. Which bucket promises what is told by `src/buckets/`. */
import { limits } from './limits.js';
import { checkWhole } from './whole-number.js';

export const conflictPolicies = ['siblings', 'last-writer-wins'] as const;

/**
 * What is shown of writes that did not know of each other: all of them, or the last by wall clock.
 */
export type ConflictPolicy = (typeof conflictPolicies)[number];

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
}

export const bucketOptionsDefault: BucketOptions = {
  n: 3,
  r: 2,
  w: 2,
  conflict: 'siblings',
  ttlMs: 0,
};

/**
 * Throws `RangeError` naming the property, behind the name under which the caller was told of the
 * bucket.
 */
export function checkBucketOptions(
  name: string,
  { n, r, w, conflict, ttlMs }: BucketOptions,
): void {
  checkWhole(`${name}.n`, n, { min: 1, max: limits.membersMax });
  checkWhole(`${name}.r`, r, { min: 1, max: n });
  checkWhole(`${name}.w`, w, { min: 1, max: n });
  checkWhole(`${name}.ttlMs`, ttlMs, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (!conflictPolicies.includes(conflict))
    throw new RangeError(
      `${name}.conflict: ${conflictPolicies.map((it) => `'${it}'`).join(' or ')}`,
    );
}
