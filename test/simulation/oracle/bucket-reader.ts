/** What a configuration says of buckets, read by code that shares nothing with that under test. */
import type { BucketBook, BucketRow, ReplicaChange } from '../../../actors/rules/bucket-book.js';
import type { BucketOptions } from '../../../actors/rules/bucket.js';
import type { Configuration } from '../../../actors/rules/configuration.js';
import type { Plain } from './message-reader.js';

export function readBook(row: Plain): BucketBook {
  if (!Array.isArray(row) || row.length !== 3 || !Array.isArray(row[2]))
    throw new Error('not buckets');
  return {
    defaults: readOptions(row[0]!),
    unknown: row[1] === true ? 'declared' : 'defaults',
    rows: row[2].map((each): BucketRow => {
      if (!Array.isArray(each) || each.length !== 3) throw new Error('not a bucket');
      return { name: nameOf(each[0]!), options: readOptions(each[1]!), closing: each[2] === true };
    }),
  };
}

export function readReplicas(rows: Plain): ReplicaChange[] {
  if (!Array.isArray(rows)) throw new Error('not changes of buckets');
  return rows.map((row) => {
    if (!Array.isArray(row) || row.length !== 4) throw new Error('not a change of a bucket');
    return { name: nameOf(row[0]!), n: Number(row[1]), r: Number(row[2]), w: Number(row[3]) };
  });
}

function readOptions(row: Plain): BucketOptions {
  if (!Array.isArray(row) || row.length !== 9) throw new Error('not what a bucket promises');
  const [n, r, w, conflict, ttlMs, durability, events, valueBytesMax, resolve] = row;
  return {
    n: Number(n),
    r: Number(r),
    w: Number(w),
    conflict: conflict === 0 ? 'siblings' : 'last-writer-wins',
    ttlMs: Number(ttlMs),
    durability:
      durability === null
        ? undefined
        : durability === 0
          ? { kind: 'sync' }
          : { kind: 'periodic', everyMs: Number(durability) },
    events: events === true ? 'on' : 'off',
    valueBytesMax: Number(valueBytesMax),
    resolve: resolve === 0 ? 'client' : 'service',
  };
}

function nameOf(bytes: Plain): string {
  if (!Buffer.isBuffer(bytes)) throw new Error('not a name');
  return bytes.toString('latin1');
}

export function rowNamed({ rows }: BucketBook, name: string): BucketRow | undefined {
  return rows.find((row) => row.name === name);
}

export function optionsOf(book: BucketBook, name: string): BucketOptions {
  return rowNamed(book, name)?.options ?? book.defaults;
}

/** N before and after; undefined: nothing is said of buckets. */
export function replicasOf(
  { buckets, move }: Configuration,
  name: string,
): { readonly before: number; readonly after: number } | undefined {
  if (buckets === undefined) return undefined;
  const isOwn = rowNamed(buckets, name) !== undefined;
  const change = move?.replicas?.find((each) => each.name === (isOwn ? name : ''));
  const before = optionsOf(buckets, name).n;
  return { before, after: change?.n ?? before };
}

/** What a move leads to. */
export function bookAfter(book: BucketBook, changes: readonly ReplicaChange[]): BucketBook {
  const changed = (name: string, options: BucketOptions): BucketOptions => {
    const change = changes.find((each) => each.name === name);
    return change === undefined ? options : { ...options, n: change.n, r: change.r, w: change.w };
  };
  return {
    ...book,
    defaults: changed('', book.defaults),
    rows: book.rows.map((row) => ({ ...row, options: changed(row.name, row.options) })),
  };
}

/** Whether keys of all buckets lie where they did. */
export function sameReplicas(before: BucketBook | undefined, after: BucketBook): boolean {
  if (before === undefined) return true;
  const names = new Set(['', ...[...before.rows, ...after.rows].map(({ name }) => name)]);
  return [...names].every((name) => {
    // Of one that is gone there is nothing any more.
    const isGone = rowNamed(before, name)?.closing === true && rowNamed(after, name) === undefined;
    return isGone || optionsOf(before, name).n === optionsOf(after, name).n;
  });
}

/** Whether quorums are others, or what is served at all. */
export function servesOtherwise(before: BucketBook | undefined, after: BucketBook): boolean {
  if (before === undefined) return true;
  const names = new Set(['', ...[...before.rows, ...after.rows].map(({ name }) => name)]);
  return [...names].some((name) => {
    const [was, is] = [optionsOf(before, name), optionsOf(after, name)];
    const isClosing = (book: BucketBook): boolean => rowNamed(book, name)?.closing === true;
    return was.r !== is.r || was.w !== is.w || isClosing(before) !== isClosing(after);
  });
}
