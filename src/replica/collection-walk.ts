/**
 * Walks over the keys this node answers for, a bounded step at a time, and finds those that could
 * be forgotten.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { isCollectable, mayBeForgotten, prunedContext } from '../../actors/rules/collection.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Digest, KeyState } from '../../actors/rules/versions.js';
import { sameDigest } from '../../actors/rules/versions.js';
import type { Store } from '../store/store.js';
import { encodeState } from '../wire/key-state-codec.js';
import type { AgreedKey } from '../wire/protocol/collection.js';

export interface Candidate extends AgreedKey {
  /** The state with a shorter context; undefined: the whole record goes. */
  readonly bytes: Buffer | undefined;
}

export interface WalkSurroundings {
  readonly partitions: number;
  readonly graceMs: number;
  nowMs(): number;
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

  constructor(
    private readonly store: Store,
    private readonly surroundings: WalkSurroundings,
  ) {}

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
    const found = store.scan({ partition, ...(after === '' ? {} : { after }), limit });
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
      bytes += candidate.bytes?.length ?? 0;
      if (bytes > limits.exchangeBytesMax) return candidates;
    }
    if (found.length < limit) this.finish();
    return candidates;
  }

  private candidateOf({ key, digest }: AgreedKey, state: KeyState): Candidate | undefined {
    const grace = { nowMs: this.surroundings.nowMs(), graceMs: this.surroundings.graceMs };
    if (isCollectable(state, grace)) return { key, digest, bytes: undefined };
    const context = prunedContext(state, {
      ...grace,
      isFormer: (node) => this.surroundings.isFormer(node),
    });
    const bytes = context && encodeState({ ...state, context });
    // What is larger than a message stays as it is until a put replaces some of it.
    return bytes && bytes.length <= limits.stateBytesMax ? { key, digest, bytes } : undefined;
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
