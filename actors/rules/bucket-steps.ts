/**
 * Which buckets may follow which in the chain of configurations.
 *
 * What says nothing of where keys lie, or of how many must have them, changes at once. So does what
 * R and W are, with a layout of its own: who goes by the other ones is not counted with. N changes
 * with a move alone (`steps.ts`), since the keys have to come to whoever is to own them.
 *
 * A bucket without a row has the N of the defaults, and may hold keys by that: its first row says
 * the same N, or comes with the move that changes it. A bucket that is removed is *closing* until
 * nobody holds any of its keys; then its row goes, and nothing of it can come back.
 */
import {
  type BucketBook,
  checkBook,
  defaultsName,
  optionsIn,
  type ReplicaChange,
  replicated,
  rowOf,
  sameOptions,
} from './bucket-book.js';
import type { Configuration } from './configuration.js';
import type { Objection } from './objection.js';

/** `book`: to be said from now on; of a move that begins with it, what its buckets are before. */
export function objectionToBook(from: Configuration, book: BucketBook): Objection | undefined {
  try {
    checkBook(book);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
  const { buckets: before, move } = from;
  if (before === undefined)
    return move === undefined ? undefined : 'a move is under way: wait for it, or cancel it';
  for (const name of namesOf(before, book)) {
    const objection = objectionToRow(from, before, book, name);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function namesOf(before: BucketBook, after: BucketBook): ReadonlySet<string> {
  return new Set([defaultsName, ...[...before.rows, ...after.rows].map(({ name }) => name)]);
}

function objectionToRow(
  from: Configuration,
  before: BucketBook,
  after: BucketBook,
  name: string,
): Objection | undefined {
  const [was, is] = [rowOf(before, name), rowOf(after, name)];
  const [old, now] = [optionsIn(before, name), optionsIn(after, name)];
  const shown = name === defaultsName ? 'the defaults' : `bucket ${name}`;
  if (was?.closing === true) {
    // Nobody holds a key of it any more: that is looked at by who proposes it.
    if (is === undefined) return from.move === undefined ? undefined : moving;
    const isSame = is.closing && sameOptions(old, now);
    return isSame ? undefined : `${shown} is being removed: wait until it is gone`;
  }
  if (was !== undefined && is === undefined) return `${shown} is not closing yet`;
  if (old.n !== now.n) return `N of ${shown} changes with a move alone`;
  const isOther = old.r !== now.r || old.w !== now.w || is?.closing === true;
  return isOther && from.move !== undefined ? moving : undefined;
}

const moving: Objection = 'a move is under way: wait for it, or cancel it';

/** Whether who goes by the one must not be counted with who goes by the other. */
export function isOfAnotherLayout(before: BucketBook | undefined, after: BucketBook): boolean {
  if (before === undefined) return true;
  return [...namesOf(before, after)].some((name) => {
    const [old, now] = [optionsIn(before, name), optionsIn(after, name)];
    const isOther = old.r !== now.r || old.w !== now.w;
    return isOther || isClosing(before, name) !== isClosing(after, name);
  });
}

function isClosing(book: BucketBook, name: string): boolean {
  return rowOf(book, name)?.closing === true;
}

/** Of a move: each names what there is, once, and says another N. */
export function objectionToReplicas(
  book: BucketBook | undefined,
  changes: readonly ReplicaChange[],
): Objection | undefined {
  if (changes.length === 0) return undefined;
  if (book === undefined) return 'nothing is said of buckets yet';
  for (const [i, { name, n }] of changes.entries()) {
    if (i > 0 && name <= changes[i - 1]!.name) return 'a bucket is named twice';
    const row = rowOf(book, name);
    if (name !== defaultsName && row === undefined) return `there is no bucket ${name}`;
    if (row?.closing === true) return `bucket ${name} is being removed`;
    if (optionsIn(book, name).n === n) return `bucket ${name} has N=${n} already`;
  }
  try {
    checkBook(replicated(book, changes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
  return undefined;
}
