/**
 * Lists spans of partitions that are read of the same nodes, of R of them: what this node holds
 * itself, and where others hold something else, what they do. Whom to ask and when that is enough
 * is decided as of a get, by the same chart.
 */
import { openGetLedger, type GetLedger } from '../../actors/coordinator/get-ledger.js';
import { GetRound, type GetRoundEffects } from '../../actors/coordinator/get-round.js';
import { getPlan } from '../../actors/coordinator/round-plans.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import { mergedList, type MergedList } from '../../actors/rules/listing.js';
import { isReadAlike, type Placement } from '../../actors/rules/placement.js';
import { courseOf, type ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import type { CallId, PeerAnswer, Peers } from '../bus/peers.js';
import { DeadlineError, QuorateError, UnavailableError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import { listSpan, Room, type Listed, type OwnSpan } from '../store/key-spans.js';
import type { Store } from '../store/store.js';
import type { ListedKeys } from '../wire/listed-keys.js';
import {
  listBody,
  listedSpansOf,
  type AskedSpan,
  type ListedSpan,
  type Span,
} from '../wire/protocol/list.js';
import type { WireValue } from '../wire/wire-value.js';
import { lossOf } from './round-surroundings.js';
import { RoundWaits, type WaitingEntry } from './round-waits.js';
import type { Round, RoundsUnderway } from './rounds-underway.js';

export interface ListSurroundings {
  readonly store: Pick<Store, 'nodeId' | 'range' | 'rootOf'>;
  readonly view: Pick<ClusterView, 'configuration' | 'placement' | 'reachability' | 'reconcile'>;
  readonly peers: Pick<Peers, 'call' | 'giveUp'>;
  readonly clock: Clock;
  readonly inspection: Pick<Inspection, 'actorOptions'>;
  readonly rounds: Pick<RoundsUnderway, 'begin' | 'end' | 'wakeBy'>;
}

export interface ListRoundContent {
  readonly id: string;
  readonly bucket: Listed;
  /** N of the bucket. */
  readonly n: number;
  readonly quorum: number;
  readonly strict: boolean;
  readonly deadlineMs: number;
  /** Of all the spans. */
  readonly placement: Placement;
  readonly spans: readonly Span[];
  readonly onResult: (result: ListRoundResult) => void;
}

export type ListRoundResult =
  /** Of the spans in their order; those that are missing at the end were not looked at. */
  | { readonly kind: 'listed'; readonly lists: readonly MergedList[] }
  /** Others own the partitions by now. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'failed'; readonly error: QuorateError };

export class ListRound implements GetRoundEffects, Round {
  readonly waits: RoundWaits<WaitingEntry>;
  private readonly round: GetRound;
  private readonly entry: WaitingEntry;
  private readonly configuration: ConfigurationNumber;
  private readonly ledger: GetLedger;
  private own: readonly OwnSpan[] | undefined;
  /** Of the spans in their order, as its answer has them. */
  private readonly answers = new Map<NodeId, readonly ListedSpan[]>();
  private readonly calls: CallId[] = [];

  constructor(
    private readonly around: ListSurroundings,
    private readonly content: ListRoundContent,
  ) {
    const { placement, quorum, strict, deadlineMs, id } = content;
    const { view, store, inspection } = around;
    this.configuration = view.configuration;
    this.ledger = openGetLedger(getPlan({ placement, quorum, strict }, view, store.nodeId));
    this.entry = { request: { deadlineMs }, isAnswered: false };
    this.waits = new RoundWaits(around, [this.entry], listingLimits.slowListMs, {
      expire: () => this.fail(new DeadlineError('the keys were not listed in time', 'none')),
      allExpired: () => this.round.happened({ type: 'deadline.passed' }),
      slow: () => this.round.happened({ type: 'replica.slow' }),
      overdue: () => undefined,
    });
    this.round = new GetRound(this.ledger, this, { ...inspection.actorOptions, id });
  }

  begin(): void {
    const { verdict, plan, seats } = this.ledger;
    if (verdict.kind === 'failed') return this.fail(new UnavailableError(verdict.reason));
    this.around.rounds.begin(this);
    if (seats.some(({ node }) => node === plan.self)) this.ownSpans();
    this.round.begin();
  }

  nodeDown(node: NodeId): void {
    this.round.happened({ type: 'replica.outOfReach', node, why: 'is down' });
  }

  configurationChanged(): void {
    const { view } = this.around;
    const { spans, n, placement } = this.content;
    const isReadOtherwise = ({ partition }: Span): boolean =>
      !isReadAlike(placement.sideRead, view.placement(partition, n));
    const isOutdated =
      courseOf(this.configuration, view.configuration) === 'anew' || spans.some(isReadOtherwise);
    if (isOutdated) this.round.happened({ type: 'plan.outdated' });
  }

  ask(node: NodeId): void {
    const { peers, clock } = this.around;
    const { bucket, prefix } = this.content.bucket;
    const spans = this.askedSpans();
    const body = listBody({
      remainingMs: this.waits.remainingMs(clock.monotonicMs()),
      configuration: this.configuration,
      side: this.content.placement.sideRead,
      bucket,
      prefix,
      spans,
    });
    const call = peers.call(node, 'list', body, (answer) => {
      if (answer.kind === 'ok') this.take(node, answer.body, spans);
      else this.lost(node, answer);
    });
    this.calls.push(call);
  }

  private take(node: NodeId, body: readonly WireValue[], asked: readonly AskedSpan[]): void {
    try {
      this.answers.set(node, listedSpansOf(body, asked));
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.round.happened({ type: 'replica.refused', node, why: error.message });
      return;
    }
    // What differs is read, and repaired, key by key.
    this.round.happened({ type: 'replica.answered', node, differs: false });
  }

  private lost(node: NodeId, answer: Exclude<PeerAnswer, { kind: 'ok' }>): void {
    const loss = lossOf(node, answer);
    this.round.happened(loss);
    if (loss.type !== 'replica.differs' || this.round.isFinal) return;
    this.around.view.reconcile(node);
    this.waits.againSoon(() => {
      if (!this.round.isFinal) this.ask(node);
    });
  }

  replyMet(): void {
    const { ledger } = this.round;
    const counts = ledger.seats.some(
      ({ node, standing }) => node === ledger.plan.self && standing === 'answered',
    );
    const own = counts || this.own !== undefined ? this.ownSpans() : undefined;
    const answers = [...this.answers.values()];
    const lists: MergedList[] = [];
    for (let i = 0; i < this.content.spans.length; i++) {
      const mine = own?.[i];
      const ofSpan: ListedKeys[] = mine === undefined ? [] : [mine.listed];
      let isLookedAt = own === undefined || mine !== undefined;
      for (const answer of answers) {
        const listed = answer[i];
        if (listed === undefined) isLookedAt = false;
        else if (listed !== 'same') ofSpan.push(listed);
      }
      if (!isLookedAt) break;
      lists.push(mergedList(ofSpan));
    }
    this.reply({ kind: 'listed', lists });
  }

  replyFailed(reason: string): void {
    this.fail(new UnavailableError(reason));
  }

  planAnew(): void {
    this.reply({ kind: 'outdated' });
  }

  /** Nobody is told to differ. */
  repair(): void {
    this.round.happened({ type: 'repairs.answered' });
  }

  finish(): void {
    for (const call of this.calls) this.around.peers.giveUp(call);
    this.waits.end();
    this.around.rounds.end(this);
  }

  private ownSpans(): readonly OwnSpan[] {
    if (this.own !== undefined) return this.own;
    const { spans, bucket } = this.content;
    const room = new Room();
    const own: OwnSpan[] = [];
    for (const span of spans) {
      if (!room.isLeft) break;
      own.push(listSpan(this.around.store, span, bucket, room));
    }
    this.own = own;
    return own;
  }

  /** Others look no further than this node does, where it counts. */
  private askedSpans(): readonly AskedSpan[] {
    const { own } = this;
    const { spans } = this.content;
    return spans.slice(0, own?.length).map(({ partition, after, upTo }, i) => {
      const mine = own?.[i];
      if (mine === undefined) return { partition, after, upTo, root: undefined };
      const { listed, root } = mine;
      return { partition, after, upTo: listed.isWhole ? upTo : listed.keys.at(-1), root };
    });
  }

  private fail(error: QuorateError): void {
    this.reply({ kind: 'failed', error });
  }

  private reply(result: ListRoundResult): void {
    if (this.entry.isAnswered) return;
    this.entry.isAnswered = true;
    this.waits.answered();
    this.content.onResult(result);
  }
}
