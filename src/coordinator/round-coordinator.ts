/**
 * The coordinator: takes requests, refuses what can't be done, collects the rest into rounds and
 * starts them. What happens in a round is the business of the statecharts and their runners.
 */
import { inject, injectable } from 'tsyringe';
import { openGetLedger, type GetLedger } from '../../actors/coordinator/get-ledger.js';
import { getPlan } from '../../actors/coordinator/round-plans.js';
import type { OnlyIf } from '../../actors/rules/condition.js';
import { courseOf } from '../../actors/rules/said-configuration.js';
import { storageKeyOf } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { UploadId } from '../../actors/rules/part-names.js';
import type { UploadTimes } from '../../actors/rules/parts.js';
import { Buckets, type BucketTerms } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import type { QuorateError } from '../errors.js';
import { MalformedError, OverloadedError, UnavailableError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics } from '../seams/metrics.js';
import { Tracing } from '../seams/tracing.js';
import { Store } from '../store/store.js';
import { receiptOfOne } from '../wire/receipt.js';
import { Admission, expired } from './admission.js';
import { bucketRefusal } from './bucket-refusal.js';
import { notCompared, questionOf } from './comparing.js';
import { givingUp, partRefusal, sizeRefusal } from './big-values.js';
import type { Change, Coordinator, GetRequest, PutRequest } from './coordinator.js';
import type { GetEntry, ReadOf } from './get-round-runner.js';
import { GetRoundRunner, isReadOtherwise } from './get-round-runner.js';
import { KeysRead } from './keys-read.js';
import { LostNodes } from './lost-nodes.js';
import { Minter } from './minting.js';
import { PutRoundStarter } from './put-round-starter.js';
import { bytesOf } from './put-round-runner.js';
import type { Batch } from './round-collector.js';
import { RoundCollector } from './round-collector.js';
import { roundInstruments, type RoundInstruments } from './round-instruments.js';
import type { RoundSurroundings } from './round-surroundings.js';
import { Acks } from './round-surroundings.js';
import { RoundsUnderway } from './rounds-underway.js';
import { noteHere, notePlan, underGlass } from './traced-round.js';
import { replyOfBytes } from './views.js';

@injectable()
export class RoundCoordinator implements Coordinator {
  private readonly rounds: RoundsUnderway;
  private readonly admission = new Admission();
  private readonly puts: RoundCollector<PutRequest>;
  private readonly gets: RoundCollector<GetRequest>;
  private readonly starter: PutRoundStarter;
  private readonly surroundings: RoundSurroundings;
  private readonly listeners: ((change: Change) => void)[] = [];
  private readonly instruments: RoundInstruments;
  private readonly uploadLeaseMs: number;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
    @inject(Tracing) tracing: Tracing,
    @inject(NodeOptions) { uploadLeaseMs }: Pick<NodeOptions, 'uploadLeaseMs'>,
  ) {
    this.uploadLeaseMs = uploadLeaseMs;
    this.rounds = new RoundsUnderway(clock);
    this.instruments = roundInstruments(metrics);
    metrics.gauge('coordinator.roundsInFlight', 'rounds under way', () => this.rounds.size);
    metrics.gauge(
      'coordinator.requestsInFlight',
      'requests that wait for their answer',
      () => this.admission.requestsInFlight,
    );
    this.surroundings = {
      store,
      view,
      peers,
      clock,
      inspection,
      tracing,
      rounds: this.rounds,
      admission: this.admission,
      instruments: this.instruments,
      acks: new Acks(this.instruments.ackMs),
      changed: (change) => {
        for (const listener of this.listeners) listener(change);
      },
      differs: (node) => {
        this.instruments.differing.value++;
        view.reconcile(node);
      },
    };
    const lost = new LostNodes(clock);
    this.starter = new PutRoundStarter(this.surroundings, {
      view,
      buckets,
      minter: new Minter(store, clock, lost, uploadLeaseMs),
      again: (requests) => this.putAgain(requests),
      uploadsReplaced: (request, uploads) => this.giveUp(request, uploads),
    });
    this.puts = new RoundCollector(clock, view, (batch) => this.startPuts(batch));
    this.gets = new RoundCollector(clock, view, (batch) => this.startGets(batch));
    view.onChange((change) => {
      if (change.kind === 'ring') return this.rounds.configurationChanged();
      lost.follow(change.node, change.now);
      if (change.now !== 'down') return;
      if (change.node === store.nodeId) return;
      this.rounds.nodeDown(change.node);
    });
  }

  put(request: PutRequest): void {
    this.instruments.puts.value++;
    const bucket = this.buckets.of(request.bucket);
    const { spread: n, durability } = bucket;
    const bytes = bytesOf(request);
    const refusal =
      this.refusalOf(request, bucket) ??
      sizeRefusal(request, bytes - request.key.length, bucket) ??
      partRefusal(request, this.uploadTimes) ??
      this.admission.admit(bytes);
    if (refusal !== undefined) this.refuse(request, refusal);
    else if (request.onlyIf !== undefined) this.compare(request, request.onlyIf);
    else this.puts.add(request, { n, bytes, durability });
  }

  /** It was admitted: as a put it is collected again, with what it is compared with. */
  private compare(request: PutRequest, onlyIf: OnlyIf): void {
    const { r } = this.buckets.of(request.bucket);
    const question = questionOf(request, { onlyIf, r, nowMs: this.clock.monotonicMs() });
    this.get({
      ...question,
      onCompared: (compared) => this.compared({ ...request, compared }),
      onReply: (reply) => {
        if (!reply.ok) this.starter.refuseAll([request], notCompared(reply.error));
      },
    });
  }

  /** Those of one round of gets share rounds of puts; who drains starts none in a later turn. */
  private compared(request: PutRequest): void {
    if (this.admission.isClosed) this.putAgain([request]);
    else this.collect(request);
  }

  private giveUp(request: PutRequest, uploads: readonly UploadId[]): void {
    const nowMs = this.clock.monotonicMs();
    const times = { nowMs, deadlineMs: nowMs + limits.requestTimeoutMsDefault };
    for (const upload of uploads) this.put(givingUp(request, upload, times));
  }

  private readonly uploadTimes = (): UploadTimes => ({
    nowMs: this.clock.wallMs(),
    leaseMs: this.uploadLeaseMs,
  });

  /** Admitted already. At once, since a coordinator that drains starts nothing later. */
  private putAgain(requests: readonly PutRequest[]): void {
    for (const request of requests) this.collect(request);
    this.puts.flush();
  }

  private collect(request: PutRequest): void {
    const { spread: n, durability } = this.buckets.of(request.bucket);
    this.puts.add(request, { n, bytes: bytesOf(request), durability });
  }

  private readonly getAgain = (requests: readonly GetRequest[]): void => {
    for (const request of requests) {
      const { spread: n } = this.buckets.of(request.bucket);
      this.gets.add(request, { n, bytes: request.key.length });
    }
    this.gets.flush();
  };

  get(request: GetRequest): void {
    this.instruments.gets.value++;
    const bucket = this.buckets.of(request.bucket);
    const n = bucket.spread;
    const bytes = request.key.length;
    const refusal = this.refusalOf(request, bucket) ?? this.admission.admit(bytes);
    if (refusal !== undefined) {
      this.refuse(request, refusal);
      return;
    }
    const isLocal =
      request.quorum === 1 &&
      this.view.placement(request.partition, n).readers.includes(this.store.nodeId);
    if (isLocal && request.onCompared === undefined) this.getHere(request);
    else this.gets.add(request, { n, bytes });
  }

  drain(): Promise<void> {
    this.admission.close();
    this.puts.flush();
    this.gets.flush();
    return this.rounds.drained();
  }

  onChanged(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  private refusalOf(
    request: PutRequest | GetRequest,
    { quorumMax, refused }: BucketTerms,
  ): QuorateError | undefined {
    const { quorum } = request;
    if (refused !== undefined) return bucketRefusal(refused, request);
    if (!(quorum >= 1 && quorum <= quorumMax))
      return new MalformedError(`the quorum is between 1 and ${quorumMax}, not ${quorum}`);
    if (request.deadlineMs <= this.clock.monotonicMs()) return expired();
    return undefined;
  }

  /** Before it was admitted. */
  private refuse(request: PutRequest | GetRequest, error: QuorateError): void {
    this.instruments.failures.value++;
    request.onReply({ ok: false, error });
  }

  /**
   * R=1 at a reader of the partition: nobody else is asked, so neither a round nor a statechart.
   */
  private getHere(request: GetRequest): void {
    const { partition, bucket, key, trace } = request;
    const record = this.store.read(storageKeyOf({ partition, bucket, key }));
    const { conflict } = this.buckets.of(bucket);
    this.admission.release(key.length);
    if (trace !== undefined) noteHere(this.surroundings, trace, 'answered');
    request.onReply(
      replyOfBytes(record?.copy().span, {
        conflict,
        nowMs: this.clock.wallMs(),
        receipt: receiptOfOne(this.store.durability),
      }),
    );
    if (trace !== undefined) noteHere(this.surroundings, trace, 'settled');
  }

  private startPuts(batch: Batch<PutRequest>): void {
    if (this.isOutdated(batch)) return this.putAgain(batch.requests);
    const refusal = this.tooManyRounds();
    if (refusal === undefined) this.starter.start(batch);
    else this.starter.refuseAll(batch.requests, refusal);
  }

  private startGets(batch: Batch<GetRequest>): void {
    const { n, configuration } = batch;
    const read = { n, side: batch.placement.sideRead };
    if (this.isOutdated(batch) || this.areReadOtherwise(batch, read))
      return this.getAgain(batch.requests);
    const ledger = openGetLedger(getPlan(batch, this.view, this.store.nodeId));
    const refusal =
      this.tooManyRounds() ??
      (ledger.verdict.kind === 'failed' ? new UnavailableError(ledger.verdict.reason) : undefined);
    const nowMs = this.clock.monotonicMs();
    const requests: GetRequest[] = [];
    for (const request of batch.requests) {
      const error = refusal ?? (request.deadlineMs <= nowMs ? expired() : undefined);
      if (error !== undefined) {
        this.admission.release(request.key.length);
        this.refuse(request, error);
        continue;
      }
      requests.push(request);
    }
    if (requests.length === 0) return;
    const id = `get-round-${++this.instruments.rounds.value}`;
    const keys = new KeysRead(this.store, requests);
    const entries = requests.map((request, i): GetEntry => {
      const bucket = this.buckets.of(request.bucket);
      return { request, bucket, at: keys.at[i]!, isAnswered: false };
    });
    const again = this.getAgain;
    new GetRoundRunner(this.aroundGets(requests, ledger), {
      id,
      entries,
      keys,
      configuration,
      read,
      ledger,
      again,
    }).begin();
  }

  private aroundGets(requests: readonly GetRequest[], { plan }: GetLedger): RoundSurroundings {
    const { surroundings } = this;
    if (!surroundings.tracing.isOn) return surroundings;
    notePlan(surroundings, requests, plan);
    return underGlass(surroundings, requests, 'get');
  }

  private isOutdated({ configuration }: Batch<PutRequest | GetRequest>): boolean {
    return courseOf(configuration, this.view.configuration) === 'anew';
  }

  /** A node may hear that a partition has moved in the turn in which gets of it are collected. */
  private areReadOtherwise({ requests }: Batch<GetRequest>, read: ReadOf): boolean {
    if (read.side === undefined) return false;
    return requests.some((request) => isReadOtherwise(request, read, this.view));
  }

  private tooManyRounds(): QuorateError | undefined {
    if (this.rounds.size < limits.roundsInFlightMax) return undefined;
    return new OverloadedError(`${this.rounds.size} rounds are in flight`);
  }
}
