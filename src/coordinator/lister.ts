/** Makes pages of listings, a bounded number at once. */
import { inject, injectable } from 'tsyringe';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { MalformedError, OverloadedError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store } from '../store/store.js';
import { TurnQueue } from '../store/turn-queue.js';
import { bucketRefusal } from './bucket-refusal.js';
import { Coordinator } from './coordinator.js';
import type { Listings, ListReply, ListRequest } from './listings.js';
import { PageMaker, type PageSurroundings } from './page-maker.js';
import { RoundsUnderway } from './rounds-underway.js';

@injectable()
export class Lister implements Listings {
  private readonly rounds: RoundsUnderway;
  private readonly around: PageSurroundings;
  private readonly pages: Counter;
  private readonly keys: Counter;
  private underway = 0;

  constructor(
    @inject(Store) store: Store,
    @inject(Peers) peers: Peers,
    @inject(ClusterView) view: ClusterView,
    @inject(Clock) clock: Clock,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Coordinator) coordinator: Coordinator,
    @inject(Inspection) inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.rounds = new RoundsUnderway(clock);
    this.pages = metrics.counter('listing.pages', 'pages of keys that were asked for');
    this.keys = metrics.counter('listing.keys', 'keys that were listed');
    metrics.gauge('listing.pagesUnderway', 'pages that are being made', () => this.underway);
    const keysOfPartition = (): number => store.keys / view.ring.partitions;
    const { rounds } = this;
    const steps = new TurnQueue(clock);
    const of = { store, peers, view, clock, coordinator, inspection };
    this.around = { ...of, rounds, steps, keysOfPartition };
    view.onChange((change) => {
      if (change.kind === 'ring') return rounds.configurationChanged();
      if (change.now === 'down' && change.node !== store.nodeId) rounds.nodeDown(change.node);
    });
  }

  page(request: ListRequest): void {
    this.pages.value++;
    const bucket = this.buckets.of(request.bucket);
    const { quorum } = request;
    const { quorumMax, refused } = bucket;
    if (refused !== undefined)
      return request.onReply({ ok: false, error: bucketRefusal(refused, request) });
    if (!(quorum >= 1 && quorum <= quorumMax)) {
      const error = new MalformedError(`the quorum is between 1 and ${quorumMax}, not ${quorum}`);
      return request.onReply({ ok: false, error });
    }
    if (this.underway >= listingLimits.pagesUnderwayMax) {
      const error = new OverloadedError(`${this.underway} pages of keys are being made`);
      return request.onReply({ ok: false, error });
    }
    this.underway++;
    const onReply = (reply: ListReply): void => {
      this.underway--;
      if (reply.ok) this.keys.value += reply.keys.length;
      request.onReply(reply);
    };
    const id = `page-${this.pages.value}`;
    new PageMaker(this.around, { id, request, bucket, onReply }).begin();
  }

  close(): void {
    void this.rounds.drained();
  }
}
