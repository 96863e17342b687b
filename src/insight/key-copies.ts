/** What this node holds of a key, and which keys of a bucket it holds. */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import {
  nameOfStorageKey,
  partitionOf,
  partitionOfStorageKey,
  storageKeyOf,
  type ByteString,
  type StorageKey,
} from '../../actors/rules/key.js';
import { standing } from '../../actors/rules/operations.js';
import type { Sibling } from '../../actors/rules/versions.js';
import type { Clock } from '../seams/clock.js';
import type { Store } from '../store/store.js';
import { dotForm, type DotForm } from '../wire/dot-form.js';
import { shownName, shownValue } from '../wire/shown-bytes.js';

export type SiblingForm = {
  readonly dot: DotForm;
  readonly bytes: number;
  /** The first of it; not there for a tombstone. */
  readonly value?: string;
  readonly tombstone: boolean;
  readonly writtenAtMs: number;
  readonly expiresAtMs: number;
};

export type KeyCopy = {
  readonly partition: number;
  readonly held: boolean;
  /** Of its siblings. */
  readonly dots: readonly DotForm[];
  readonly context: readonly DotForm[];
  readonly siblings: readonly SiblingForm[];
  /** To whom the node owes the key. */
  readonly owedTo: readonly NodeId[];
};

export function keyCopy(
  store: Pick<Store, 'peek' | 'hints'>,
  name: { readonly bucket: ByteString; readonly key: ByteString },
  partitions: number,
): KeyCopy {
  const partition = partitionOf(name, partitions);
  const storageKey = storageKeyOf({ ...name, partition });
  const record = store.peek(storageKey);
  const state = record?.state ?? { context: [], siblings: [] };
  const siblings = standing(state.siblings).slice(0, limits.siblingsMax).map(siblingForm);
  return {
    partition,
    held: record !== undefined,
    dots: siblings.map(({ dot }) => dot),
    context: state.context.slice(0, limits.contextEntriesMax).map(dotForm),
    siblings,
    owedTo: store.hints.owedTo(storageKey),
  };
}

function siblingForm({ dot, value, writtenAtMs, expiresAtMs }: Sibling): SiblingForm {
  const base = { dot: dotForm(dot), writtenAtMs, expiresAtMs };
  if (value === null) return { ...base, bytes: 0, tombstone: true };
  return { ...base, bytes: value.length, value: shownValue(value), tombstone: false };
}

type PagedClock = Pick<Clock, 'monotonicMs'>;

export type KeysPage = {
  /** Those with a value, in the order in which they are held. */
  readonly keys: readonly string[];
  /** For the question that follows; '' when there are no more. */
  readonly next: string;
};

/**
 * `after`: what the page before gave as `next`. Looks at a bounded number of records, and for a
 * bounded time: one with few keys, or none, may have more behind it.
 */
export function keysPage(
  { store, clock }: { readonly store: Pick<Store, 'scan' | 'peek'>; readonly clock: PagedClock },
  wanted: { readonly bucket: ByteString; readonly after: string; readonly limit: number },
  partitions: number,
): KeysPage {
  const { bucket, limit } = wanted;
  const keys: string[] = [];
  let { partition, after } = cursorOf(wanted.after, bucket);
  let left: number = insightLimits.keysLookedAtMax;
  const endMs = clock.monotonicMs() + insightLimits.keysMsMax;
  while (partition < partitions && left > 0 && clock.monotonicMs() < endMs) {
    const found = store.scan({ partition, after, limit: Math.min(left, limit) });
    left -= Math.max(1, found.length);
    for (const { key } of found) {
      if (nameOfStorageKey(key).bucket !== bucket) break;
      after = key;
      const siblings = standing(store.peek(key)?.state.siblings ?? []);
      if (siblings.every(({ value }) => value === null)) continue;
      keys.push(shownName(nameOfStorageKey(key).key));
      if (keys.length >= limit) return { keys, next: cursorText(key) };
    }
    const last = found.at(-1);
    const isThrough =
      last === undefined ||
      nameOfStorageKey(last.key).bucket !== bucket ||
      found.length < Math.min(left, limit);
    if (!isThrough) continue;
    partition++;
    after = beginOf(partition, bucket);
  }
  return { keys, next: partition < partitions ? cursorText(after) : '' };
}

/** In front of all keys of the bucket there. */
function beginOf(partition: number, bucket: ByteString): StorageKey {
  return storageKeyOf({ partition, bucket, key: '' });
}

function cursorText(key: StorageKey): string {
  return Buffer.from(key, 'latin1').toString('base64url');
}

/** What is no cursor begins at the first. */
function cursorOf(text: string, bucket: ByteString): { partition: number; after: StorageKey } {
  const key = Buffer.from(text, 'base64url').toString('latin1');
  if (key.length < 2 + bucket.length + 1 || key.length > limits.storageKeyBytesMax)
    return { partition: 0, after: beginOf(0, bucket) };
  return { partition: partitionOfStorageKey(key), after: key };
}
