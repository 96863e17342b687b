/**
 * What a node lists of its keys: those of a bucket in a part of one partition, in order, as far as
 * there is room; with the root of the partition's hash tree, by which two nodes tell whether they
 * hold the same. A sum over what was listed would tell more often, but to hash the keys for it
 * takes longer than to list them.
 */
import type { ConflictPolicy } from '../../actors/rules/bucket.js';
import { storageKeyOf, type ByteString, type StorageKey } from '../../actors/rules/key.js';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import { sameDigest, type Digest } from '../../actors/rules/versions.js';
import { valuesOf } from '../../actors/rules/view.js';
import type { EncodedState } from '../wire/encoded-state.js';
import { listedBytes, ListedKeys } from '../wire/listed-keys.js';
import { loneValueOf } from '../wire/lone-value.js';
import type { AskedSpan, ListedSpan, Span } from '../wire/protocol/list.js';
import type { StorageRange, Store } from './store.js';

export type ListedStore = Pick<Store, 'range' | 'rootOf'>;

export interface Listed {
  readonly bucket: ByteString;
  readonly prefix: ByteString;
  readonly conflict: ConflictPolicy;
  /** Wall clock. */
  readonly nowMs: number;
}

/** What may be looked at in one go, by however many spans. */
export class Room {
  private keys: number = listingLimits.stepKeysMax;
  private bytes: number = listingLimits.stepBytesMax;
  private readBytes: number = listingLimits.stepReadBytesMax;

  get isLeft(): boolean {
    return this.keys > 0 && this.bytes > 0 && this.readBytes > 0;
  }

  /** `recordBytes`: of its state, values included, which are read with it. */
  take(key: ByteString, recordBytes: number): void {
    this.keys--;
    this.bytes -= listedBytes(key);
    this.readBytes -= recordBytes;
  }
}

export interface OwnSpan {
  readonly listed: ListedKeys;
  /** Of the partition's hash tree, which counts what was listed from; undefined: none does. */
  readonly root: Digest | undefined;
}

/** `room`: there is some. */
export function listSpan(store: ListedStore, span: Span, what: Listed, room: Room): OwnSpan {
  const listed = new ListedKeys();
  const keyAt = 2 + what.bucket.length + 1;
  const root = store.rootOf(span.partition);
  for (const [name, record] of store.range(rangeOf(span, what))) {
    if (!room.isLeft) {
      listed.isWhole = false;
      break;
    }
    const key = name.slice(keyAt);
    const { span: state } = record;
    listed.add(key, record.digest, shows(state, what));
    room.take(key, state.length);
  }
  // A record that was found to be damaged just now is in the tree still.
  const isFit = store.rootOf(span.partition) !== undefined;
  return { listed, root: isFit ? root : undefined };
}

/** Undefined: there is no room left to look at it. */
export function answerSpan(
  store: ListedStore,
  span: AskedSpan,
  what: Listed,
  room: Room,
): ListedSpan | undefined {
  const root = span.root === undefined ? undefined : store.rootOf(span.partition);
  if (root !== undefined && sameDigest(root, span.root!)) return 'same';
  return room.isLeft ? listSpan(store, span, what, room).listed : undefined;
}

function shows(state: EncodedState, { conflict, nowMs }: Listed): boolean {
  if (loneValueOf(state, nowMs) !== undefined) return true;
  return valuesOf(state.decode(), { conflict, nowMs }).length > 0;
}

function rangeOf(
  { partition, after, upTo }: Span,
  { bucket, prefix }: Pick<Listed, 'bucket' | 'prefix'>,
): StorageRange {
  const name = (key: ByteString): StorageKey => storageKeyOf({ partition, bucket, key });
  const first = name(prefix);
  const behind = after === '' ? first : `${name(after)}\0`;
  const end = successorOf(first);
  const upToEnd = upTo === undefined ? end : `${name(upTo)}\0`;
  return { start: behind > first ? behind : first, end: upToEnd < end ? upToEnd : end };
}

/** The first name behind all that begin so. The bucket's end is a zero, so there is one. */
function successorOf(start: StorageKey): StorageKey {
  let last = start.length - 1;
  while (start.charCodeAt(last) === 0xff) last--;
  return start.slice(0, last) + String.fromCharCode(start.charCodeAt(last) + 1);
}
