/**
 * Replicas of a few nodes in one process, on virtual time: real stores on simulated disks, the real
 * node protocol, and the background work (handoff, exchange, collection). What the nodes believe of
 * each other is set by hand; there are no coordinators.
 */
import 'reflect-metadata';
import type { NodeId } from '../../actors/rules/actor.js';
import { actorOf } from '../../actors/rules/actor.js';
import {
  nameOfStorageKey,
  partitionOfStorageKey,
  storageKeyOf,
  type StorageKey,
} from '../../actors/rules/key.js';
import { isReplica } from '../../actors/rules/placement.js';
import type { Context, KeyState } from '../../actors/rules/versions.js';
import { emptyState, mint, sameState, seenAll } from '../../actors/rules/versions.js';
import { KnownBuckets } from '../../src/buckets/known-buckets.js';
import { BusPeers } from '../../src/bus/bus-peers.js';
import { TraceRecorder } from '../../src/insight/trace-recorder.js';
import { nodeOptionsDefault, type NodeOptions } from '../../src/options/node-options.js';
import { Collection } from '../../src/replica/collection.js';
import { Expiry } from '../../src/replica/expiry.js';
import { Forgetting } from '../../src/replica/forgetting.js';
import { Handoff } from '../../src/replica/handoff.js';
import { MergeHandler } from '../../src/replica/merge-handler.js';
import { ReadHandler } from '../../src/replica/read-handler.js';
import { PartsFreeing } from '../../src/replica/parts-freeing.js';
import { CollectionHandler } from '../../src/replica/collection-handler.js';
import { Release } from '../../src/replica/release.js';
import { Transfer } from '../../src/replica/transfer.js';
import { TransferHandler } from '../../src/replica/transfer-handler.js';
import { TreeExchange } from '../../src/replica/tree-exchange.js';
import { TreeHandler } from '../../src/replica/tree-handler.js';
import { AgreedClock } from '../../src/seams/agreed-clock.js';
import { Inspection } from '../../src/seams/inspection.js';
import { silentJournal } from '../../src/seams/journal.js';
import { Metrics } from '../../src/seams/metrics.js';
import { DurableStore } from '../../src/store/durable-store.js';
import { encodable } from '../../src/wire/key-state-codec.js';
import { encodeStates } from '../../src/wire/state-batch.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock, type ClockFaults } from '../simulation/seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../simulation/seams/sim-disk.js';
import { SimLogDirectory } from '../simulation/seams/sim-log-directory.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { SimTables } from '../simulation/seams/sim-tables.js';
import { LoneReplica } from './lone-replica.js';
import { HandMadeView } from './round-cluster.js';

const partitions = 16;

/** One life of a node: from a start to a crash. */
export interface ReplicaNode {
  readonly id: NodeId;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly store: DurableStore;
  readonly peers: BusPeers;
  readonly view: HandMadeView;
  readonly handoff: Handoff;
  readonly exchange: TreeExchange;
  readonly collection: Collection;
  readonly expiry: Expiry;
  readonly agreed: AgreedClock;
  readonly freeing: PartsFreeing;
  readonly transfer: Transfer;
  readonly release: Release;
  readonly metrics: Metrics;
}

interface ReplicaPut {
  readonly value: string | Buffer | null;
  readonly isManifest?: boolean;
  readonly seen?: Context;
  readonly expiresAtMs?: number;
}

export class ReplicaWorld {
  readonly nodes: ReplicaNode[] = [];
  readonly errors: unknown[] = [];
  readonly scheduler = new Scheduler((error) => this.errors.push(error));
  /** Whether the nodes run their releases: else the state of a settled hint may go at once. */
  releasing = false;
  /** Of each node; its wall clock jumps when its offset is set. */
  readonly clockFaults: ClockFaults[];
  private readonly disks: SimDisk[];
  private readonly trace = new Trace({ keep: false });
  private readonly nats: SimNats;
  private ids: NodeId[] = [];

  /** All nodes recovered and answering; no background work yet. */
  static async start(nodes: number, options: Partial<NodeOptions> = {}): Promise<ReplicaWorld> {
    const world = new ReplicaWorld(nodes, options);
    // First lives only to learn the ids, which the stores choose themselves.
    const stores = world.disks.map((_, at) => world.open(at, new SimProcess(`first-${at}`)));
    await world.until(stores.map(({ store }) => new LoneReplica(store).recover()));
    world.ids = stores.map(({ store }) => store.nodeId);
    await world.until(stores.map(({ store }) => store.close()));
    for (let at = 0; at < nodes; at++) await world.boot(at);
    return world;
  }

  private constructor(
    count: number,
    private readonly options: Partial<NodeOptions>,
  ) {
    this.clockFaults = Array.from({ length: count }, () => ({ driftPpm: 0, wallOffsetMs: 0 }));
    this.disks = Array.from(
      { length: count },
      (_, at) => new SimDisk(new SimRandom(`disk-${at}`), { ...diskFaultsNone }),
    );
    this.nats = new SimNats(this.scheduler, new SimRandom('nats'), this.trace, {
      noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
      mapping: undefined,
      payloadBytesMax: 1024 * 1024,
      pendingBytesMax: 64 * 1024 * 1024,
    });
  }

  /** Virtual milliseconds. */
  run(ms: number): Promise<void> {
    return this.scheduler.run({ endUs: this.scheduler.nowUs + ms * 1000 });
  }

  private async until(promises: readonly Promise<unknown>[]): Promise<void> {
    let done = false;
    const all = Promise.all(promises).finally(() => {
      done = true;
    });
    await this.scheduler.run({ endUs: this.scheduler.nowUs + 60e6, until: () => done });
    await all;
  }

  /** A new life on the disk as it is; others are not told. */
  async boot(at: number): Promise<ReplicaNode> {
    const process = new SimProcess(`node-${at}`);
    const { store, clock, settings, metrics } = this.open(at, process);
    await this.until([new LoneReplica(store).recover()]);
    const id = store.nodeId;
    const bus = new SimBus(this.nats, id, process);
    const random = new SimRandom(`random-${at}`);
    const peers = new BusPeers(bus, clock, random, { id, prefix: 'kv' }, metrics);
    const view = new HandMadeView(this.ids, id);
    const inspection = new Inspection(clock);
    const forgetting = new Forgetting(store, clock, settings);
    const tracing = new TraceRecorder(clock, random, store, { id });
    const buckets = new KnownBuckets(settings);
    new MergeHandler(peers, store, view, tracing, buckets, clock).start();
    new ReadHandler(peers, store, view, buckets, tracing).start();
    new TreeHandler(store, peers, settings).start();
    new CollectionHandler(peers, view, store, forgetting).start();
    new TransferHandler(peers, store, view, buckets, settings, clock).start();
    const told = [settings, buckets, inspection] as const;
    const common = [store, peers, view, clock, random, ...told, metrics] as const;
    const handoff = new Handoff(...common, tracing, silentJournal);
    const exchange = new TreeExchange(...common);
    const collection = new Collection(
      ...([store, peers, view, clock, ...told, forgetting, metrics] as const),
    );
    const agreed = new AgreedClock(clock);
    const expiry = new Expiry(store, peers, view, agreed, buckets, metrics);
    const freeing = new PartsFreeing(
      ...([store, peers, view, clock, ...told, forgetting, metrics] as const),
    );
    const seen = [store, peers, view, clock, ...told] as const;
    const transfer = new Transfer(...seen, exchange, metrics);
    const release = new Release(...seen, metrics);
    store.setOwned((key) => {
      const partition = partitionOfStorageKey(key);
      const { spread: n } = buckets.of(nameOfStorageKey(key).bucket);
      const isOwn = isReplica(view.placement(partition, n), id);
      return isOwn || (this.releasing && !release.isReleased(partition));
    });
    const work = { handoff, exchange, collection, freeing, expiry };
    const background = { ...work, agreed, transfer, release };
    const node = { id, process, clock, store, peers, view, ...background, metrics };
    this.nodes[at] = node;
    await this.run(10);
    return node;
  }

  private open(
    at: number,
    process: SimProcess,
  ): { store: DurableStore; clock: SimClock; settings: NodeOptions; metrics: Metrics } {
    const host = { scheduler: this.scheduler, process, trace: this.trace };
    const disk = this.disks[at]!;
    const clock = new SimClock(this.scheduler, process, this.clockFaults[at]!);
    const name = `node-${at}`;
    const settings = {
      ...nodeOptionsDefault,
      scrubMemory: true,
      partitions,
      ...this.options,
      name,
      dataDir: '',
    };
    const metrics = new Metrics();
    const store = new DurableStore(
      clock,
      new SimRandom(`store-${at}`),
      new SimLogDirectory(disk, host),
      new SimTables(disk, host),
      settings,
      metrics,
    );
    return { store, clock, settings, metrics };
  }

  /** The power goes: unsynced writes with it. */
  crash(at: number): void {
    this.nodes[at]!.process.die();
    this.disks[at]!.crash();
  }

  /** Whether a node's disk has room. */
  fill(at: number, full: boolean): void {
    this.disks[at]!.faults.full = full;
  }

  /** What everybody else believes of a node. */
  believe(at: number, now: 'alive' | 'down'): void {
    const { id } = this.nodes[at]!;
    for (const node of this.nodes) if (node.id !== id) node.view.believe(id, now);
  }

  /** The key `name` in a partition whose preference list starts at `first`. */
  key(name: string, first = 0): StorageKey {
    return storageKeyOf({ partition: first, bucket: 'b', key: name });
  }

  /** The state after a put at a node, as its coordinator would mint it; stored there only. */
  async put(at: number, key: StorageKey, put: ReplicaPut = { value: 'v' }): Promise<KeyState> {
    const { store, clock, id } = this.nodes[at]!;
    const held = store.read(key);
    const valid = held !== undefined && held.mark !== 0 && held.mark >= store.validEpoch();
    const mark = valid ? held.mark : store.drawEpoch();
    const state = mint({
      local: held?.state ?? emptyState,
      seen: put.seen && seenAll(put.seen),
      actor: actorOf(id, mark),
      value: typeof put.value === 'string' ? Buffer.from(put.value) : put.value,
      isManifest: put.isManifest,
      writtenAtMs: clock.wallMs(),
      expiresAtMs: put.expiresAtMs ?? 0,
      operation: '',
    });
    store.mint([{ key, state: encodable(state), mark }], () => {});
    await this.run(5);
    return state;
  }

  /** A state arrives at a node; `owedTo` makes it a hint. */
  async give(at: number, key: StorageKey, state: KeyState, owedTo?: number): Promise<void> {
    const forTarget = owedTo === undefined ? {} : { owedTo: this.nodes[owedTo]!.id };
    this.nodes[at]!.store.merge(
      encodeStates([{ key, state: encodable(state) }]),
      forTarget,
      () => {},
    );
    await this.run(5);
  }

  stateAt(at: number, key: StorageKey): KeyState | undefined {
    return this.nodes[at]!.store.read(key)?.state;
  }

  /**
   * What clients could see there: values, `null` for a tombstone; undefined when nothing is held.
   */
  valuesAt(at: number, key: StorageKey): (string | null)[] | undefined {
    return this.stateAt(at, key)?.siblings.map(
      ({ value }) => value && Buffer.from(value).toString(),
    );
  }

  equal(key: StorageKey, nodes: readonly number[]): boolean {
    const first = this.stateAt(nodes[0]!, key) ?? emptyState;
    return nodes.every((at) => sameState(this.stateAt(at, key) ?? emptyState, first));
  }
}
