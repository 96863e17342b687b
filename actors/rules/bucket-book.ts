/**
 * What the buckets of a cluster promise, as its configuration says it: so all nodes agree, and
 * change it together. Which of it may follow which is said by `bucket-steps.ts`.
 */
import { type BucketOptions, checkBucketOptions } from './bucket.js';
import type { ByteString } from './key.js';
import { bucketLimits } from './limits/buckets.js';
import { limits } from './limits.js';

export const unknownChoices = ['defaults', 'declared'] as const;

export interface BucketBook {
  /** Of every bucket without a row. */
  readonly defaults: BucketOptions;
  /** Whether buckets without a row are served by the defaults, or refused. */
  readonly unknown: (typeof unknownChoices)[number];
  /** Ascending by name. */
  readonly rows: readonly BucketRow[];
}

export interface BucketRow {
  readonly name: ByteString;
  readonly options: BucketOptions;
  /**
   * The bucket is removed: nothing is taken for it any more, its keys are dropped, and the row goes
   * when nobody holds any.
   */
  readonly closing: boolean;
}

/** Of which bucket the move changes N: its row, or the defaults where the name is ''. */
export interface ReplicaChange extends Pick<BucketOptions, 'n' | 'r' | 'w'> {
  readonly name: ByteString;
}

export const defaultsName: ByteString = '';

/** One token of a subject. Names beginning with a control character are nodes' own. */
export function isBucketName(name: ByteString): boolean {
  const isToken = /^[^\p{Cc} .*>]+$/u.test(name.replaceAll(/[\u0080-\u009f]/g, ''));
  return isToken && name.length <= limits.bucketBytesMax;
}

export function rowOf({ rows }: BucketBook, name: ByteString): BucketRow | undefined {
  return rows.find((row) => row.name === name);
}

/** The defaults too, by their name. */
export function optionsIn(book: BucketBook, name: ByteString): BucketOptions {
  return rowOf(book, name)?.options ?? book.defaults;
}

/** Throws `RangeError` naming what makes no sense. */
export function checkBook({ defaults, unknown, rows }: BucketBook): void {
  checkBucketOptions('defaults', defaults);
  if (!unknownChoices.includes(unknown))
    throw new RangeError(`buckets: ${unknownChoices.join(' or ')}`);
  if (rows.length > bucketLimits.bucketsMax)
    throw new RangeError(`buckets: ${bucketLimits.bucketsMax} at most, not ${rows.length}`);
  for (const [i, { name, options }] of rows.entries()) {
    if (!isBucketName(name) || (i > 0 && name <= rows[i - 1]!.name))
      throw new RangeError('buckets: each once, by its name, in order');
    checkBucketOptions(`bucket ${name}`, options);
  }
}

/** With the row in the place of the one of its name, or with none; '': of the defaults. */
export function withRow(book: BucketBook, name: ByteString, row?: BucketRow): BucketBook {
  if (name === defaultsName) return row === undefined ? book : { ...book, defaults: row.options };
  const others = book.rows.filter((other) => other.name !== name);
  const rows = row === undefined ? others : [...others, row];
  return { ...book, rows: rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** With the N, R and W that the changes say. */
export function replicated(book: BucketBook, changes: readonly ReplicaChange[]): BucketBook {
  return changes.reduce((changed, { name, n, r, w }) => {
    const options = { ...optionsIn(changed, name), n, r, w };
    return withRow(changed, name, { name, options, closing: false });
  }, book);
}

/** What it would take to take the changes back. */
export function reversed(book: BucketBook, changes: readonly ReplicaChange[]): ReplicaChange[] {
  return changes.map(({ name }) => {
    const { n, r, w } = optionsIn(book, name);
    return { name, n, r, w };
  });
}

export function sameBook(some: BucketBook | undefined, other: BucketBook | undefined): boolean {
  if (some === undefined || other === undefined) return some === other;
  return (
    some.unknown === other.unknown &&
    sameOptions(some.defaults, other.defaults) &&
    some.rows.length === other.rows.length &&
    some.rows.every((row, i) => sameRow(row, other.rows[i]!))
  );
}

export function sameChanges(
  some: readonly ReplicaChange[] = [],
  others: readonly ReplicaChange[] = [],
): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, n, r, w }, i) => {
      const other = others[i]!;
      return name === other.name && n === other.n && r === other.r && w === other.w;
    })
  );
}

function sameRow(some: BucketRow, other: BucketRow): boolean {
  return (
    some.name === other.name &&
    some.closing === other.closing &&
    sameOptions(some.options, other.options)
  );
}

export function sameOptions(some: BucketOptions, other: BucketOptions): boolean {
  return (
    some.n === other.n &&
    some.r === other.r &&
    some.w === other.w &&
    some.conflict === other.conflict &&
    some.ttlMs === other.ttlMs &&
    some.events === other.events &&
    some.valueBytesMax === other.valueBytesMax &&
    some.resolve === other.resolve &&
    msOf(some) === msOf(other)
  );
}

/** Between syncs; 0: none is waited for; -1: as each node is told. */
function msOf({ durability }: BucketOptions): number {
  if (durability === undefined) return -1;
  return durability.kind === 'sync' ? 0 : durability.everyMs;
}
