/**
 * Walks over the keys of partitions this node does not own, a bounded step at a time, and finds
 * those it still holds: its *strays*. Most are there because it owned the partition before a move;
 * the others it holds in the place of an owner who is owed them.
 *
 * What it held as an owner nobody else may have. So until all keys of a partition were compared
 * with its owners once by this layout, those that are owed are strays as well; then they are left
 * to their hints.
 *
 * Where no stray was found there is none before a key comes that is not this node's own, or owners
 * change: until then the partition is not looked at, however much is put in it.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  nameOfStorageKey,
  partitionOfStorageKey,
  type StorageKey,
} from '../../actors/rules/key.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import { isReplica, replicasOf, type Placement } from '../../actors/rules/placement.js';
import { remaining } from '../../actors/rules/removal.js';
import type { Buckets } from '../buckets/buckets.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { ScannedKey, Store } from '../store/store.js';
import { keysToScan } from './keys-to-scan.js';

export interface StrayParts {
  readonly self: NodeId;
  readonly partitions: number;
  readonly store: Store;
  readonly view: ClusterView;
  readonly buckets: Buckets;
}

export class StrayWalk {
  private partition = 0;
  /** Partitions of this pass that were not looked at yet, the one at hand included. */
  private left: number;
  private after: StorageKey = '';
  /** The keys found last are the last ones of the partition. */
  private isAtEnd = false;
  /** All of their keys were compared with their owners, by this layout. */
  private readonly compared = new Set<number>();
  /** Since their last look began no stray was found, and no key came that is not its own. */
  private readonly barren = new Set<number>();

  constructor(private readonly parts: StrayParts) {
    this.left = parts.partitions;
  }

  /** What this node holds of the partition and does not own, it holds for those who are owed it. */
  isReleased(partition: number): boolean {
    return this.compared.has(partition);
  }

  /** Owners are others than before. */
  begin(): void {
    this.compared.clear();
    this.barren.clear();
    this.listen();
    this.left = this.parts.partitions;
    this.after = '';
    this.isAtEnd = false;
  }

  /**
   * Strays of one partition, maybe none, those found before being dealt with; undefined at the end
   * of the pass.
   */
  step(): readonly ScannedKey[] | undefined {
    if (this.isAtEnd) this.finish();
    for (; this.left > 0; this.advance()) if (this.needsLook()) return this.look();
    this.left = this.parts.partitions;
    return undefined;
  }

  /** The partition at hand stays as it is until the next pass. */
  setAside(): void {
    this.lookAgain(this.partition);
    this.advance();
  }

  /** Of a key that is not this node's own; undefined while one of them can't be reached. */
  ownersOf(key: StorageKey): readonly NodeId[] | undefined {
    const { view } = this.parts;
    const owners = remaining(replicasOf(this.placementOf(key)), view);
    const isNear = (node: NodeId): boolean => view.reachability(node) === 'alive';
    return owners.length > 0 && owners.every(isNear) ? owners : undefined;
  }

  private needsLook(): boolean {
    const { partition } = this;
    const { store, view, buckets, self } = this.parts;
    if (store.trees.keysOf(partition) === 0) {
      this.compared.add(partition);
      // Whatever comes next is looked at anyway.
      this.lookAgain(partition);
      return false;
    }
    if (this.after !== '') return true;
    if (this.barren.has(partition)) return false;
    return !buckets.replicaCounts.every(({ n }) => isReplica(view.placement(partition, n), self));
  }

  private look(): readonly ScannedKey[] {
    const { partition, after } = this;
    const { store } = this.parts;
    if (after === '') {
      this.barren.add(partition);
      this.listen();
    }
    const usual = transferLimits.releaseKeysMax;
    const limit = after === '' ? usual : keysToScan(store, { partition, after }, usual);
    const found = store.scan({ partition, ...(after === '' ? {} : { after }), limit });
    this.after = found.at(-1)?.key ?? after;
    this.isAtEnd = found.length < limit;
    const strays = found.filter(({ key }) => this.isStray(key));
    if (strays.length > 0) this.lookAgain(partition);
    if (strays.every(({ key }) => this.ownersOf(key) !== undefined)) return strays;
    this.setAside();
    return [];
  }

  private isStray(key: StorageKey): boolean {
    const { store, self } = this.parts;
    if (isReplica(this.placementOf(key), self)) return false;
    return !this.compared.has(this.partition) || !store.hints.owes(key);
  }

  private placementOf(key: StorageKey): Placement {
    const { spread: n } = this.parts.buckets.of(nameOfStorageKey(key).bucket);
    return this.parts.view.placement(partitionOfStorageKey(key), n);
  }

  private lookAgain(partition: number): void {
    if (this.barren.delete(partition)) this.listen();
  }

  /**
   * Only while it matters: where all buckets have one N, and nothing is held for others, no put is
   * heard of. A key that is owed counts as well: before the partition was compared its state stays
   * when its hint is settled.
   */
  private listen(): void {
    this.parts.store.hearOfNewKeys(this.barren.size === 0 ? undefined : this.noteNewKey);
  }

  private readonly noteNewKey = (key: StorageKey): void => {
    const partition = partitionOfStorageKey(key);
    if (!this.barren.has(partition)) return;
    if (!isReplica(this.placementOf(key), this.parts.self)) this.lookAgain(partition);
  };

  private finish(): void {
    this.compared.add(this.partition);
    this.advance();
  }

  private advance(): void {
    this.partition = (this.partition + 1) % this.parts.partitions;
    this.left--;
    this.after = '';
    this.isAtEnd = false;
  }
}
