/**
 * What each entry of the log does to records and hints; the same code when it is written and when
 * it is replayed, so that a replay ends where memory was.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { emptied } from '../../actors/rules/expiry.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { merge, sameDigest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { stateIn, type EncodedState } from '../wire/encoded-state.js';
import { encodeState } from '../wire/key-state-codec.js';
import { replaces } from '../wire/replacing-state.js';
import { keyedStatesOf } from '../wire/state-batch.js';
import type { HintIndex } from './hint-index.js';
import type { LogEntry, Removal } from './log-entry.js';
import type { Slot } from './memtable.js';
import { Held } from './record-codec.js';
import type { Records } from './records.js';
import type { MintedRecord } from './store.js';

/** A state from elsewhere, as it is held where nothing is known of its key: without a mark. */
export interface Incoming {
  readonly key: StorageKey;
  readonly record: Held;
}

/** Throws `MalformedError` unless all of the batch can be stored. */
export function checkedStates(batch: Buffer, partitions: number): Incoming[] {
  return keyedStatesOf(batch).map((state) => {
    checkKey(state.key, partitions);
    return { key: state.key, record: Held.of(state) };
  });
}

function checkKey(key: StorageKey, partitions: number): void {
  const named =
    key.length > 4 && key.indexOf('\0', 2) >= 2 && key.length <= limits.storageKeyBytesMax;
  if (!named || partitionOfStorageKey(key) >= partitions)
    throw new MalformedError('not a storage key');
}

export class Changes {
  /** Hears of each key that is held now and was not before. */
  newKeyListener: ((key: StorageKey) => void) | undefined;
  /** Hears of each key whose last value has expired, once its bytes are gone. */
  expiryListener: ((key: StorageKey) => void) | undefined;

  constructor(
    private readonly records: Records,
    private readonly hintIndex: HintIndex,
  ) {}

  minted({ key, mark }: MintedRecord, state: EncodedState): void {
    const slot = this.records.lookup(key);
    const isNew = slot.record === undefined;
    this.records.replace(slot, Held.of(state, mark));
    if (isNew) this.newKeyListener?.(key);
  }

  /**
   * Whether the state told anything new. The mark of what was held stays. `known`: as
   * `Records.lookup`.
   */
  merged(key: StorageKey, incoming: Held, known?: Slot): boolean {
    const slot = this.records.lookup(key, known);
    const { record: before } = slot;
    const after = before === undefined ? incoming : merged(before, incoming);
    if (after === before) return false;
    this.records.replace(slot, after);
    if (before === undefined) this.newKeyListener?.(key);
    else if (after.due < 0 && before.due > 0) this.expiryListener?.(key);
    return true;
  }

  /** Whether values of it had expired by then, and were still there. */
  emptied(key: StorageKey, untilMs: number): boolean {
    const slot = this.records.lookup(key);
    const before = slot.record;
    if (before === undefined || before.due <= 0) return false;
    const { context, siblings } = before.state;
    const left = emptied(siblings, untilMs);
    if (left === siblings) return false;
    const state = encodeState({ context, siblings: left });
    const after = Held.of(stateIn(state), before.mark);
    this.records.replace(slot, after);
    // The log has the key alone.
    this.records.memtables.active.bytes += state.length;
    if (after.due < 0) this.expiryListener?.(key);
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
    if (record !== undefined) this.hintIndex.owe(target, key, { sinceMs, bytes: record.length });
  }

  /** `isCovered`: the partition's tables already hold what this entry did to it. */
  replay(entry: LogEntry, isCovered: (partition: number) => boolean): void {
    const open = (key: StorageKey): boolean => !isCovered(partitionOfStorageKey(key));
    switch (entry.kind) {
      case 'minted':
      case 'merged':
      case 'mergedOwed':
        for (const state of keyedStatesOf(entry.batch)) {
          const { key } = state;
          if (!open(key)) continue;
          if (entry.kind === 'minted')
            this.records.replace(this.records.lookup(key), Held.of(state));
          else this.merged(key, Held.of(state));
          if (entry.kind === 'mergedOwed') this.owed(entry.target, key, entry.sinceMs);
        }
        break;
      case 'owed':
        for (const key of entry.keys) if (open(key)) this.owed(entry.target, key, entry.sinceMs);
        break;
      case 'settled':
        for (const key of entry.keys) if (open(key)) this.hintIndex.settle(entry.target, key);
        for (const removal of entry.removals) if (open(removal.key)) this.removed(removal);
        break;
      case 'removed':
        for (const removal of entry.removals) if (open(removal.key)) this.removed(removal);
        break;
      default:
        for (const key of entry.keys) if (open(key)) this.emptied(key, entry.untilMs);
    }
  }
}

function merged(before: Held, incoming: Held): Held {
  if (before.hasDigestOf(incoming) && before.bytes.equals(incoming.bytes)) return before;
  if (replaces(incoming, before)) return incoming.marked(before.mark);
  const [held, came] = [before.state, incoming.state];
  const state = merge(held, came);
  if (state === held) return before;
  if (state === came) return incoming.marked(before.mark);
  if (state.context.length > limits.contextEntriesHeldMax) return before;
  return Held.of(stateIn(encodeState(state)), before.mark);
}
