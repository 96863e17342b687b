/**
 * The ways in of a node on any bus, with a coordinator that keeps what it is given in memory, and a
 * ring that is told.
 */
import 'reflect-metadata';
import { container } from 'tsyringe';
import { actorOf, type NodeId } from '../../actors/rules/actor.js';
import { type ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import {
  placementOf,
  type Layout,
  type NextLayout,
  type Placement,
} from '../../actors/rules/placement.js';
import { counterOf, emptyState, mint, type KeyState } from '../../actors/rules/versions.js';
import { manifestsAmong } from '../../actors/rules/view.js';
import { PutOrdering } from '../../src/api/put-ordering.js';
import { WaysIn } from '../../src/api/ways-in.js';
import { NodeStatusSource, type NodeStatus } from '../../src/api/node-status.js';
import { BucketChanges } from '../../src/membership/bucket-changes.js';
import { loneChanges } from './lone-changes.js';
import { Buckets } from '../../src/buckets/buckets.js';
import { KnownBuckets } from '../../src/buckets/known-buckets.js';
import { BusPeers } from '../../src/bus/bus-peers.js';
import { Hearing } from '../../src/bus/hearing.js';
import { OwnTime } from '../../src/bus/own-time.js';
import { Peers } from '../../src/bus/peers.js';
import { ToldClocks } from '../../src/bus/told-clocks.js';
import {
  Coordinator,
  type Change,
  type GetRequest,
  type PutRequest,
  type Receipt,
} from '../../src/coordinator/coordinator.js';
import { Lister } from '../../src/coordinator/lister.js';
import { Listings } from '../../src/coordinator/listings.js';
import { NotFoundError, type QuorateError } from '../../src/errors.js';
import {
  ClusterView,
  type ClusterChange,
  type Member,
  type Reachability,
  type Ring,
  type Standing,
  type Told,
} from '../../src/membership/cluster-view.js';
import { NodeOptions, nodeOptionsDefault } from '../../src/options/node-options.js';
import { Bus } from '../../src/seams/bus.js';
import { AgreedClock } from '../../src/seams/agreed-clock.js';
import { Clock } from '../../src/seams/clock.js';
import { Random } from '../../src/seams/random.js';
import { TraceRecorder } from '../../src/insight/trace-recorder.js';
import { Tracing } from '../../src/seams/tracing.js';
import { Store } from '../../src/store/store.js';
import { encodeContext } from '../../src/wire/key-state-codec.js';
import { MapStore } from './map-store.js';
import { Metrics } from '../../src/seams/metrics.js';

/** Keys as they are after each put; one world may be shared by several nodes. */
export type World = Map<StorageKey, KeyState>;

const receiptOf = (kind: 'w' | 'r', needed: number): Receipt => ({
  kind,
  needed,
  acked: needed,
  primaries: needed,
  fallbacks: 0,
  hints: 0,
  durability: { kind: 'sync' },
});

export class MemoryCoordinator implements Coordinator {
  readonly puts: PutRequest[] = [];
  /** Set: puts are taken and not answered. */
  silent = false;
  /** Set: every put fails with it. */
  failure: QuorateError | undefined;
  private readonly listeners: ((change: Change) => void)[] = [];

  constructor(
    private readonly node: NodeId,
    private readonly world: World,
  ) {}

  put(request: PutRequest): void {
    this.puts.push(request);
    if (this.silent) return;
    if (this.failure !== undefined) {
      request.onReply({ ok: false, error: this.failure });
      return;
    }
    const name = storageKeyOf(request);
    const { context: seen, value, isManifest, operation, bucket, key } = request;
    const local = this.world.get(name) ?? emptyState;
    const actor = actorOf(this.node, 1);
    const stamp = { writtenAtMs: 0, expiresAtMs: 0 };
    const state = mint({ local, seen, actor, value, isManifest, operation, ...stamp });
    this.world.set(name, state);
    const context = encodeContext(
      seen === undefined || state.siblings.length === 1
        ? state.context
        : [{ actor, counter: counterOf(state.context, actor) }],
    );
    for (const listener of this.listeners)
      listener({ bucket, key, context, tombstone: value === null });
    request.onReply({ ok: true, context, receipt: receiptOf('w', request.quorum) });
  }

  get(request: GetRequest): void {
    const state = this.world.get(storageKeyOf(request)) ?? emptyState;
    const { context: vector, siblings } = state;
    const context = encodeContext(vector);
    const values = siblings.map((sibling) => sibling.value);
    if (values.every((value) => value === null)) {
      const error = new NotFoundError();
      request.onReply(vector.length === 0 ? { ok: false, error } : { ok: false, error, context });
      return;
    }
    const receipt = receiptOf('r', request.quorum);
    const manifests = manifestsAmong(state, { conflict: 'siblings', nowMs: 0 });
    request.onReply({ ok: true, context, values, receipt, ...(manifests && { manifests }) });
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  onChanged(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }
}

/** Partition p has the nodes in their order, beginning with the p-th. */
export class ToldView implements ClusterView {
  readonly removed = new Set<NodeId>();
  /** Those it was to exchange news with, as often as it was. */
  readonly reconciled: NodeId[] = [];
  readonly self: Member;
  readonly standings = new Map<NodeId, Standing>();
  readonly absent = new Set<NodeId>();
  readonly unmet = new Set<NodeId>();
  readonly isLeaving = false;
  readonly direction = undefined;
  cluster: ClusterId | undefined;
  sharesSubjects = false;
  private next: NextLayout | undefined;
  private readonly states = new Map<NodeId, Reachability>();
  private readonly listeners: ((change: ClusterChange) => void)[] = [];
  private readonly toldListeners: ((told: Told) => void)[] = [];

  constructor(
    self: NodeId,
    private nodes: readonly NodeId[],
    private readonly partitions: number,
  ) {
    this.self = memberOf(self);
  }

  get ring(): Ring {
    const preferenceList = (partition: number): NodeId[] =>
      this.nodes.map((_, i) => this.nodes[(partition + i) % this.nodes.length]!);
    const { partitions } = this;
    return { epoch: this.nodes.length, partitions, preferenceList, groupOf: (p) => p };
  }

  get configuration(): ConfigurationNumber {
    return this.ring.epoch;
  }

  get layout(): Layout {
    return { ...this.ring, next: this.next };
  }

  reconcile(node: NodeId): void {
    this.reconciled.push(node);
  }

  members(): readonly Member[] {
    return this.nodes.map(memberOf);
  }

  holders(): readonly NodeId[] {
    return this.nodes.filter((node) => !this.removed.has(node)).sort();
  }

  reachability(node: NodeId): Reachability {
    return this.states.get(node) ?? 'alive';
  }

  standing(node: NodeId): Standing {
    return this.standings.get(node) ?? {};
  }

  isAbsent(node: NodeId): boolean {
    return this.absent.has(node);
  }

  isMet(node: NodeId): boolean {
    return !this.unmet.has(node);
  }

  placement(partition: number, n: number): Placement {
    return placementOf(this.layout, partition, n);
  }

  onChange(listener: (change: ClusterChange) => void): void {
    this.listeners.push(listener);
  }

  onTold(listener: (told: Told) => void): void {
    this.toldListeners.push(listener);
  }

  tell(told: Told): void {
    for (const listener of this.toldListeners) listener(told);
  }

  tellReachability(node: NodeId, now: Reachability): void {
    this.states.set(node, now);
    for (const listener of this.listeners) listener({ kind: 'reachability', node, now });
  }

  tellNodes(nodes: readonly NodeId[]): void {
    this.nodes = nodes;
    this.next = undefined;
    this.tellRing();
  }

  /** Partition p moves to the nodes in this order, beginning with the p-th. */
  tellMove(to: readonly NodeId[], moved: readonly number[]): void {
    this.next = {
      preferenceList: (partition) => to.map((_, i) => to[(partition + i) % to.length]!),
      hasMoved: (partition) => moved.includes(partition),
    };
    this.tellRing();
  }

  private tellRing(): void {
    for (const listener of this.listeners) listener({ kind: 'ring' });
  }
}

function memberOf(id: NodeId): Member {
  const name = `node-${id[0]}`;
  const status = 'active' as const;
  return {
    id,
    name,
    host: name,
    zone: '',
    weight: 1,
    pid: 1,
    generation: 1,
    heartbeat: 1,
    epochs: 0,
    status,
  };
}

export interface ApiNode {
  readonly waysIn: WaysIn;
  readonly coordinator: MemoryCoordinator;
  readonly view: ToldView;
  readonly peers: BusPeers;
  readonly metrics: Metrics;
  readonly ordering: PutOrdering;
  readonly hearing: Hearing;
  readonly time: OwnTime;
  readonly clocks: ToldClocks;
  /** What own reads see. */
  readonly store: MapStore;
}

export function startApiNode(parts: {
  readonly id: NodeId;
  readonly nodes: readonly NodeId[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly world?: World;
  readonly options?: Partial<NodeOptions>;
}): ApiNode {
  const { id, nodes, bus, clock, random } = parts;
  const options = { ...nodeOptionsDefault, name: id, dataDir: '', ...parts.options };
  const view = new ToldView(id, nodes, options.partitions);
  const coordinator = new MemoryCoordinator(id, parts.world ?? new Map());
  const metrics = new Metrics();
  const peers = new BusPeers(bus, clock, random, { id, prefix: options.prefix }, metrics);
  const status = (): NodeStatus => ({
    id,
    name: options.name,
    startedAs: options.name,
    host: options.host,
    zone: options.zone,
    status: 'serving',
    pid: 1,
    uptimeMs: 5,
    partitions: options.partitions,
    keys: 0,
    hints: 0,
    hintBytes: 0,
    clockAheadMs: 0,
    clockOffsetsMs: {},
    problems: [],
    counters: { 'coordinator.puts': coordinator.puts.length },
    histograms: {},
  });
  const own = container.createChildContainer();
  own.register(Bus, { useValue: bus });
  own.register(Clock, { useValue: clock });
  own.register(AgreedClock, { useValue: new AgreedClock(clock) });
  own.register(Random, { useValue: random });
  own.register(NodeOptions, { useValue: options });
  own.register(Buckets, { useValue: new KnownBuckets(options) });
  own.register(BucketChanges, { useValue: loneChanges(own.resolve(Buckets), id) });
  own.register(ClusterView, { useValue: view });
  own.register(Coordinator, { useValue: coordinator });
  own.register(Peers, { useValue: peers });
  own.register(Metrics, { useValue: metrics });
  own.registerSingleton(ToldClocks);
  own.registerSingleton(Listings, Lister);
  own.register(NodeStatusSource, { useValue: { status } });
  const store = new MapStore(id, clock);
  own.register(Store, { useValue: store });
  own.register(Tracing, { useValue: new TraceRecorder(clock, random, store, { id }) });
  const waysIn = own.resolve(WaysIn);
  waysIn.announce();
  waysIn.open();
  const ordering = own.resolve(PutOrdering);
  const hearing = own.resolve(Hearing);
  const [time, clocks] = [own.resolve(OwnTime), own.resolve(ToldClocks)];
  return { waysIn, coordinator, view, peers, metrics, ordering, hearing, time, clocks, store };
}
