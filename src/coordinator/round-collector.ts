/**
 * Collects the requests of one turn of the event loop into batches that can share a round: same
 * kind, replica group, N, quorum and strictness. A batch is cut at a bound on requests and bytes.
 *
 * Which nodes a round asks is what makes it shareable, not their order round the ring: a replica
 * group is the set of those that are written, and while one of them is not alive also the order of
 * the fallbacks that stand in for it.
 */
import type { Durability } from '../../actors/rules/durability.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { replicasOf, type Placement } from '../../actors/rules/placement.js';
import type { Spread } from '../../actors/rules/spread.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock } from '../seams/clock.js';

export interface Collectable {
  readonly partition: number;
  readonly quorum: number;
  readonly strict: boolean;
}

export interface Batch<R> {
  readonly n: Spread;
  /** Of puts, where their buckets say it; they need not agree on the ms between syncs. */
  readonly durability: Durability | undefined;
  /** R or W. */
  readonly quorum: number;
  readonly strict: boolean;
  /** From which the placement follows. */
  readonly configuration: ConfigurationNumber;
  readonly placement: Placement;
  readonly requests: R[];
  bytes: number;
}

export class RoundCollector<R extends Collectable> {
  private batches = new Map<number, Batch<R>>();
  private readonly groups = new Map<string, number>();
  /** N → partition → replica group; of one configuration and one state of its members. */
  private groupsByN = new Map<number, number[]>();
  /** Of the view when the groups were made. */
  private configuration: ConfigurationNumber = Number.NaN;
  private isArmed = false;

  constructor(
    private readonly clock: Clock,
    private readonly view: ClusterView,
    private readonly onBatch: (batch: Batch<R>) => void,
  ) {
    view.onChange(() => this.groupsByN.clear());
  }

  add(
    request: R,
    size: {
      readonly n: Spread;
      readonly bytes: number;
      readonly durability?: Durability | undefined;
    },
  ): void {
    const { configuration } = this.view;
    if (configuration !== this.configuration) {
      this.configuration = configuration;
      this.groups.clear();
      this.groupsByN.clear();
      // What was collected by another one goes by that.
      this.flush();
    }
    const { durability } = size;
    const id = 4 * this.idOf(request, size.n) + classOf(durability);
    let batch = this.batches.get(id);
    if (batch === undefined) {
      batch = this.open(request, size.n, durability);
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
    const { batches } = this;
    // Not cleared: see `underway.ts`.
    this.batches = new Map();
    for (const batch of batches.values()) this.onBatch(batch);
  }

  private readonly endTurn = (): void => {
    this.isArmed = false;
    this.flush();
  };

  /** A spread has 18 bits and a quorum 9, so they fit a number beside the group and a class. */
  private idOf(request: R, n: number): number {
    let groups = this.groupsByN.get(n);
    if (groups === undefined) {
      groups = [];
      this.groupsByN.set(n, groups);
    }
    const group = (groups[request.partition] ??= this.groupOf(request.partition, n));
    return ((group * 2 ** 18 + n) * 1024 + request.quorum) * 2 + (request.strict ? 1 : 0);
  }

  private groupOf(partition: number, n: number): number {
    const { view } = this;
    const placement = view.placement(partition, n);
    const { primaries, incoming, readers, fallbacks } = placement;
    const isWhole = replicasOf(placement).every((node) => view.reachability(node) === 'alive');
    const sets = [primaries, incoming, readers].map((nodes) => [...nodes].sort().join());
    const name = `${sets.join(';')};${isWhole ? '' : fallbacks.join()}`;
    let group = this.groups.get(name);
    if (group === undefined) {
      group = this.groups.size;
      this.groups.set(name, group);
    }
    return group;
  }

  private open(request: R, n: Spread, durability: Durability | undefined): Batch<R> {
    const { partition, quorum, strict } = request;
    const { view, configuration } = this;
    const placement = view.placement(partition, n);
    return { n, durability, quorum, strict, configuration, placement, requests: [], bytes: 0 };
  }
}

/** What is acknowledged alike shares a round. */
function classOf(durability: Durability | undefined): number {
  if (durability === undefined) return 0;
  return durability.kind === 'sync' ? 1 : 2;
}
