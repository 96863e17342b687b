/**
 * From what somebody wants of a bucket to the configuration that follows, or to what stands in its
 * way. One of another N begins a move; everything else is said at once.
 */
import {
  type BucketBook,
  type BucketRow,
  defaultsName,
  optionsIn,
  rowOf,
  withRow,
} from './bucket-book.js';
import type { BucketOptions } from './bucket.js';
import type { Configuration } from './configuration.js';
import type { ByteString } from './key.js';
import { begin, type Objection, rebooked } from './steps.js';

export type BucketWish =
  | { readonly ask: 'create' | 'set'; readonly name: ByteString; readonly own: OwnOptions }
  | { readonly ask: 'remove'; readonly name: ByteString }
  | {
      readonly ask: 'defaults';
      readonly own: OwnOptions;
      readonly unknown?: BucketBook['unknown'] | undefined;
    };

/**
 * What is not said stays; of one that is created it is as the defaults have it. Durability is said
 * where it is there: undefined, as the node is told.
 */
export type OwnOptions = { readonly [P in keyof BucketOptions]?: BucketOptions[P] | undefined };

/** `told`: what the asked node was told at its start, which counts until anything is said. */
export function wished(
  from: Configuration,
  wish: BucketWish,
  told: BucketBook,
): Configuration | Objection {
  const book = from.buckets ?? told;
  if (wish.ask === 'remove') return removed(from, book, wish.name);
  const objection = movingObjection(from, wish);
  if (objection !== undefined) return objection;
  if (wish.ask === 'defaults') {
    const { unknown = book.unknown } = wish;
    const options = changed(book.defaults, wish.own);
    return said(from, { ...book, unknown }, { name: defaultsName, options, closing: false });
  }
  const { name, ask, own } = wish;
  const row = rowOf(book, name);
  if (row?.closing === true) return `bucket ${name} is being removed: wait until it is gone`;
  if (ask === 'create' && row !== undefined) return `there is a bucket ${name} already`;
  if (ask === 'set' && row === undefined) return `there is no bucket ${name}: create it`;
  const options = changed(optionsIn(book, name), own);
  return said(from, book, { name, options, closing: false });
}

/** What it comes to for whoever wished it: of the bucket, once all has moved. */
export function optionsWished(from: Configuration, name: ByteString): BucketOptions | undefined {
  const { buckets, move } = from;
  if (buckets === undefined) return undefined;
  const row = name === defaultsName ? undefined : rowOf(buckets, name);
  const options = name === defaultsName ? buckets.defaults : row?.options;
  if (options === undefined || row?.closing === true) return undefined;
  const after = move?.replicas?.find((change) => change.name === name);
  return after === undefined ? options : { ...options, n: after.n, r: after.r, w: after.w };
}

/** R and W of another N are a majority of it, unless they are said. */
function changed(options: BucketOptions, own: OwnOptions): BucketOptions {
  const said = Object.fromEntries(
    Object.entries(own).filter(([name, value]) => value !== undefined || name === 'durability'),
  ) as Partial<BucketOptions>;
  const { n = options.n } = said;
  const majority = Math.floor(n / 2) + 1;
  const quorums = n === options.n ? {} : { r: majority, w: majority };
  return { ...options, ...quorums, ...said };
}

/** Until everything has moved N, R and W are what its keys have been put by. */
function said(from: Configuration, book: BucketBook, row: BucketRow): Configuration | Objection {
  const { name, options } = row;
  const { n, r, w } = optionsIn(book, name);
  const objection = tooFewObjection(from, options);
  if (objection !== undefined) return objection;
  if (options.n === n) return rebooked(from, withRow(book, name, row));
  const before = { ...row, options: { ...options, n, r, w } };
  const { members, ring } = from;
  const replicas = [{ name, n: options.n, r: options.r, w: options.w }];
  return begin(from, {
    members,
    ring,
    removed: [],
    buckets: withRow(book, name, before),
    replicas,
  });
}

function removed(
  from: Configuration,
  book: BucketBook,
  name: ByteString,
): Configuration | Objection {
  const row = rowOf(book, name);
  if (row === undefined && book.unknown === 'declared') return `there is no bucket ${name}`;
  if (row?.closing === true) return `bucket ${name} is being removed already`;
  const closing = { name, options: optionsIn(book, name), closing: true };
  return rebooked(from, withRow(book, name, closing));
}

/** What they become is said already: at the end of the move it would replace what is said now. */
function movingObjection(
  { move }: Configuration,
  wish: Exclude<BucketWish, { readonly ask: 'remove' }>,
): Objection | undefined {
  const { n, r, w } = wish.own;
  const name = wish.ask === 'defaults' ? defaultsName : wish.name;
  const becomes = move?.replicas?.find((change) => change.name === name);
  if (becomes === undefined || (n ?? r ?? w) === undefined) return undefined;
  return `its keys move, to N=${becomes.n}, R=${becomes.r}, W=${becomes.w}: wait for it, or cancel it, before these change again`;
}

function tooFewObjection(from: Configuration, { r, w }: BucketOptions): Objection | undefined {
  const nodes = from.members.filter(({ weight }) => weight > 0).length;
  if (Math.max(r, w) <= nodes) return undefined;
  return `R=${r} and W=${w} take more nodes than hold data here, ${nodes}: all its requests would be refused`;
}
