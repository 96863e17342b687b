/**
 * What each entry of the log does to records and debts; the same code when it is written and when it is replayed,
 * so that a replay ends where memory was.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { digestOf, merge, sameDigest, type Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import {
  bytesOf,
  checkedDigest,
  replaces,
  spanOf,
  type StateSpan,
} from '../wire/encoded-states.js';
import { decodeState, encodeState } from '../wire/key-state-codec.js';
import { spansOf } from '../wire/state-batch.js';
import type { HintIndex } from './hints.js';
import type { LogEntry, Removal } from './log-entry.js';
import { Held } from './record-codec.js';
import type { Records } from './records.js';
import type { StoredRecord } from './store.js';

export interface IncomingState extends StateSpan {
  readonly key: StorageKey;
  readonly digest: Digest;
}

const storageKeyBytesMax = 2 + limits.bucketBytesMax + 1 + limits.keyBytesMax;

/** Throws `MalformedError` unless all of the batch can be stored. */
export function checkedStates(batch: Buffer, partitions: number): IncomingState[] {
  return spansOf(batch).map((span) => {
    const { key, source, start, length } = span;
    checkKey(key, partitions);
    return { key, source, start, length, digest: checkedDigest(span) };
  });
}

function checkKey(key: StorageKey, partitions: number): void {
  const named = key.length > 4 && key.indexOf('\0', 2) >= 2 && key.length <= storageKeyBytesMax;
  if (!named || partitionOfStorageKey(key) >= partitions)
    throw new MalformedError('not a storage key');
}

export class Changes {
  constructor(
    private readonly records: Records,
    private readonly hints: HintIndex,
  ) {}

  minted(key: StorageKey, record: StoredRecord): void {
    const { bytes, mark, state } = record;
    const after = new Held(spanOf(bytes), mark, digestOf(state), state);
    this.records.replace(this.records.lookup(key), after);
  }

  /** Whether the state told anything new. The mark of what was held stays; a first state from elsewhere has none. */
  merged(incoming: IncomingState): boolean {
    const slot = this.records.lookup(incoming.key);
    const after = merged(slot.record, incoming);
    if (after === slot.record) return false;
    this.records.replace(slot, after);
    return true;
  }

  /** Whether the record was held, and still with that digest. */
  removed({ key, digest }: Removal): boolean {
    const slot = this.records.lookup(key);
    if (slot.record === undefined || !sameDigest(slot.record.digest, digest)) return false;
    this.records.replace(slot, undefined);
    return true;
  }

  /** The key is owed with the size it has now; a key that is not held can't be owed. */
  owed(target: NodeId, key: StorageKey, sinceMs: number): void {
    const record = this.records.peek(key);
    if (record !== undefined) this.hints.owe(target, key, { sinceMs, bytes: record.length });
  }

  /** `isCovered`: the partition's tables already hold what this entry did to it. */
  replay(entry: LogEntry, isCovered: (partition: number) => boolean): void {
    const open = (key: StorageKey): boolean => !isCovered(partitionOfStorageKey(key));
    switch (entry.kind) {
      case 'minted':
      case 'merged':
      case 'mergedOwed':
        for (const span of spansOf(entry.batch)) {
          const { key } = span;
          if (!open(key)) continue;
          if (entry.kind === 'minted') {
            const bytes = bytesOf(span);
            this.minted(key, { state: decodeState(bytes), bytes, mark: 0 });
          } else this.merged({ ...span, digest: checkedDigest(span) });
          if (entry.kind === 'mergedOwed') this.owed(entry.target, key, entry.sinceMs);
        }
        break;
      case 'owed':
        for (const key of entry.keys) if (open(key)) this.owed(entry.target, key, entry.sinceMs);
        break;
      case 'settled':
        for (const key of entry.keys) if (open(key)) this.hints.forget(entry.target, key);
        for (const removal of entry.removals) if (open(removal.key)) this.removed(removal);
        break;
      default:
        for (const removal of entry.removals) if (open(removal.key)) this.removed(removal);
    }
  }
}

function merged(before: Held | undefined, incoming: IncomingState): Held {
  const { digest } = incoming;
  if (before === undefined) return new Held(incoming, 0, digest);
  if (sameDigest(before.digest, digest) && before.bytes.equals(bytesOf(incoming))) return before;
  if (replaces(incoming, before)) return new Held(incoming, before.mark, digest);
  const theirs = decodeState(bytesOf(incoming));
  const state = merge(before.state, theirs);
  if (state === before.state) return before;
  if (state === theirs) return new Held(incoming, before.mark, digest, theirs);
  return new Held(spanOf(encodeState(state)), before.mark, digestOf(state), state);
}
