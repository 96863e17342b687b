/**
 * Forgetting at one replica: what it says when asked, and what it does when all have agreed. Used
 * by the driver of a collection and by those it asks.
 */
import { inject, injectable } from 'tsyringe';
import type { Holding } from '../../actors/rules/collection.js';
import { deadSinceMs, isPrunedFrom, holdings } from '../../actors/rules/collection.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import type { UploadTimes } from '../../actors/rules/parts.js';
import { sameDigest } from '../../actors/rules/versions.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import type { MintedRecord, OnDurable } from '../store/store.js';
import { Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeState, encodable } from '../wire/key-state-codec.js';
import type { AgreedKey, Replacement } from '../wire/protocol/collection.js';
import { NeededParts } from './needed-parts.js';

@injectable()
export class Forgetting {
  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: Pick<NodeOptions, 'uploadLeaseMs'>,
  ) {}

  holdingOf({ key, digest }: AgreedKey): Holding {
    if (this.store.hints.holds(partitionOfStorageKey(key))) return holdings.hintOut;
    const held = this.store.peek(key);
    if (held === undefined) return holdings.absent;
    return sameDigest(held.digest, digest) ? holdings.equal : holdings.differs;
  }

  /**
   * Drops what still is in the agreed state. The mark goes with it, so this node mints under a new
   * epoch afterwards. Whoever asks for it may go by a clock that is wrong: what lives by this one's
   * stays, and comes back from here.
   */
  collect(keys: readonly AgreedKey[], onDurable: OnDurable): void {
    const needed = new NeededParts(this.store, () => this.uploadTimes());
    const isFree = ({ key }: AgreedKey): boolean =>
      !this.store.hints.holds(partitionOfStorageKey(key)) &&
      !(needed.isNeeded(key) ?? this.lives(key));
    const free = keys.filter(isFree);
    if (free.length === 0) return onDurable();
    this.store.remove(free, onDurable);
  }

  private uploadTimes(): UploadTimes {
    return { nowMs: this.clock.wallMs(), leaseMs: this.options.uploadLeaseMs };
  }

  private lives(key: StorageKey): boolean {
    const nowMs = this.clock.wallMs();
    const siblings = this.store.peek(key)?.state.siblings ?? [];
    return siblings.some((sibling) => sibling.value !== null && deadSinceMs(sibling) > nowMs);
  }

  /**
   * Puts the shorter context in place of the agreed state. It is no merge (that would bring the
   * entries back), and it keeps the mark: an actor of this node that may still mint is never
   * pruned.
   */
  replace(replacements: readonly Replacement[], onDurable: OnDurable): void {
    const records: MintedRecord[] = [];
    for (const { key, digest, bytes } of replacements) {
      const held = this.store.peek(key);
      if (held === undefined || !sameDigest(held.digest, digest)) continue;
      if (this.store.hints.holds(partitionOfStorageKey(key))) continue;
      const state = decodeState(asBuffer(bytes));
      if (isPrunedFrom(state, held.state))
        records.push({ key, state: encodable(state), mark: held.mark });
    }
    if (records.length === 0) return onDurable();
    this.store.mint(records, onDurable).release();
  }
}
