/**
 * One node, put together from its seams. No real I/O in here: a simulated cluster composes many in
 * one process.
 *
 * Runs the `node` machine and does what it says. Order: the store recovers (it knows the node's
 * id), then the parts that need the id are made, then the node answers others and gossips, then it
 * opens its ways in; and back.
 */
import 'reflect-metadata';
import type { DependencyContainer } from 'tsyringe';
import { createActor, type ActorRefFrom } from 'xstate';
import type { NodeEffects, NodeEvent } from '../../actors/node/node.machine.js';
import { nodeChart, type nodeMachine } from '../../actors/node/node.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { isReplica } from '../../actors/rules/placement.js';
import type { NodeStatus } from '../api/node-status.js';
import { Buckets } from '../buckets/buckets.js';
import { checkOptions } from '../options/check-options.js';
import type { NodeOptions } from '../options/node-options.js';
import { AgreedClock } from '../seams/agreed-clock.js';
import { Inspection } from '../seams/inspection.js';
import { Journal } from '../seams/journal.js';
import { Metrics, type InstrumentDescription } from '../seams/metrics.js';
import { Store, type RecoveryReport } from '../store/store.js';
import { Deferred } from './deferred.js';
import { holdsBucket } from './holds-bucket.js';
import { JournalKeeper } from './journal-keeper.js';
import { containerOf, nodePartsOf, type NodeParts } from './parts.js';
import type { NodeSeams, QuorateNode } from './quorate-node.js';
import { asError, ReplicaLife } from './replica-life.js';
import { phaseOf, statusOf } from './status.js';

const none: ReadonlySet<number> = new Set();

export type { NodeSeams, QuorateNode } from './quorate-node.js';

/** Throws `RangeError` when an option makes no sense. */
export function composeNode(seams: NodeSeams, options: NodeOptions): QuorateNode {
  checkOptions(options);
  return new ComposedNode(seams, options);
}

class ComposedNode implements QuorateNode, NodeEffects {
  readonly recovered: Promise<void>;
  readonly stopped: Promise<void>;
  readonly replica: ReplicaLife;
  private readonly scope: DependencyContainer;
  private readonly store: Store;
  private readonly actor: ActorRefFrom<typeof nodeMachine>;
  private readonly startedMs: number;
  private readonly fatalListeners: ((error: Error) => void)[] = [];
  private readonly leftListeners: (() => void)[] = [];
  private readonly problemListeners: ((text: string) => void)[] = [];
  private readonly read = new Deferred();
  private readonly serving = new Deferred();
  private readonly ended = new Deferred();
  private hasLeft = false;
  private isStopping = false;
  private parts: NodeParts | undefined;
  private readonly journal: Journal;
  /** While somebody listens to the journal and the node is not told to end. */
  private keeper: JournalKeeper | undefined;
  /** Until the node serves. */
  private report: RecoveryReport | undefined;

  constructor(
    private readonly seams: NodeSeams,
    private readonly options: NodeOptions,
  ) {
    this.scope = containerOf(seams, options);
    this.store = this.scope.resolve<Store>(Store);
    this.journal = this.scope.resolve<Journal>(Journal);
    this.startedMs = seams.clock.monotonicMs();
    this.recovered = this.read.promise;
    this.stopped = this.ended.promise;
    // Whoever does not look must not be ended by a rejection nobody handles; `onFatal` tells as
    // well.
    for (const promise of [this.recovered, this.stopped, this.serving.promise])
      promise.catch(() => undefined);
    this.replica = new ReplicaLife(this.store, {
      onRecovered: (report) => {
        this.report = report;
        this.tellRecovered(report);
        this.read.resolve();
      },
      onDiskFull: () => {
        this.journal.tell({ event: 'disk.full' });
        this.tellListeners('the disk is full: puts are refused until there is room');
      },
      onRoom: () => this.journal.tell({ event: 'disk.writable' }),
    });
    this.actor = createActor(nodeChart(this), { clock: seams.clock });
    this.scope.resolve(Inspection).attach(this.actor);
    this.actor.subscribe({ complete: () => void this.end() });
    this.listen();
  }

  get id(): NodeId {
    return this.store.nodeId;
  }

  start(): Promise<void> {
    this.actor.start();
    return this.serving.promise;
  }

  stop(): Promise<void> {
    this.hearNoMore();
    this.send({ type: 'stop.requested' });
    return this.stopped;
  }

  fail(error: Error): void {
    this.send({ type: 'fatal.happened', error });
  }

  status(): NodeStatus {
    const { options, store, parts, startedMs } = this;
    const uptimeMs = this.seams.clock.monotonicMs() - startedMs;
    const phase = phaseOf(this.actor.getSnapshot(), parts);
    const clock = this.scope.resolve(AgreedClock);
    const metrics = this.scope.resolve(Metrics);
    const buckets = this.scope.resolve<Buckets>(Buckets);
    return statusOf({ options, buckets, store, parts, clock, metrics, uptimeMs, phase });
  }

  instruments(): InstrumentDescription[] {
    return this.scope.resolve(Metrics).describe();
  }

  onFatal(listener: (error: Error) => void): void {
    this.fatalListeners.push(listener);
  }

  onLeft(listener: () => void): void {
    if (this.hasLeft) listener();
    else this.leftListeners.push(listener);
  }

  /** Also of those that are open already. */
  onProblem(listener: (text: string) => void): void {
    for (const text of this.parts?.membership.problems.texts() ?? []) listener(text);
    this.problemListeners.push(listener);
  }

  connect(): void {
    const { prefix } = this.options;
    this.parts = nodePartsOf(this.scope, { address: { id: this.id, prefix }, status: this });
    this.keepJournal();
    if (this.seams.bus.connected) this.send({ type: 'bus.connected' });
  }

  join(): void {
    const { membership, handlers, waysIn, insight, release } = this.started;
    const { partitions } = this.options;
    membership.kept.holds = (bucket) =>
      bucket === undefined ? this.store.keys > 0 : holdsBucket(this.store, partitions, bucket);
    membership.lineage.guard(this.store, () => this.noteOldDisk());
    membership.onJoined(() => this.send({ type: 'cluster.joined' }));
    membership.onLeft(() => this.left());
    membership.onFatal((error) => this.send({ type: 'fatal.happened', error }));
    membership.problems.onReport((text) => this.tellProblem(text));
    membership.problems.onClear((text) => this.journal.tell({ event: 'problem.over', text }));
    this.reportHeldData();
    const buckets = this.scope.resolve<Buckets>(Buckets);
    this.store.setOwned((key) => {
      const partition = partitionOfStorageKey(key);
      const { spread: n } = buckets.of(nameOfStorageKey(key).bucket);
      const placement = membership.view.placement(partition, n);
      return isReplica(placement, this.id) || !release.isReleased(partition);
    });
    for (const handler of handlers) handler.start();
    insight.start();
    waysIn.announce();
    try {
      membership.start();
    } catch (error) {
      this.send({ type: 'fatal.happened', error: asError(error) });
    }
  }

  open(): void {
    const { waysIn, handoff, exchange, collection, freeing, expiry } = this.started;
    const { transfer, release } = this.started;
    waysIn.open();
    handoff.start();
    exchange.start();
    collection.start();
    expiry.start();
    freeing.start();
    transfer.start();
    release.start();
    this.started.clearing.start();
    this.repair();
    this.journal.tell({ event: 'node.serving' });
    this.serving.resolve();
  }

  drain(): void {
    const { waysIn, coordinator } = this.started;
    const finished = (): void => this.send({ type: 'rounds.finished' });
    waysIn.close().then(() => coordinator.drain().then(finished, finished), finished);
  }

  leave(): void {
    const { parts } = this;
    this.keeper?.end();
    if (parts === undefined) return;
    parts.handoff.stop();
    parts.exchange.stop();
    parts.collection.stop();
    parts.expiry.stop();
    parts.freeing.stop();
    parts.transfer.stop();
    parts.release.stop();
    parts.clearing.stop();
    parts.insight.stop();
    parts.membership.stop();
    parts.waysIn.silence();
    parts.peers.close();
  }

  abandon(): void {
    this.leave();
  }

  /** How far this node is with what moves to it or from it is told to the others by membership. */
  private reportHeldData(): void {
    const { membership, transfer, release, clearing } = this.started;
    membership.configurations.heldData = {
      received: (layout) => (layout === membership.view.configuration ? transfer.received() : none),
      isEmpty: () => release.isEmpty(),
      emptied: () => clearing.emptied(),
      unanswering: () => transfer.unanswering(),
    };
    transfer.onReceived(() => membership.tellProgress());
    clearing.onEmptied(() => membership.tellProgress());
  }

  private left(): void {
    this.hasLeft = true;
    this.keeper?.end();
    this.journal.tell({ event: 'node.left' });
    for (const listener of this.leftListeners) listener();
    this.send({ type: 'cluster.left' });
  }

  private noteOldDisk(): void {
    if (this.report?.clean !== false)
      this.tellProblem(
        'other nodes have seen a later life of this node than its data directory knows: was it put back from a copy? It is compared with the others, and takes nothing of its own for the last word',
      );
    this.started.exchange.suspectAll();
  }

  /** Compares with the other primaries at once when the disk may have lost something. */
  private repair(): void {
    const { report } = this;
    if (report === undefined) return;
    const { exchange } = this.started;
    if (!report.clean || report.suspectPartitions === 'all') exchange.suspectAll();
    if (report.suspectPartitions !== 'all' && report.suspectPartitions.length > 0)
      exchange.suspectDamage(report.suspectPartitions);
    this.report = undefined;
  }

  private listen(): void {
    const { store } = this;
    store.onCorrupt(({ partitions, what }) => {
      this.tellListeners(`damaged data, to be repaired from other nodes: ${what}`);
      this.journal.tell({ event: 'store.damaged', what, partitions: partitions.length });
      this.parts?.exchange.suspectDamage(partitions);
    });
    this.seams.bus.onStatus((status) => {
      if (status === 'connected') this.send({ type: 'bus.connected' });
      else if (status === 'closed')
        this.send({ type: 'fatal.happened', error: new Error('the bus was closed') });
    });
  }

  private async end(): Promise<void> {
    const { value, context } = this.actor.getSnapshot();
    this.scope.resolve(Inspection).unwatch();
    await this.seams.bus.close().catch(() => undefined);
    const error = value === 'failed' ? (context.error ?? new Error('the node failed')) : undefined;
    this.read.reject(error ?? new Error('the node was stopped before it had read its disk'));
    this.serving.reject(error ?? new Error('the node was stopped before it served'));
    if (error === undefined) {
      this.journal.tell({ event: 'node.stopped' });
      return this.ended.resolve();
    }
    this.ended.reject(error);
    for (const listener of this.fatalListeners) listener(error);
  }

  private get started(): NodeParts {
    if (this.parts === undefined) throw new Error('the node has not recovered yet');
    return this.parts;
  }

  private send(event: NodeEvent): void {
    this.actor.send(event);
  }

  private keepJournal(): void {
    const { clock, bus, journal } = this.seams;
    if (journal === undefined) return;
    const { view } = this.started.membership;
    const metrics = this.scope.resolve(Metrics);
    this.keeper = new JournalKeeper({ journal, clock, bus, view, metrics });
  }

  private tellRecovered(report: RecoveryReport): void {
    const { clean, cutBytes, durationMs, quarantined } = report;
    const { nodeId: id, keys, hints } = this.store;
    const held = { id, keys, hints: hints.total().count };
    const tookMs = Math.round(durationMs);
    const disk = { clean, cutBytes, setAside: quarantined.length };
    this.journal.tell({ event: 'store.recovered', ...held, tookMs, ...disk });
  }

  private hearNoMore(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.keeper?.end();
    this.journal.tell({ event: 'node.stopping' });
  }

  private tellProblem(text: string): void {
    this.journal.tell({ event: 'problem', text });
    this.tellListeners(text);
  }

  private tellListeners(text: string): void {
    for (const listener of this.problemListeners) listener(text);
  }
}
