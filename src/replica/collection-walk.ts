/**
 * Walks over the keys this node answers for, a bounded step at a time, and finds those that could
 * be forgotten.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  clearedOf,
  hasRested,
  isBusy,
  isCollectable,
  mayBeForgotten,
  surplusEntries,
  withoutEntries,
} from '../../actors/rules/collection.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { behindPartBuckets } from '../../actors/rules/part-names.js';
import type { Context, Digest, KeyState } from '../../actors/rules/versions.js';
import { sameDigest } from '../../actors/rules/versions.js';
import type { Store } from '../store/store.js';
import { encodeState } from '../wire/key-state-codec.js';
import type { AgreedKey } from '../wire/protocol/collection.js';
import { ClearedEntries } from './cleared-entries.js';

export type Candidate = AgreedKey &
  (
    | { readonly goes: 'record' }
    /** `bytes`: the state with the shorter context. */
    | { readonly goes: 'entries'; readonly bytes: Buffer }
    /** Yet: all are asked, and these noted, see `isBusy`. */
    | { readonly goes: 'nothing'; readonly surplus: Context }
  );

export interface WalkSurroundings {
  readonly partitions: number;
  readonly graceMs: number;
  /** Wall clock. */
  nowMs(): number;
  monotonicMs(): number;
  isMine(partition: number): boolean;
  isFormer(node: NodeId): boolean;
}

export class CollectionWalk {
  private partition = 0;
  private after: StorageKey = '';
  private rootAtStart: Digest | undefined;
  /** Whether the pass over the partition at hand met something that time may ripen. */
  private ripening = false;
  /** Roots of partitions in which nothing can be forgotten before they change. */
  private readonly barren = new Map<number, Digest>();
  private readonly cleared: ClearedEntries;

  constructor(
    private readonly store: Store,
    private readonly surroundings: WalkSurroundings,
  ) {
    this.cleared = new ClearedEntries(surroundings.graceMs);
  }

  /** All hold the key in this state, so nobody holds a value of these entries. */
  noteCleared(key: StorageKey, entries: Context): void {
    this.cleared.note(key, { atMs: this.surroundings.monotonicMs(), entries });
  }

  /** Candidates of one partition among the next keys; none when there is nothing to look at. */
  step(): Candidate[] {
    for (let passed = 0; passed < this.surroundings.partitions; passed++) {
      if (this.needsLook()) return this.look();
      this.advance();
    }
    return [];
  }

  private needsLook(): boolean {
    const { partition } = this;
    if (!this.surroundings.isMine(partition)) return false;
    if (this.after !== '') return true;
    const barren = this.barren.get(partition);
    const root = this.store.trees.root(partition);
    return barren === undefined || !sameDigest(barren, root);
  }

  private look(): Candidate[] {
    const { partition, after, store } = this;
    if (after === '') {
      this.rootAtStart = store.trees.root(partition);
      this.ripening = false;
    }
    const limit = limits.collectionKeysPerTickMax;
    const found = store.scan({
      partition,
      after: after === '' ? behindParts(partition) : after,
      limit,
    });
    const candidates: Candidate[] = [];
    let bytes = 0;
    for (const { key } of found) {
      this.after = key;
      const held = store.peek(key);
      const state = held?.state;
      if (held === undefined || state === undefined || !mayBeForgotten(state)) continue;
      this.ripening = true;
      const candidate = this.candidateOf({ key, digest: held.digest }, state);
      if (candidate === undefined) continue;
      candidates.push(candidate);
      if (candidate.goes === 'entries') bytes += candidate.bytes.length;
      if (bytes > limits.exchangeBytesMax) return candidates;
    }
    if (found.length < limit) this.finish();
    return candidates;
  }

  private candidateOf(agreed: AgreedKey, state: KeyState): Candidate | undefined {
    const { surroundings } = this;
    const grace = { nowMs: surroundings.nowMs(), graceMs: surroundings.graceMs };
    if (isCollectable(state, grace)) return { ...agreed, goes: 'record' };
    if (isBusy(state, grace)) return this.clearing(agreed, state);
    this.cleared.drop(agreed.key);
    if (!hasRested(state, grace)) return undefined;
    const surplus = this.surplusOf(state);
    return surplus.length === 0 ? undefined : shortened(agreed, state, surplus);
  }

  /** The first of the two steps of a busy key, or the second. */
  private clearing(agreed: AgreedKey, state: KeyState): Candidate | undefined {
    const { surroundings, cleared } = this;
    const surplus = this.surplusOf(state);
    if (surplus.length === 0) return undefined;
    const nowMs = surroundings.monotonicMs();
    const before = cleared.of(agreed.key);
    if (before === undefined)
      return cleared.hasRoom(nowMs) ? { ...agreed, goes: 'nothing', surplus } : undefined;
    if (nowMs - before.atMs < surroundings.graceMs) return undefined;
    const ripe = clearedOf(surplus, before.entries);
    if (ripe.length > 0) return shortened(agreed, state, ripe);
    cleared.drop(agreed.key);
    return undefined;
  }

  private surplusOf(state: KeyState): Context {
    return surplusEntries(state, (node) => this.surroundings.isFormer(node));
  }

  private finish(): void {
    if (!this.ripening && this.rootAtStart !== undefined)
      this.barren.set(this.partition, this.rootAtStart);
    this.advance();
  }

  private advance(): void {
    this.partition = (this.partition + 1) % this.surroundings.partitions;
    this.after = '';
  }
}

/** Parts of big values come first, and go with their uploads: `parts-walk.ts`. */
function behindParts(partition: number): StorageKey {
  return storageKeyOf({ partition, bucket: behindPartBuckets, key: '' });
}

function shortened(agreed: AgreedKey, state: KeyState, entries: Context): Candidate | undefined {
  const bytes = encodeState({ ...state, context: withoutEntries(state.context, entries) });
  // What is larger than a message stays as it is until a put replaces some of it.
  return bytes.length <= limits.stateBytesMax ? { ...agreed, goes: 'entries', bytes } : undefined;
}
