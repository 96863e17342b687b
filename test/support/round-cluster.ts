/**
 * Coordinators and replicas of a few nodes in one process, on virtual time and the real node
 * protocol; the store is a map, and what the nodes believe of each other is set by hand.
 */
import 'reflect-metadata';
import type { NodeId } from '../../actors/rules/actor.js';
import type { BucketOptions } from '../../actors/rules/bucket.js';
import type { Direction } from '../../actors/rules/layout.js';
import { type ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { standing } from '../../actors/rules/operations.js';
import { storageKeyOf, type StorageKey } from '../../actors/rules/key.js';
import {
  placementOf,
  type Layout,
  type NextLayout,
  type Placement,
} from '../../actors/rules/placement.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { emptyState } from '../../actors/rules/versions.js';
import { KnownBuckets } from '../../src/buckets/known-buckets.js';
import { BusPeers } from '../../src/bus/bus-peers.js';
import type {
  GetReply,
  GetRequest,
  PutReply,
  PutRequest,
} from '../../src/coordinator/coordinator.js';
import { Lister } from '../../src/coordinator/lister.js';
import type { ListReply, ListRequest } from '../../src/coordinator/listings.js';
import { RoundCoordinator } from '../../src/coordinator/round-coordinator.js';
import type {
  ClusterChange,
  ClusterView,
  Member,
  Reachability,
  Ring,
  Standing,
} from '../../src/membership/cluster-view.js';
import { TraceRecorder } from '../../src/insight/trace-recorder.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { ListHandler } from '../../src/replica/list-handler.js';
import { MergeHandler } from '../../src/replica/merge-handler.js';
import { ReadHandler } from '../../src/replica/read-handler.js';
import { Inspection } from '../../src/seams/inspection.js';
import { Metrics } from '../../src/seams/metrics.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock } from '../simulation/seams/sim-clock.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { MapStore } from './map-store.js';
import { seenOf, type Seen } from './seen.js';

const partitions = 16;

/** Partition p's preference list starts at node p mod count. */
export class HandMadeView implements ClusterView {
  readonly removed = new Set<NodeId>();
  /** Those it was to exchange news with, as often as it was. */
  readonly reconciled: NodeId[] = [];
  /** Known, and not of the cluster. */
  readonly waiting = new Set<NodeId>();
  /** Of the cluster, and not known to be there. */
  readonly rowless = new Set<NodeId>();
  ring: Ring;
  /** What the cluster moves to, if it does. */
  next: NextLayout | undefined;
  direction: Direction | undefined;
  readonly cluster = 1;
  readonly sharesSubjects = false;
  isLeaving = false;
  readonly self: Member;
  private readonly moved = new Set<number>();
  private readonly beliefs = new Map<NodeId, Reachability>();
  private readonly listeners: ((change: ClusterChange) => void)[] = [];

  constructor(
    private readonly ids: readonly NodeId[],
    self: NodeId,
  ) {
    this.ring = ringWith(ids, 1);
    this.self = memberOf(self);
  }

  get configuration(): ConfigurationNumber {
    return this.ring.epoch;
  }

  reconcile(node: NodeId): void {
    this.reconciled.push(node);
  }

  /** From now on partition p's list starts at the p-th of these. */
  learn(configuration: ConfigurationNumber, order: readonly NodeId[] = this.ids): void {
    this.ring = ringWith(order, configuration);
    this.next = undefined;
    this.direction = undefined;
    this.tellRing();
  }

  /**
   * From now on what `from` holds moves to what `to` would hold: both as `learn` takes them. By the
   * same configuration, whatever has moved.
   */
  move(
    configuration: ConfigurationNumber,
    from: readonly NodeId[],
    to: readonly NodeId[],
    moved: readonly number[] = [],
  ): void {
    this.ring = ringWith(from, configuration);
    const target = ringWith(to, configuration);
    this.direction = 0;
    this.next = {
      preferenceList: (partition) => target.preferenceList(partition),
      hasMoved: (partition) => moved.includes(partition),
    };
    this.tellRing();
  }

  /**
   * The cluster begins to move: from now on partition p's list is to start at the p-th of these.
   */
  moveTo(configuration: ConfigurationNumber, order: readonly NodeId[]): void {
    this.ring = { ...this.ring, epoch: configuration };
    const to = ringWith(order, configuration);
    const preferenceList = (partition: number): readonly NodeId[] => to.preferenceList(partition);
    this.next = { preferenceList, hasMoved: (partition) => this.moved.has(partition) };
    this.direction = 0;
    this.moved.clear();
    this.tellRing();
  }

  /** The move is called off: what has moved goes back. Who is written stays the same. */
  cancel(): void {
    const { ring, next, moved } = this;
    if (next === undefined) throw new Error('nothing moves');
    const back = Array.from({ length: partitions }, (_, partition) => partition).filter(
      (partition) => !moved.has(partition),
    );
    this.ring = { ...ring, preferenceList: (partition) => next.preferenceList(partition) };
    this.next = {
      preferenceList: (partition) => ring.preferenceList(partition),
      hasMoved: (partition) => moved.has(partition),
    };
    this.direction = this.direction === 0 ? 1 : 0;
    moved.clear();
    this.haveMoved(back);
  }

  /** All targets have received these. */
  haveMoved(partitions: readonly number[]): void {
    for (const partition of partitions) this.moved.add(partition);
    this.tellRing();
  }

  private tellRing(): void {
    for (const listener of this.listeners) listener({ kind: 'ring' });
  }

  get layout(): Layout {
    const { ring, next } = this;
    return { preferenceList: (partition) => ring.preferenceList(partition), next };
  }

  members(): readonly Member[] {
    const { waiting } = this;
    const known = this.ids.filter((id) => !this.rowless.has(id));
    return known.map((id) => memberOf(id, waiting.has(id) ? 'joining' : 'active'));
  }

  holders(): readonly NodeId[] {
    return this.ids.filter((id) => !this.waiting.has(id) && !this.removed.has(id)).sort();
  }

  reachability(node: NodeId): Reachability {
    return this.beliefs.get(node) ?? 'alive';
  }

  standing(): Standing {
    return {};
  }

  isAbsent(): boolean {
    return false;
  }

  isMet(): boolean {
    return true;
  }

  placement(partition: number, n: number): Placement {
    return placementOf(this.layout, partition, n);
  }

  onChange(listener: (change: ClusterChange) => void): void {
    this.listeners.push(listener);
  }

  /** Nobody says anything. */
  onTold(): void {}

  believe(node: NodeId, now: Reachability): void {
    this.beliefs.set(node, now);
    for (const listener of this.listeners) listener({ kind: 'reachability', node, now });
  }
}

function ringWith(ids: readonly NodeId[], epoch: ConfigurationNumber): Ring {
  const lists = ids.map((_, at) => [...ids.slice(at), ...ids.slice(0, at)]);
  return {
    epoch,
    partitions,
    preferenceList: (partition) => lists[partition % ids.length]!,
    groupOf: (partition) => partition % ids.length,
  };
}

function memberOf(id: NodeId, status: Member['status'] = 'active'): Member {
  const base = { zone: '', weight: 1, pid: 1, generation: 1, heartbeat: 1, epochs: 0 } as const;
  return { ...base, id, name: id, host: id, status };
}

export interface RoundNode {
  readonly id: NodeId;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly peers: BusPeers;
  readonly store: MapStore;
  readonly view: HandMadeView;
  readonly coordinator: RoundCoordinator;
  readonly buckets: KnownBuckets;
  readonly lister: Lister;
  readonly inspection: Inspection;
  readonly metrics: Metrics;
  readonly tracing: TraceRecorder;
}

type PutAsk = Partial<Omit<PutRequest, 'onReply' | 'value' | 'context'>> & {
  readonly context?: Seen;
  readonly value?: string | Buffer | null;
  readonly timeoutMs?: number;
};
type GetAsk = Partial<Omit<GetRequest, 'onReply'>> & { readonly timeoutMs?: number };

interface RoundClusterOptions {
  readonly nodes: number;
  readonly buckets?: Readonly<Record<string, Partial<BucketOptions>>>;
}

export class RoundCluster {
  readonly scheduler: Scheduler;
  readonly nats: SimNats;
  readonly nodes: RoundNode[];
  readonly errors: unknown[] = [];

  /** With every node's subscriptions known to the server. */
  static async start(options: RoundClusterOptions): Promise<RoundCluster> {
    const cluster = new RoundCluster(options);
    await cluster.run(10);
    return cluster;
  }

  private constructor(options: RoundClusterOptions) {
    this.scheduler = new Scheduler((error) => this.errors.push(error));
    this.nats = new SimNats(this.scheduler, new SimRandom('rounds'), new Trace({ keep: false }), {
      noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
      mapping: undefined,
      payloadBytesMax: 1024 * 1024,
      pendingBytesMax: 64 * 1024 * 1024,
    });
    const ids = Array.from({ length: options.nodes }, (_, i) => `${i}`.padStart(16, 'a'));
    this.nodes = ids.map((id) => this.boot(id, ids, options.buckets ?? {}));
  }

  private boot(
    id: NodeId,
    ids: readonly NodeId[],
    buckets: Readonly<Record<string, Partial<BucketOptions>>>,
  ): RoundNode {
    const process = new SimProcess(id);
    const clock = new SimClock(this.scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    const bus = new SimBus(this.nats, id, process);
    const metrics = new Metrics();
    const peers = new BusPeers(bus, clock, new SimRandom(id), { id, prefix: 'kv' }, metrics);
    const store = new MapStore(id, clock);
    const view = new HandMadeView(ids, id);
    const inspection = new Inspection(clock);
    const told = new KnownBuckets({ ...nodeOptionsDefault, buckets });
    const tracing = new TraceRecorder(clock, new SimRandom(`traces-${id}`), store, { id });
    new MergeHandler(peers, store, view, tracing, told, clock).start();
    new ReadHandler(peers, store, view, told, tracing).start();
    const coordinator = new RoundCoordinator(
      ...([store, peers, view, clock, told, inspection, metrics, tracing] as const),
      nodeOptionsDefault,
    );
    const nodeOptions = { ...nodeOptionsDefault, name: id, dataDir: '', partitions };
    new ListHandler(peers, store, view, told, nodeOptions, clock).start();
    const lister = new Lister(
      ...([store, peers, view, clock, told, coordinator, inspection, metrics] as const),
    );
    const parts = { buckets: told, coordinator, lister, inspection, metrics, tracing };
    return { id, process, clock, peers, store, view, ...parts };
  }

  /** Virtual milliseconds. */
  run(ms: number): Promise<void> {
    return this.scheduler.run({ endUs: this.scheduler.nowUs + ms * 1000 });
  }

  /** The process ends: "no responders" from now on, and nobody has been told. */
  kill(at: number): void {
    this.nodes[at]!.process.die();
  }

  /** Ends the process and takes its place on the bus, with no handlers yet. */
  impersonate(at: number, metrics = new Metrics()): BusPeers {
    this.kill(at);
    const { id } = this.nodes[at]!;
    const process = new SimProcess(`${id}-impostor`);
    const clock = new SimClock(this.scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    const bus = new SimBus(this.nats, process.name, process);
    return new BusPeers(bus, clock, new SimRandom(process.name), { id, prefix: 'kv' }, metrics);
  }

  /** Nothing reaches it any more, and nobody is told. */
  silence(at: number): void {
    for (const other of this.nodes) {
      if (other === this.nodes[at]) continue;
      this.nats.cut({ from: other.id, to: this.nodes[at]!.id }, 'silent');
    }
  }

  /** Every other node's detector says down. */
  believeDown(at: number): void {
    for (const other of this.nodes)
      if (other !== this.nodes[at]) other.view.believe(this.nodes[at]!.id, 'down');
  }

  /** Sends without waiting. */
  send(at: number, ask: PutAsk, onReply: (reply: PutReply) => void): void {
    const node = this.nodes[at]!;
    const { value = 'value', timeoutMs = 5000, ...rest } = ask;
    node.coordinator.put({
      ...defaults,
      ttlMs: 0,
      operation: '',
      copy: (ask.operation ?? '') === '' ? 'first' : 'any',
      askedMs: node.clock.monotonicMs(),
      ...rest,
      context: seenOf(rest.context),
      deadlineMs: node.clock.monotonicMs() + timeoutMs,
      value: typeof value === 'string' ? Buffer.from(value) : value,
      onReply,
    });
  }

  /** Puts of one turn at several nodes; replies in the order of the asks. */
  putAll(asks: readonly (PutAsk & { readonly at: number })[]): Promise<PutReply[]> {
    return this.repliesOf(
      asks.map(
        ({ at, ...ask }) =>
          (onReply) =>
            this.send(at, ask, onReply),
      ),
    );
  }

  async put(at: number, ask: PutAsk = {}): Promise<PutReply> {
    return (await this.putAll([{ ...ask, at }]))[0]!;
  }

  getAll(asks: readonly (GetAsk & { readonly at: number })[]): Promise<GetReply[]> {
    return this.repliesOf(
      asks.map(({ at, timeoutMs = 5000, ...ask }) => (onReply) => {
        const { clock, coordinator } = this.nodes[at]!;
        const deadlineMs = clock.monotonicMs() + timeoutMs;
        coordinator.get({ ...defaults, ...ask, deadlineMs, onReply });
      }),
    );
  }

  async get(at: number, ask: GetAsk = {}): Promise<GetReply> {
    return (await this.getAll([{ ...ask, at }]))[0]!;
  }

  /** One page of keys. */
  async page(at: number, ask: Partial<ListRequest> = {}): Promise<ListReply> {
    const node = this.nodes[at]!;
    const [reply] = await this.repliesOf<ListReply>([
      (onReply) => {
        node.lister.page({
          bucket: 'b',
          prefix: '',
          from: { partition: 0, after: '' },
          endPartition: partitions,
          limit: 1_000,
          bytesOf: (key) => key.length,
          quorum: 2,
          strict: false,
          deadlineMs: node.clock.monotonicMs() + 5_000,
          ...ask,
          onReply,
        });
      },
    ]);
    return reply!;
  }

  stateAt(at: number, ask: { bucket?: string; key?: string; partition?: number } = {}): KeyState {
    return this.nodes[at]!.store.read(keyOf(ask))?.state ?? emptyState;
  }

  /** Of puts that are not only remembered. */
  valuesAt(at: number, ask: { bucket?: string; key?: string; partition?: number } = {}): string[] {
    return standing(this.stateAt(at, ask).siblings).map(({ value }) => textOf(value));
  }

  /** Runs the virtual world until every ask is answered; each exactly once. */
  private async repliesOf<T>(
    asks: readonly ((onReply: (reply: T) => void) => void)[],
  ): Promise<T[]> {
    const replies = new Map<number, T>();
    for (const [i, ask] of asks.entries())
      ask((reply) => {
        if (replies.has(i)) this.errors.push(new Error(`ask ${i} is answered twice`));
        replies.set(i, reply);
      });
    const endUs = this.scheduler.nowUs + 120_000_000;
    const until = (): boolean => replies.size === asks.length || this.errors.length > 0;
    await this.scheduler.run({ endUs, until });
    if (this.errors.length > 0) throw this.errors[0];
    return asks.map((_, i) => replies.get(i) ?? fail(`ask ${i} is never answered`));
  }
}

function fail(what: string): never {
  throw new Error(what);
}

const defaults = { bucket: 'b', key: 'k', partition: 0, quorum: 2, strict: false } as const;

export function keyOf(ask: { bucket?: string; key?: string; partition?: number } = {}): StorageKey {
  const { bucket = defaults.bucket, key = defaults.key, partition = defaults.partition } = ask;
  return storageKeyOf({ bucket, key, partition });
}

export function textOf(value: Uint8Array | null): string {
  return value === null ? '(deleted)' : Buffer.from(value).toString();
}

export function shown(reply: GetReply): string[] {
  if (!reply.ok) return [`error ${reply.error.code}`];
  return reply.values.map(textOf);
}
