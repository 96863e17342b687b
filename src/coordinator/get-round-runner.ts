/**
 * Runs one get round: reads, asks the replicas the round names, merges what differs, answers the
 * readers, and repairs the primaries that were behind.
 */
import type { GetLedger } from '../../actors/coordinator/get-ledger.js';
import { GetRound, type GetRoundEffects } from '../../actors/coordinator/get-round.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { BucketOptions } from '../../actors/rules/bucket.js';
import { courseOf, type ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { isReadAlike, type SideRead } from '../../actors/rules/placement.js';
import type { Tally } from '../../actors/rules/quorum.js';
import type { Spread } from '../../actors/rules/spread.js';
import type { CallId, PeerAnswer } from '../bus/peers.js';
import { DeadlineError, QuorateError, UnavailableError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { GetReply, GetRequest } from './coordinator.js';
import type { KeysRead, ReadAnswer } from './keys-read.js';
import { bodyOfRead, takeAnswer } from './keys-read.js';
import type { RoundSurroundings } from './round-surroundings.js';
import { lossOf } from './round-surroundings.js';
import { RoundWaits } from './round-waits.js';
import type { Round } from './rounds-underway.js';
import { sendRepairs } from './read-repair.js';

export interface GetEntry {
  readonly request: GetRequest;
  readonly bucket: BucketOptions;
  /** Of its key in `KeysRead`. */
  readonly at: number;
  isAnswered: boolean;
}

/** Of which side of a move some gets are read. */
export interface ReadOf {
  /** The replicas of their buckets. */
  readonly n: Spread;
  readonly side: SideRead | undefined;
}

export interface GetRoundContent {
  readonly id: string;
  readonly entries: readonly GetEntry[];
  readonly keys: KeysRead;
  /** From which the ledger's plan follows. */
  readonly configuration: ConfigurationNumber;
  readonly read: ReadOf;
  readonly ledger: GetLedger;
  /** Takes gets once more, by another configuration. */
  readonly again: (requests: readonly GetRequest[]) => void;
}

export class GetRoundRunner implements GetRoundEffects, Round {
  private readonly round: GetRound;
  private calls: CallId[] = [];
  readonly waits: RoundWaits<GetEntry>;

  constructor(
    private readonly around: RoundSurroundings,
    private readonly content: GetRoundContent,
  ) {
    const { entries, ledger, id } = content;
    this.waits = new RoundWaits(around, entries, limits.slowGetReplicaMs, {
      expire: (entry) => this.answer(entry, { ok: false, error: deadlineError() }),
      allExpired: () => this.round.happened({ type: 'deadline.passed' }),
      slow: () => this.round.happened({ type: 'replica.slow' }),
      overdue: () => this.round.happened({ type: 'repairs.overdue' }),
    });
    this.round = new GetRound(ledger, this, { ...around.inspection.actorOptions, id });
  }

  begin(): void {
    this.around.rounds.begin(this);
    this.round.begin();
  }

  nodeDown(node: NodeId): void {
    this.round.happened({ type: 'replica.outOfReach', node, why: 'is down' });
  }

  configurationChanged(): void {
    const { configuration, entries, read } = this.content;
    const { view } = this.around;
    const course = courseOf(configuration, view.configuration);
    const isOutdated =
      course === 'anew' || entries.some(({ request }) => isReadOtherwise(request, read, view));
    if (isOutdated) this.round.happened({ type: 'plan.outdated' });
  }

  ask(node: NodeId): void {
    this.askFrom(node, 0);
  }

  /**
   * An answer may be cut short by the payload limit; then the rest is asked for before the replica
   * counts.
   */
  private askFrom(node: NodeId, first: number): void {
    const { peers, clock } = this.around;
    const { keys, configuration, read } = this.content;
    const remainingMs = this.waits.remainingMs(clock.monotonicMs());
    const body = bodyOfRead(keys, { first, remainingMs, configuration, side: read.side });
    const call = peers.call(node, 'read', body, (answer) => {
      if (answer.kind !== 'ok') this.lost(node, answer);
      else this.take({ node, first, body: answer.body });
    });
    this.calls.push(call);
  }

  private lost(node: NodeId, answer: Exclude<PeerAnswer, { kind: 'ok' }>): void {
    const loss = lossOf(node, answer);
    this.round.happened(loss);
    if (loss.type !== 'replica.differs') return;
    this.around.differs(node);
    if (!this.isQuorumAwaited) return;
    this.waits.againSoon(() => {
      if (this.isQuorumAwaited) this.ask(node);
    });
  }

  private get isQuorumAwaited(): boolean {
    return this.round.state === 'awaitingQuorum';
  }

  private take(answer: ReadAnswer): void {
    const { keys } = this.content;
    const { node } = answer;
    try {
      const { differs, next } = takeAnswer(keys, answer);
      if (next < keys.names.length) this.askFrom(node, next);
      else this.round.happened({ type: 'replica.answered', node, differs });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.round.happened({ type: 'replica.refused', node, why: error.message });
    }
  }

  replyMet(tally: Tally): void {
    const { entries, keys, ledger } = this.content;
    const { clock, store } = this.around;
    const { primaries, fallbacks, counted } = tally;
    const nowMs = clock.wallMs();
    const receipt = {
      kind: 'r',
      acked: counted,
      needed: ledger.plan.needed,
      primaries,
      fallbacks,
      hints: 0,
      durability: store.durability,
    } as const;
    for (const entry of entries) {
      if (entry.isAnswered) continue;
      const { request, bucket, at } = entry;
      if (request.onCompared !== undefined) this.compared(entry, request.onCompared, counted);
      else this.answer(entry, keys.show(at, { conflict: bucket.conflict, nowMs, receipt }));
    }
    this.waits.answered();
  }

  replyFailed(reason: string): void {
    const error = new UnavailableError(reason);
    for (const entry of this.content.entries)
      if (!entry.isAnswered) this.answer(entry, { ok: false, error });
    this.waits.answered();
  }

  planAnew(): void {
    const waiting = this.content.entries.filter(({ isAnswered }) => !isAnswered);
    for (const entry of waiting) entry.isAnswered = true;
    this.waits.answered();
    this.content.again(waiting.map(({ request }) => request));
  }

  repair(): void {
    this.giveUpCalls();
    this.waits.endsWithin(limits.repairMsMax);
    const { keys, ledger } = this.content;
    const { self, primaries } = ledger.plan;
    this.calls = sendRepairs(this.around, { self, primaries, keys }, () =>
      this.round.happened({ type: 'repairs.answered' }),
    );
  }

  finish(): void {
    this.giveUpCalls();
    this.waits.end();
    this.around.rounds.end(this);
  }

  private giveUpCalls(): void {
    for (const call of this.calls) this.around.peers.giveUp(call);
    this.calls = [];
  }

  private compared(
    entry: GetEntry,
    onCompared: NonNullable<GetRequest['onCompared']>,
    nodes: number,
  ): void {
    entry.isAnswered = true;
    this.around.admission.release(entry.request.key.length);
    const { strict } = entry.request;
    onCompared({ state: this.content.keys.merged(entry.at), nodes, strict });
  }

  private answer(entry: GetEntry, reply: GetReply): void {
    const { admission, instruments } = this.around;
    entry.isAnswered = true;
    admission.release(entry.request.key.length);
    if (!reply.ok && reply.error.code !== 404) instruments.failures.value++;
    entry.request.onReply(reply);
  }
}

/** Whether it is read of the other side by now, though the layout may be the same. */
export function isReadOtherwise(
  { partition }: Pick<GetRequest, 'partition'>,
  { n, side }: ReadOf,
  view: Pick<ClusterView, 'placement'>,
): boolean {
  return side !== undefined && !isReadAlike(side, view.placement(partition, n));
}

function deadlineError(): DeadlineError {
  return new DeadlineError(`the quorum did not answer within its deadline`, 'none');
}
