/**
 * What buckets promise, as it stands in configurations.
 *
 *   book     [defaults, declared: bool, rows]
 *   row      [name: bin, options, closing: bool]
 *   options  [n, r, w, conflict, ttl, durability, events: bool, largest value, resolve]; conflict
 *            and resolve by their place in the lists of `actors/rules/bucket.ts`; durability in ms
 *            between two syncs, 0 for each put's own, null as the node is told
 *   change   [name: bin, n, r, w]
 */
import {
  type BucketBook,
  type BucketRow,
  checkBook,
  defaultsName,
  isBucketName,
  type ReplicaChange,
} from '../../actors/rules/bucket-book.js';
import { type BucketOptions, conflictPolicies, resolveChoices } from '../../actors/rules/bucket.js';
import type { Durability } from '../../actors/rules/durability.js';
import { bucketLimits } from '../../actors/rules/limits/buckets.js';
import { MalformedError } from '../errors.js';
import { isBin, isInt, isList } from './columns.js';
import type { WireValue } from './message-pack.js';
import { latin1Of } from './text.js';

export function bookRow({ defaults, unknown, rows }: BucketBook): WireValue {
  return [
    optionsRow(defaults),
    unknown === 'declared',
    rows.map(({ name, options, closing }) => [bytesOf(name), optionsRow(options), closing]),
  ];
}

/** Throws `MalformedError`. */
export function bookOf(row: WireValue | undefined): BucketBook {
  if (row === undefined || !isList(row) || row.length !== 3) throw notBuckets();
  const [defaults, isDeclared, rows] = row;
  if (typeof isDeclared !== 'boolean' || rows === undefined || !isList(rows)) throw notBuckets();
  if (rows.length > bucketLimits.bucketsMax) throw notBuckets();
  const book: BucketBook = {
    defaults: optionsOf(defaults),
    unknown: isDeclared ? 'declared' : 'defaults',
    rows: rows.map(rowOf),
  };
  try {
    checkBook(book);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedError(error.message);
    throw error;
  }
  return book;
}

export function changesRow(changes: readonly ReplicaChange[]): WireValue {
  return changes.map(({ name, n, r, w }) => [bytesOf(name), n, r, w]);
}

/** Throws `MalformedError`. */
export function changesOf(rows: WireValue | undefined): ReplicaChange[] {
  if (rows === undefined || !isList(rows) || rows.length === 0) throw notBuckets();
  if (rows.length > bucketLimits.bucketsMax + 1) throw notBuckets();
  const changes = rows.map((row): ReplicaChange => {
    if (!isList(row) || row.length !== 4) throw notBuckets();
    const [name, n, r, w] = row;
    if (!isBin(name) || !isInt(n) || !isInt(r) || !isInt(w)) throw notBuckets();
    const text = latin1Of(name);
    if (text !== defaultsName && !isBucketName(text)) throw notBuckets();
    return { name: text, n, r, w };
  });
  if (changes.some(({ name }, i) => i > 0 && name <= changes[i - 1]!.name)) throw notBuckets();
  return changes;
}

function rowOf(row: WireValue): BucketRow {
  if (!isList(row) || row.length !== 3) throw notBuckets();
  const [name, options, closing] = row;
  if (!isBin(name) || typeof closing !== 'boolean') throw notBuckets();
  return { name: latin1Of(name), options: optionsOf(options), closing };
}

function optionsRow(options: BucketOptions): WireValue {
  const { n, r, w, conflict, ttlMs, durability, events, valueBytesMax, resolve } = options;
  return [
    n,
    r,
    w,
    conflictPolicies.indexOf(conflict),
    ttlMs,
    durability === undefined ? null : durability.kind === 'sync' ? 0 : durability.everyMs,
    events === 'on',
    valueBytesMax,
    resolveChoices.indexOf(resolve),
  ];
}

function optionsOf(row: WireValue | undefined): BucketOptions {
  if (row === undefined || !isList(row) || row.length !== 9) throw notBuckets();
  const [n, r, w, conflictAt, ttlMs, durability, events, valueBytesMax, resolveAt] = row;
  const conflict = isInt(conflictAt) ? conflictPolicies[conflictAt] : undefined;
  const resolve = isInt(resolveAt) ? resolveChoices[resolveAt] : undefined;
  if (!isInt(n) || !isInt(r) || !isInt(w) || !isInt(ttlMs) || !isInt(valueBytesMax))
    throw notBuckets();
  if (conflict === undefined || resolve === undefined || typeof events !== 'boolean')
    throw notBuckets();
  return {
    n,
    r,
    w,
    conflict,
    ttlMs,
    durability: durabilityOf(durability),
    events: events ? 'on' : 'off',
    valueBytesMax,
    resolve,
  };
}

function durabilityOf(ms: WireValue | undefined): Durability | undefined {
  if (ms === null) return undefined;
  if (!isInt(ms) || ms < 0) throw notBuckets();
  return ms === 0 ? { kind: 'sync' } : { kind: 'periodic', everyMs: ms };
}

function bytesOf(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

function notBuckets(): MalformedError {
  return new MalformedError('not the buckets of a configuration');
}
