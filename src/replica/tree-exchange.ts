/**
 * Tree exchange: keeps every partition equal to that of its other primaries, whatever was missed.
 *
 * Runs one `tree-exchange` machine, which visits the peers in turn. Peers are visited at once when
 * something of this node's may be lost: after an unclean start, and when a record failed its
 * checksum. The latter's partitions are compared key by key, reading each record: a tree still
 * counts what the disk has lost.
 *
 * A partition that moves is left to its transfer until it has: what a new owner lacks is nearly all
 * of it. The transfer orders the visits it needs, which come before others.
 */
import { inject, injectable } from 'tsyringe';
import { type Actor, createActor } from 'xstate';
import type { ExchangeEffects, ExchangeEvent } from '../../actors/replica/tree-exchange.machine.js';
import {
  treeExchangeChart,
  type treeExchangeMachine,
} from '../../actors/replica/tree-exchange.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { isReplica, replicasOf } from '../../actors/rules/placement.js';
import { isComing } from '../../actors/rules/transfer.js';
import { nextToVisit } from '../../actors/rules/tree-comparison.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { Store } from '../store/store.js';
import { BackgroundActor } from './background-actor.js';
import { ExchangeSteps } from './exchange-steps.js';
import { Pace } from './pace.js';

/**
 * A visit that somebody waits for. Nothing is sent to the peer: who wants to have what it holds has
 * that, whether or not the peer has room for more.
 */
export interface OrderedVisit {
  readonly peer: NodeId;
  readonly partitions: readonly number[];
  /** Once, unless it is withdrawn: whether it went through, all that was pulled being durable. */
  onEnd(wentThrough: boolean): void;
}

@injectable()
export class TreeExchange {
  private readonly actor: BackgroundActor<Actor<typeof treeExchangeMachine>>;
  private readonly steps: ExchangeSteps;
  private readonly pace: Pace;
  /** What is suspected before it is started: only then is it known with whom to compare. */
  private readonly early = { all: false, partitions: new Set<number>() };
  /** Peers that were not compared with since something may be missing here. */
  private readonly urgent = new Set<NodeId>();
  /** Partitions of which a record was damaged, and the peers that were not compared with since. */
  private readonly damaged = new Map<number, Set<NodeId>>();
  private lastPeer: NodeId = '';
  /** The visit whose end somebody waits for. */
  private awaited: OrderedVisit | undefined;
  /** The same, before its turn. */
  private ordered: OrderedVisit | undefined;
  /** What is under way, when it was ordered. */
  private atHand: { readonly visit: OrderedVisit; wentThrough: boolean } | undefined;
  private readonly visits: Counter;

  constructor(
    @inject(Store) store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) clock: Clock,
    @inject(Random) private readonly random: Random,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.actor = new BackgroundActor(
      () => createActor(treeExchangeChart(this.effects()), { clock }),
      inspection,
    );
    this.visits = metrics.counter(
      'exchange.visits',
      'comparisons with another node that were finished',
    );
    this.pace = new Pace(clock, store);
    this.steps = new ExchangeSteps(
      {
        store,
        peers,
        pace: this.pace,
        pulled: metrics.counter(
          'exchange.pulled',
          'states that were fetched because they differed',
        ),
        pushed: metrics.counter('exchange.pushed', 'states that were sent because they differed'),
        bytes: metrics.counter('exchange.bytes', 'bytes of those states'),
      },
      {
        send: (event) => this.send(event),
        isPrimary: (node, place) =>
          isReplica(view.placement(place.partition, buckets.of(place.bucket).spread), node),
        isDamaged: (partition) => this.damaged.has(partition),
      },
    );
    metrics.gauge(
      'exchange.differing',
      'partitions known to differ from those of the node compared with',
      () => this.differing.length,
    );
    view.onChange((change) => {
      if (change.kind !== 'reachability' || change.now !== 'alive') return;
      if (this.urgent.has(change.node)) this.send({ type: 'visit.wanted' });
    });
  }

  /** Partitions known to differ from those of the node compared with, and not mended yet. */
  get differing(): readonly number[] {
    return this.steps.differing;
  }

  start(): void {
    if (!this.actor.start()) return;
    const { all, partitions } = this.early;
    if (all) this.suspectAll();
    if (partitions.size > 0) this.suspectDamage([...partitions]);
  }

  stop(): void {
    if (this.actor.stop()) this.steps.giveUp();
  }

  /** Something may be missing here: compare with all peers now. */
  suspectAll(): void {
    if (!this.actor.isRunning) {
      this.early.all = true;
      return;
    }
    for (const peer of this.commonPartitions().keys()) this.urgent.add(peer);
    this.send({ type: 'visit.wanted' });
  }

  /** Records of these partitions can't be read any more. */
  suspectDamage(partitions: readonly number[]): void {
    if (!this.actor.isRunning) {
      for (const partition of partitions) this.early.partitions.add(partition);
      return;
    }
    const common = this.commonPartitions();
    for (const partition of partitions) {
      const peers = [...common].filter(([, theirs]) => theirs.includes(partition));
      this.damaged.set(partition, new Set(peers.map(([peer]) => peer)));
      for (const [peer] of peers) this.urgent.add(peer);
    }
    this.send({ type: 'visit.wanted' });
  }

  /** One at a time: of an earlier one that has not ended nobody hears any more. */
  order(visit: OrderedVisit): void {
    this.awaited = visit;
    this.ordered = visit;
    this.send({ type: 'visit.wanted' });
  }

  /** A visit that is under way goes on; nobody hears how it ends. */
  withdraw(): void {
    this.awaited = undefined;
    this.ordered = undefined;
  }

  private send(event: ExchangeEvent): void {
    this.actor.send(event);
  }

  private effects(): ExchangeEffects {
    const { steps } = this;
    return {
      isUrgent: () =>
        this.ordered !== undefined || this.reachablePeers().some((peer) => this.urgent.has(peer)),
      restMs: () => this.restMs(),
      paceMs: () => this.pace.restMs(),
      compareRoots: () => this.visitNext(),
      confirmRoots: () => steps.confirmRoots(),
      compareLeaves: () => steps.compareLeaves(),
      confirmLeaves: () => steps.confirmLeaves(),
      compareKeys: () => steps.compareKeys(),
      pull: () => steps.pull(),
      push: () => steps.push(),
      visited: () => this.visited(),
      ended: () => this.ended(),
      giveUp: () => steps.giveUp(),
    };
  }

  private restMs(): number {
    const mean = limits.exchangeIntervalMs / Math.max(this.reachablePeers().length, 1);
    return mean / 2 + this.random.below(Math.ceil(mean));
  }

  private visitNext(): void {
    const { ordered } = this;
    if (ordered !== undefined) {
      this.ordered = undefined;
      this.atHand = { visit: ordered, wentThrough: false };
      return this.steps.compareRoots({ peer: ordered.peer, pushes: false }, ordered.partitions);
    }
    const peer = nextToVisit(this.reachablePeers(), this.urgent, this.lastPeer);
    if (peer === undefined) return this.send({ type: 'nobody.near' });
    this.lastPeer = peer;
    this.steps.compareRoots({ peer, pushes: true }, this.commonPartitions().get(peer) ?? []);
  }

  private visited(): void {
    this.steps.mended();
    this.visits.value++;
    if (this.atHand !== undefined) {
      this.atHand.wentThrough = true;
      return;
    }
    this.urgent.delete(this.lastPeer);
    for (const [partition, peers] of this.damaged) {
      peers.delete(this.lastPeer);
      if (peers.size === 0) this.damaged.delete(partition);
    }
  }

  private ended(): void {
    const { atHand } = this;
    this.atHand = undefined;
    if (atHand === undefined || atHand.visit !== this.awaited) return;
    this.awaited = undefined;
    atHand.visit.onEnd(atHand.wentThrough);
  }

  private reachablePeers(): NodeId[] {
    return [...this.commonPartitions().keys()]
      .filter((peer) => this.view.reachability(peer) === 'alive')
      .sort();
  }

  /** By peer, the partitions both hold, of at least one bucket, and neither is to receive. */
  private commonPartitions(): Map<NodeId, number[]> {
    const { options } = this;
    const common = new Map<NodeId, number[]>();
    for (let partition = 0; partition < options.partitions; partition++) {
      const replicas = this.holdersOf(partition);
      if (!replicas.includes(this.peers.self)) continue;
      for (const peer of replicas) {
        if (peer === this.peers.self) continue;
        const theirs = common.get(peer);
        if (theirs === undefined) common.set(peer, [partition]);
        else theirs.push(partition);
      }
    }
    return common;
  }

  private holdersOf(partition: number): readonly NodeId[] {
    const { view, buckets } = this;
    const replicas = replicasOf(view.placement(partition, buckets.largest));
    return replicas.filter(
      (node) =>
        !buckets.replicaCounts.some(({ n }) => isComing(view.placement(partition, n), node)),
    );
  }
}
