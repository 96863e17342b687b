/**
 * The writes of a store that serves. Each changes memory first, then appends one entry to the
 * commit log; both within the call, so the log's order is memory's order.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { emptyState, mergeContexts } from '../../actors/rules/versions.js';
import { TooLargeError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { encodeBatch, encodeStates, keyedStatesOf, statesOf } from '../wire/state-batch.js';
import type { Lease } from './arena.js';
import { checkedStates, type Changes, type Incoming } from './changes.js';
import { secondBy } from './due.js';
import type { HintIndex } from './hint-index.js';
import type { Removal } from './log-entry.js';
import type { Records } from './records.js';
import type { Emptied, MintedRecord, OnDurable } from './store.js';
import type { WritePath } from './write-path.js';

export interface WritesOptions {
  readonly clock: Clock;
  readonly partitions: number;
  readonly records: Records;
  readonly hintIndex: HintIndex;
  readonly changes: Changes;
  readonly path: WritePath;
}

/** As the methods of the same names of `Store`. */
export class Writes {
  constructor(private readonly options: WritesOptions) {}

  mint(records: readonly MintedRecord[], onDurable: OnDurable): Lease {
    const { changes, path } = this.options;
    path.admit();
    const { arena } = this.options.records.memtables.active;
    const batch = encodeStates(records, (bytes) => arena.take(bytes));
    const states = statesOf(batch);
    for (let i = 0; i < records.length; i++) changes.minted(records[i]!, states[i]!);
    path.append({ kind: 'minted', batch }, onDurable);
    return arena.lease(batch);
  }

  merge(bytes: Uint8Array, owedTo: NodeId | undefined, onDurable: OnDurable): boolean[] {
    const { changes, clock, path, records } = this.options;
    path.admit();
    const { arena } = records.memtables.active;
    const batch = arena.copy(bytes);
    let incoming: Incoming[];
    try {
      incoming = this.admitted(batch, owedTo);
    } catch (error) {
      arena.undo(batch);
      throw error;
    }
    const slots = records.memtables.findAll(incoming.map(({ key }) => key));
    const news = incoming.map(({ key, record }, i) => changes.merged(key, record, slots[i]));
    if (owedTo !== undefined) {
      const sinceMs = clock.wallMs();
      for (const { key } of incoming) changes.owed(owedTo, key, sinceMs);
      path.append({ kind: 'mergedOwed', target: owedTo, sinceMs, batch }, onDurable);
    } else if (news.includes(true)) {
      path.append({ kind: 'merged', batch }, onDurable);
    } else {
      arena.undo(batch);
      path.log.barrier(onDurable);
    }
    return news;
  }

  /** Without keys of which nothing is taken. */
  mergeSome(
    bytes: Uint8Array,
    isRefused: (key: StorageKey) => boolean,
    owedTo: NodeId | undefined,
    onDurable: OnDurable,
  ): boolean[] {
    const states = keyedStatesOf(Buffer.from(bytes));
    const taken = states.filter(({ key }) => !isRefused(key));
    if (taken.length === states.length) return this.merge(bytes, owedTo, onDurable);
    if (taken.length === 0) {
      this.options.path.log.barrier(onDurable);
      return states.map(() => false);
    }
    const news = this.merge(encodeBatch(taken), owedTo, onDurable);
    let at = 0;
    return states.map(({ key }) => !isRefused(key) && news[at++]!);
  }

  private admitted(batch: Buffer, owedTo: NodeId | undefined): Incoming[] {
    const { hintIndex, partitions } = this.options;
    const incoming = checkedStates(batch, partitions);
    for (const state of incoming) this.refuseUnholdable(state);
    if (owedTo !== undefined)
      hintIndex.admit(
        owedTo,
        incoming.map(({ key, record }) => ({ key, bytes: record.length })),
      );
    return incoming;
  }

  /**
   * Contexts that long came in before those from outside had a bound; nothing honest makes more of
   * them.
   */
  private refuseUnholdable({ key, record }: Incoming): void {
    if (record.entries <= limits.contextEntriesMax) return;
    const held = this.options.records.peek(key)?.state ?? emptyState;
    const entries = mergeContexts(held.context, record.state.context).length;
    if (entries > limits.contextEntriesHeldMax)
      throw new TooLargeError(`the context would have ${entries} entries, more than a state holds`);
  }

  owe(target: NodeId, batch: Buffer, onDurable: OnDurable): void {
    const { changes, clock, hintIndex, path, records } = this.options;
    path.admit();
    const sizes: { readonly key: StorageKey; readonly bytes: number }[] = [];
    for (const { key } of keyedStatesOf(batch)) {
      const held = records.peek(key);
      if (held === undefined) return void this.merge(batch, target, onDurable);
      sizes.push({ key, bytes: held.length });
    }
    hintIndex.admit(target, sizes);
    const sinceMs = clock.wallMs();
    const keys = sizes.map(({ key }) => key);
    for (const key of keys) changes.owed(target, key, sinceMs);
    path.append({ kind: 'owed', target, sinceMs, keys }, onDurable);
  }

  /** As `Expiries.empty`. */
  empty(untilMs: number, keysMax: number, onDurable: OnDurable): Emptied {
    const { changes, path, records } = this.options;
    path.admit();
    const keys = records.dues.expired(secondBy(untilMs), keysMax);
    const emptied = keys.filter((key) => changes.emptied(key, untilMs));
    if (emptied.length === 0) path.log.barrier(onDurable);
    else path.append({ kind: 'emptied', untilMs, keys: emptied }, onDurable);
    return { looked: keys.length, emptied: emptied.length };
  }

  remove(records: readonly Removal[], onDurable: OnDurable): void {
    const { changes, hintIndex, path } = this.options;
    path.admit();
    const removals = records.filter(
      (record) => !hintIndex.owesAnyone(record.key) && changes.removed(record),
    );
    if (removals.length === 0) path.log.barrier(onDurable);
    else path.append({ kind: 'removed', removals }, onDurable);
  }
}
