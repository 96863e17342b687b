/**
 * Collection: forgets tombstones and surplus context entries of the partitions whose first primary
 * this node is, once all agree (`actors/rules/collection.ts` says when).
 *
 * Asked are those who may hold something by the configuration, whoever else is known: one who waits
 * to be taken in holds nothing, and of one who leaves this node may have no row yet.
 *
 * A node that was removed must not come back with its old data: what was forgotten meanwhile would
 * return with it. So it is not asked, but everybody else must know of the removal, and with that
 * take nothing from it, before anything is forgotten. A partition that moves is left alone until it
 * has: its owners before and after do not hold the same yet.
 */
import { inject, injectable } from 'tsyringe';
import { type Actor, createActor } from 'xstate';
import type {
  CollectionEffects,
  CollectionEvent,
} from '../../actors/replica/collection.machine.js';
import {
  collectionChart,
  type collectionMachine,
} from '../../actors/replica/collection.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Holding } from '../../actors/rules/collection.js';
import { agreeing, agreement } from '../../actors/rules/collection.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { isMoving } from '../../actors/rules/placement.js';
import { remaining } from '../../actors/rules/removal.js';
import { collectorOf } from '../../actors/rules/routing.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store } from '../store/store.js';
import {
  type Grounds,
  type Replacement,
  type CollectionOrder,
} from '../wire/protocol/collection.js';
import { AskedHolders } from './asked-holders.js';
import { BackgroundActor } from './background-actor.js';
import type { Candidate } from './collection-walk.js';
import { CollectionWalk } from './collection-walk.js';
import { Forgetting } from './forgetting.js';
import { groundsOf } from './grounds.js';

@injectable()
export class Collection implements CollectionEffects {
  private readonly actor: BackgroundActor<Actor<typeof collectionMachine>>;
  private readonly walk: CollectionWalk;
  private readonly isMine: (partition: number) => boolean;
  private candidates: readonly Candidate[] = [];
  private isWalkFirst = false;
  /** To each node that holds them, the agreed candidates. */
  private agreed = new Map<NodeId, Candidate[]>();
  private grounds: Grounds = { configuration: 0, holders: [] };
  private readonly asked: AskedHolders;
  private readonly refused = (): void => this.send({ type: 'survey.refused' });
  /** More had expired than one batch takes, when it was last looked for. */
  private isBehind = false;
  private readonly collected: Counter;
  private readonly pruned: Counter;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(Forgetting) private readonly forgetting: Forgetting,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.asked = new AskedHolders(peers, view, store);
    this.actor = new BackgroundActor(
      () => createActor(collectionChart(this), { clock }),
      inspection,
    );
    this.collected = metrics.counter(
      'collection.collected',
      'tombstones and expired keys forgotten',
    );
    this.pruned = metrics.counter('collection.pruned', 'keys whose contexts were shortened');
    this.isMine = (partition) =>
      collectorOf(view.placement(partition, buckets.largest), view) === peers.self &&
      !buckets.replicaCounts.some(({ n }) => isMoving(view.placement(partition, n)));
    this.walk = new CollectionWalk(store, {
      partitions: options.partitions,
      graceMs: options.tombstoneGraceMs,
      nowMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      isMine: this.isMine,
      isFormer: (node) => this.isFormer(node),
    });
  }

  start(): void {
    this.actor.start();
  }

  stop(): void {
    if (this.actor.stop()) this.abandon();
  }

  look(): void {
    this.candidates = this.store.refusal() === undefined ? this.nextCandidates() : [];
    this.send({ type: this.candidates.length === 0 ? 'candidates.none' : 'candidates.found' });
  }

  /**
   * What has expired is found without a walk. They take turns: where keys expire all the time, the
   * walk still comes to what was deleted.
   */
  private nextCandidates(): readonly Candidate[] {
    this.isWalkFirst = !this.isWalkFirst;
    const walked = this.isWalkFirst ? this.walk.step() : [];
    if (walked.length > 0) return walked;
    const limit = limits.collectionKeysPerTickMax;
    const expired = this.store.expiries.dead(this.clock.wallMs() - this.options.tombstoneGraceMs, {
      limit,
      isWanted: this.isMine,
    });
    this.isBehind = expired.length === limit;
    if (expired.length === 0) return this.isWalkFirst ? walked : this.walk.step();
    return expired.map(({ key, digest }) => ({ key, digest, goes: 'record' }));
  }

  survey(): void {
    const { candidates } = this;
    this.grounds = groundsOf(this.view);
    const own = (): Holding[] =>
      candidates.map((candidate) => this.forgetting.holdingOf(candidate));
    this.asked.survey(
      candidates,
      { grounds: this.grounds, own },
      {
        onHoldings: (holdings) => {
          if (this.candidates === candidates) this.conclude(holdings);
        },
        onRefused: this.refused,
      },
    );
  }

  private conclude(holdings: ReadonlyMap<NodeId, readonly Holding[]>): void {
    this.agreed = new Map();
    this.candidates.forEach((candidate, i) => {
      const primaries = this.agreeingOn(candidate.key);
      const given = new Map([...holdings].map(([id, list]) => [id, list[i]!]));
      const holders = primaries && agreement({ primaries, holdings: given });
      if (holders !== undefined && candidate.goes === 'nothing')
        return this.walk.noteCleared(candidate.key, candidate.surplus);
      for (const id of holders ?? []) {
        const list = this.agreed.get(id);
        if (list === undefined) this.agreed.set(id, [candidate]);
        else list.push(candidate);
      }
    });
    this.send({ type: this.agreed.size === 0 ? 'survey.refused' : 'survey.agreed' });
  }

  private agreeingOn(key: StorageKey): readonly NodeId[] | undefined {
    const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
    return agreeing(this.view.placement(partitionOfStorageKey(key), n), this.view);
  }

  forgetElsewhere(): void {
    const orders = [...this.agreed]
      .filter(([id]) => id !== this.peers.self)
      .flatMap(([to, agreed]) => ordersFor(agreed, this.grounds).map((order) => ({ to, order })));
    this.asked.askAll(orders, {
      onAnswer: () => {},
      onAll: () => this.send({ type: 'others.forgot' }),
      onRefused: this.refused,
    });
  }

  forgetHere(): void {
    const own = this.agreed.get(this.peers.self) ?? [];
    const { replaced, dropped } = replacedAndDropped(own);
    try {
      this.forgetting.collect(dropped, () => {});
      this.forgetting.replace(replaced, () => {});
      this.collected.value += dropped.length;
      this.pruned.value += replaced.length;
    } catch (error) {
      // The store takes nothing more for now; what stays here comes back to the others, and is
      // looked at again.
      if (!(error instanceof QuorateError)) throw error;
    }
    this.send({ type: 'self.forgot', more: this.isBehind });
  }

  abandon(): void {
    this.asked.abandon();
  }

  private send(event: CollectionEvent): void {
    this.actor.send(event);
  }

  /** It will not mint any more. Who waits to be taken in may. */
  private isFormer(node: NodeId): boolean {
    const { view } = this;
    if (view.holders().includes(node)) return false;
    const known = view.members().map(({ id }) => id);
    return !remaining(known, view).includes(node);
  }
}

function ordersFor(agreed: readonly Candidate[], grounds: Grounds): CollectionOrder[] {
  const { replaced, dropped } = replacedAndDropped(agreed);
  const orders: CollectionOrder[] = [];
  if (dropped.length > 0) orders.push({ ...grounds, kind: 'collect', keys: dropped });
  if (replaced.length > 0) orders.push({ ...grounds, kind: 'replace', replacements: replaced });
  return orders;
}

function replacedAndDropped(agreed: readonly Candidate[]): {
  replaced: Replacement[];
  dropped: Candidate[];
} {
  const replaced: Replacement[] = [];
  const dropped: Candidate[] = [];
  for (const candidate of agreed) {
    if (candidate.goes === 'entries') replaced.push(candidate);
    else if (candidate.goes === 'record') dropped.push(candidate);
  }
  return { replaced, dropped };
}
