/**
 * Collects the requests of one turn of the event loop into batches that can share a round: same kind,
 * replica group, N, quorum and strictness. A batch is cut at a bound on requests and bytes.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock } from '../seams/clock.js';

export interface Collectable {
  readonly partition: number;
  readonly quorum: number;
  readonly strict: boolean;
}

export interface Batch<R> {
  readonly n: number;
  /** R or W. */
  readonly quorum: number;
  readonly strict: boolean;
  readonly preferenceList: readonly NodeId[];
  readonly primaries: readonly NodeId[];
  readonly requests: R[];
  bytes: number;
}

export class RoundCollector<R extends Collectable> {
  private readonly batches = new Map<number, Batch<R>>();
  private ringEpoch = Number.NaN;
  private isArmed = false;

  constructor(
    private readonly clock: Clock,
    private readonly view: ClusterView,
    private readonly onBatch: (batch: Batch<R>) => void,
  ) {}

  add(request: R, size: { readonly n: number; readonly bytes: number }): void {
    const { ring } = this.view;
    // Groups are numbered by a ring: batches of an older one go out as they are.
    if (ring.epoch !== this.ringEpoch) {
      this.flush();
      this.ringEpoch = ring.epoch;
    }
    const id = this.idOf(request, size.n);
    let batch = this.batches.get(id);
    if (batch === undefined) {
      batch = this.open(request, size.n);
      this.batches.set(id, batch);
    }
    batch.requests.push(request);
    batch.bytes += size.bytes;
    const isFull =
      batch.requests.length >= limits.roundRequestsMax || batch.bytes >= limits.roundBytesMax;
    if (isFull) {
      this.batches.delete(id);
      this.onBatch(batch);
      return;
    }
    if (this.isArmed) return;
    this.isArmed = true;
    this.clock.endOfTurn(this.endTurn);
  }

  flush(): void {
    if (this.batches.size === 0) return;
    const batches = [...this.batches.values()];
    this.batches.clear();
    for (const batch of batches) this.onBatch(batch);
  }

  private readonly endTurn = (): void => {
    this.isArmed = false;
    this.flush();
  };

  /** N and quorum are at most `limits.membersMax`, so the three fit a number beside the group. */
  private idOf(request: R, n: number): number {
    const group = this.view.ring.groupOf(request.partition);
    return ((group * 1024 + n) * 1024 + request.quorum) * 2 + (request.strict ? 1 : 0);
  }

  private open(request: R, n: number): Batch<R> {
    const { partition, quorum, strict } = request;
    const preferenceList = this.view.ring.preferenceList(partition);
    const primaries = this.view.primaries(partition, n);
    return { n, quorum, strict, preferenceList, primaries, requests: [], bytes: 0 };
  }
}
