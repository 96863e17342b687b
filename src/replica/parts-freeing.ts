/**
 * Frees the parts of big values that no key refers to any more, in the partitions whose first
 * primary this node is, once all who may hold the key agree on what it is. It goes by the chart and
 * the verb of collection: the key is surveyed, the parts are collected.
 *
 * A key that is put all the time never rests; of such a one it is noted when all agreed that
 * nothing refers to an upload, and a grace period later its parts may go.
 */
import { inject, injectable } from 'tsyringe';
import { createActor, type Actor } from 'xstate';
import {
  collectionChart,
  type CollectionEffects,
  type CollectionEvent,
  type collectionMachine,
} from '../../actors/replica/collection.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import {
  agreeing,
  agreement,
  holdings as words,
  type Holding,
} from '../../actors/rules/collection.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { collectorOf } from '../../actors/rules/routing.js';
import { emptyDigest, sameDigest } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store } from '../store/store.js';
import { type AgreedKey, type CollectionOrder } from '../wire/protocol/collection.js';
import { AskedHolders } from './asked-holders.js';
import { BackgroundActor } from './background-actor.js';
import { Forgetting } from './forgetting.js';
import { groundsOf } from './grounds.js';
import { NotedMoments } from './noted-moments.js';
import { PartsWalk, type UnneededUpload } from './parts-walk.js';

@injectable()
export class PartsFreeing implements CollectionEffects {
  private readonly actor: BackgroundActor<Actor<typeof collectionMachine>>;
  private readonly walk: PartsWalk;
  private readonly asked: AskedHolders;
  private readonly noted: NotedMoments;
  private readonly graceMs: number;
  private readonly freed: Counter;
  private uploads: readonly UnneededUpload[] = [];
  private parts: readonly AgreedKey[] = [];
  private grounds = { configuration: 0, holders: [] as readonly NodeId[] };
  private readonly refused = (): void => this.send({ type: 'survey.refused' });

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(Forgetting) private readonly forgetting: Forgetting,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.graceMs = options.tombstoneGraceMs;
    this.noted = new NotedMoments(partLimits.notedUploadsMax, 2 * this.graceMs);
    this.asked = new AskedHolders(peers, view, store);
    this.actor = new BackgroundActor(
      () => createActor(collectionChart(this), { clock }),
      inspection,
    );
    this.walk = new PartsWalk(store, {
      partitions: options.partitions,
      leaseMs: options.uploadLeaseMs,
      graceMs: this.graceMs,
      nowMs: () => clock.wallMs(),
      isMine: (partition) =>
        collectorOf(view.placement(partition, buckets.largest), view) === peers.self,
    });
    this.freed = metrics.counter(
      'parts.freed',
      'parts of big values that nothing refers to, dropped',
    );
    metrics.gauge(
      'parts.held',
      'parts of values that keys refer to, where this node collects, by its last walk',
      () => this.walk.met.parts,
    );
    metrics.gauge(
      'parts.uploads',
      'uploads whose parts are held there: of values, under way, or to be freed',
      () => this.walk.met.uploads,
    );
  }

  start(): void {
    this.actor.start();
  }

  stop(): void {
    if (this.actor.stop()) this.abandon();
  }

  look(): void {
    this.uploads = this.store.refusal() === undefined ? this.walk.step() : [];
    this.send({ type: this.uploads.length === 0 ? 'candidates.none' : 'candidates.found' });
  }

  survey(): void {
    const { uploads } = this;
    this.grounds = groundsOf(this.view);
    const keys = uploads.map(({ owner }) => owner);
    const own = (): Holding[] => keys.map((key) => this.forgetting.holdingOf(key));
    this.asked.survey(
      keys,
      { grounds: this.grounds, own },
      {
        onHoldings: (given) => {
          if (this.uploads === uploads) this.conclude(given);
        },
        onRefused: this.refused,
      },
    );
  }

  private conclude(given: ReadonlyMap<NodeId, readonly Holding[]>): void {
    const parts: AgreedKey[] = [];
    for (const [i, upload] of this.uploads.entries()) {
      const said = new Map([...given].map(([id, list]) => [id, list[i]!]));
      if (!this.isAgreed(upload.owner, said) || !this.isRipe(upload)) continue;
      const room = partLimits.freedPerTickMax - parts.length;
      if (room > 0) parts.push(...this.walk.partsOf(upload, room));
    }
    this.parts = parts;
    this.send({ type: parts.length === 0 ? 'survey.refused' : 'survey.agreed' });
  }

  /** All who may hold the key hold this state of it, or none of them holds any. */
  private isAgreed({ key, digest }: AgreedKey, said: ReadonlyMap<NodeId, Holding>): boolean {
    const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
    const primaries = agreeing(this.view.placement(partitionOfStorageKey(key), n), this.view);
    if (primaries === undefined) return false;
    if (sameDigest(digest, emptyDigest))
      return [...said.values()].every((holding) => holding === words.absent);
    return agreement({ primaries, holdings: said }) !== undefined;
  }

  private isRipe({ prefix, hasRested }: UnneededUpload): boolean {
    if (hasRested) return true;
    const nowMs = this.clock.monotonicMs();
    const sinceMs = this.noted.note(prefix, nowMs);
    return sinceMs !== undefined && nowMs - sinceMs >= this.graceMs;
  }

  /** To all: some may hold parts that are not their own. */
  forgetElsewhere(): void {
    const { grounds, parts } = this;
    const order: CollectionOrder = { kind: 'collect', ...grounds, keys: parts };
    const others = grounds.holders.filter((id) => id !== this.peers.self);
    this.asked.askAll(
      others.map((to) => ({ to, order })),
      {
        onAnswer: () => {},
        onAll: () => this.send({ type: 'others.forgot' }),
        onRefused: this.refused,
      },
    );
  }

  forgetHere(): void {
    try {
      this.forgetting.collect(this.parts, () => {});
      this.freed.value += this.parts.length;
    } catch (error) {
      // The store takes nothing more for now: the next pass finds them again.
      if (!(error instanceof QuorateError)) throw error;
    }
    this.send({ type: 'self.forgot', more: false });
  }

  abandon(): void {
    this.asked.abandon();
  }

  private send(event: CollectionEvent): void {
    this.actor.send(event);
  }
}
