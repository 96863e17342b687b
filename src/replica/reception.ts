/**
 * What a node knows of the partitions it is to receive by one layout: of whom it has all they hold,
 * how far a stream has come, and what it has received. In memory alone: who starts anew compares
 * what it holds with the sources, which is quick where little is missing.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { transferLimits } from '../../actors/rules/limits/transfer.js';
import { remaining, type Removals } from '../../actors/rules/removal.js';
import type { Belief } from '../../actors/rules/routing.js';
import {
  isReceived,
  quotasOf,
  sourcesToAsk,
  type Quota,
  type ReplicaCount,
} from '../../actors/rules/transfer.js';
import { nextToVisit } from '../../actors/rules/tree-comparison.js';
import type { ClusterView } from '../membership/cluster-view.js';

export interface ReceptionSurroundings {
  readonly self: NodeId;
  readonly partitions: number;
  readonly view: ClusterView;
  /** As they are now: a cancel exchanges N before and after, and the layout may stay. */
  readonly counts: () => readonly ReplicaCount[];
  monotonicMs(): number;
}

/** How far a stream has come. */
interface Stream {
  readonly after: StorageKey;
  /** Who sent all of it up to there; undefined: several did, or something was left out. */
  readonly by: NodeId | undefined;
}

const nobody: ReadonlySet<NodeId> = new Set();

export class Reception {
  /** By partition, what was to be had of which sources. */
  private readonly concluded = new Map<number, string>();
  /** Few partitions at once. */
  private lot: readonly number[] = [];
  private readonly had = new Map<number, Set<NodeId>>();
  private readonly streams = new Map<number, Stream>();
  private readonly leftAloneUntilMs = new Map<NodeId, number>();
  /** Who was asked and has given nothing since then. */
  private readonly silentSinceMs = new Map<NodeId, number>();
  private lastPartition = -1;
  private lastSource: NodeId = '';

  constructor(private readonly surroundings: ReceptionSurroundings) {}

  /**
   * Without those of which more is to be had by now: somebody who was to own them as well was
   * removed, or a cancel has exchanged the sides.
   */
  get received(): ReadonlySet<number> {
    const partitions = [...this.concluded.keys()];
    return new Set(partitions.filter((partition) => this.quotasOf(partition).length === 0));
  }

  /** Those for which something can be done now, each in its turn. */
  choose(): 'chosen' | 'stuck' | 'none' {
    const { partitions } = this.surroundings;
    const lot: number[] = [];
    let isExpected = false;
    for (let i = 1; i <= partitions && lot.length < transferLimits.partitionsAtOnceMax; i++) {
      const partition = (this.lastPartition + i) % partitions;
      const quotas = this.quotasOf(partition);
      if (quotas.length === 0) continue;
      isExpected = true;
      if (
        isReceived(quotas, this.hadOf(partition), this.waitedFor) ||
        this.askable(partition).length > 0
      )
        lot.push(partition);
    }
    this.lot = lot;
    this.lastPartition = lot.at(-1) ?? this.lastPartition;
    if (lot.length > 0) return 'chosen';
    return isExpected ? 'stuck' : 'none';
  }

  /**
   * Sources that can be heard and have given nothing for so long that they are waited for no more
   * than if they were down.
   */
  unanswering(): readonly NodeId[] {
    const { view } = this.surroundings;
    return remaining([...this.silentSinceMs.keys()], view).filter(
      (node) => this.isOverdue(node) && view.reachability(node) !== 'down',
    );
  }

  /** It can't be heard any more: what is to come of it is another matter once it can. */
  noteDown(node: NodeId): void {
    this.silentSinceMs.delete(node);
  }

  /** Of these partitions' sources, the next to be asked; sources take turns. */
  nextSource(): NodeId | undefined {
    const sources = new Set(this.lot.flatMap((partition) => this.askable(partition)));
    const next = nextToVisit([...sources].sort(), nobody, this.lastSource);
    if (next !== undefined) this.lastSource = next;
    return next;
  }

  /** What a source is to be asked for. */
  lotOf(source: NodeId): number[] {
    return this.lot.filter((partition) => this.askable(partition).includes(source));
  }

  /** All that the source holds of the partition is here. */
  noteHad(partition: number, source: NodeId): void {
    this.silentSinceMs.delete(source);
    const had = this.had.get(partition);
    if (had === undefined) this.had.set(partition, new Set([source]));
    else had.add(source);
  }

  /** `isOwnFault`: this node's disk is full, so it can't have what the source gives. */
  leaveAlone(source: NodeId, { isOwnFault }: { readonly isOwnFault: boolean }): void {
    const nowMs = this.surroundings.monotonicMs();
    if (isOwnFault) this.silentSinceMs.delete(source);
    else if (!this.silentSinceMs.has(source)) this.silentSinceMs.set(source, nowMs);
    const { retryMs, overdueRetryMs } = transferLimits;
    const restMs = this.isOverdue(source) ? overdueRetryMs : retryMs;
    this.leftAloneUntilMs.set(source, nowMs + restMs);
  }

  /** Whether a stream of the partition has begun and not come to its end. */
  isStreaming(partition: number): boolean {
    return this.streams.has(partition);
  }

  /** Behind which key the partition's stream goes on. */
  reached(partition: number): StorageKey {
    return this.streams.get(partition)?.after ?? '';
  }

  /** A batch is here; '' is the end, after which its sources are had, or to be compared with. */
  noteBatch(
    partition: number,
    batch: { readonly source: NodeId; readonly upTo: StorageKey; readonly isWhole: boolean },
  ): 'goesOn' | 'had' | 'toCompare' {
    this.silentSinceMs.delete(batch.source);
    const before = this.streams.get(partition);
    const isSole = before === undefined || before.by === batch.source;
    const by = isSole && batch.isWhole ? batch.source : undefined;
    if (batch.upTo !== '') {
      this.streams.set(partition, { after: batch.upTo, by });
      return 'goesOn';
    }
    this.streams.delete(partition);
    if (by === undefined) return 'toCompare';
    this.noteHad(partition, by);
    return 'had';
  }

  /** All that came is durable. Returns whether anything was received by that. */
  conclude(): boolean {
    let isMore = false;
    for (const partition of this.lot) {
      const quotas = this.quotasOf(partition);
      if (quotas.length === 0) continue;
      if (!isReceived(quotas, this.hadOf(partition), this.waitedFor)) continue;
      this.concluded.set(partition, textOf(quotas));
      isMore = true;
      this.had.delete(partition);
      this.streams.delete(partition);
    }
    return isMore;
  }

  /** Who is waited for: everybody that can be heard, but not for ever. */
  private get waitedFor(): Belief & Removals {
    const { view } = this.surroundings;
    return {
      removed: view.removed,
      reachability: (node) => (this.isOverdue(node) ? 'down' : view.reachability(node)),
    };
  }

  private isOverdue(source: NodeId): boolean {
    const sinceMs = this.silentSinceMs.get(source) ?? Infinity;
    return this.surroundings.monotonicMs() - sinceMs >= transferLimits.unansweringMsMax;
  }

  /** Of which nothing was received yet. */
  private quotasOf(partition: number): readonly Quota[] {
    const { view, counts, self } = this.surroundings;
    const own = { node: self, removals: view };
    const quotas = quotasOf((n) => view.placement(partition, n), counts(), own);
    const isConcluded = quotas.length > 0 && this.concluded.get(partition) === textOf(quotas);
    return isConcluded ? [] : quotas;
  }

  private hadOf(partition: number): ReadonlySet<NodeId> {
    return this.had.get(partition) ?? nobody;
  }

  private askable(partition: number): readonly NodeId[] {
    const { view } = this.surroundings;
    const nowMs = this.surroundings.monotonicMs();
    return sourcesToAsk(this.quotasOf(partition), this.hadOf(partition), view).filter(
      (source) => (this.leftAloneUntilMs.get(source) ?? 0) <= nowMs,
    );
  }
}

function textOf(quotas: readonly Quota[]): string {
  return JSON.stringify(quotas);
}
