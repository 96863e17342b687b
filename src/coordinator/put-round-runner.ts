/**
 * Runs one put round: stores and sends what the round orders, turns answers into its events, and
 * answers the authors. The states are minted when it is made.
 */
import type { PutLedger, PutOrder, PutTally } from '../../actors/coordinator/put-ledger.js';
import { PutRound, type PutRoundEffects } from '../../actors/coordinator/put-round.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { courseOf, type ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { isReplica, replicasOf } from '../../actors/rules/placement.js';
import type { CallId, PeerAnswer } from '../bus/peers.js';
import { DeadlineError, QuorateError, UnavailableError } from '../errors.js';
import type { Lease } from '../store/arena.js';
import type { MintedRecord } from '../store/store.js';
import { mergeBody, mergeReason, notOwed } from '../wire/protocol/merge.js';
import { keyedStatesOf } from '../wire/state-batch.js';
import { acknowledgeOtherwise, whenStored } from '../store/own-durability.js';
import type { Compared, PutReply, PutRequest, Receipt } from './coordinator.js';
import type { RoundSurroundings } from './round-surroundings.js';
import { lossOf } from './round-surroundings.js';
import { RoundWaits } from './round-waits.js';
import type { Round } from './rounds-underway.js';

/** A put of the round, with the context its author is handed back. */
export interface PutEntry {
  readonly request: PutRequest;
  /** Encoded. */
  readonly context: Buffer;
  readonly seenPartly: boolean;
  isAnswered: boolean;
}

export interface PutRoundContent {
  readonly id: string;
  readonly entries: readonly PutEntry[];
  /** One a key. */
  readonly records: readonly MintedRecord[];
  /** From which the ledger's plan follows. */
  readonly configuration: ConfigurationNumber;
  readonly ledger: PutLedger;
  /** Where its buckets say it. */
  readonly durability?: Durability | undefined;
  /** What a round by another configuration has minted, in the place of records. */
  readonly minted?: Buffer;
  /** Takes up what waits for its answer, by another configuration. */
  readonly again: (entries: readonly PutEntry[], minted: Buffer) => void;
}

export class PutRoundRunner implements PutRoundEffects, Round {
  private readonly round: PutRound;
  private readonly calls: CallId[] = [];
  /** What the coordinator's own ack waits for: its log, and as a fallback its hints. */
  private ownPartsPending: number;
  private readonly isPrimary: boolean;
  readonly waits: RoundWaits<PutEntry>;
  /** Of the states, once they are stored. */
  private batch: Lease | undefined;

  constructor(
    private readonly around: RoundSurroundings,
    private readonly content: PutRoundContent,
  ) {
    const { entries, ledger, id } = content;
    this.waits = new RoundWaits(around, entries, around.acks.slowAfterMs, {
      expire: (entry) => this.answer(entry, { ok: false, error: deadlineError() }),
      allExpired: () => {
        this.allAnswered();
        this.round.happened({ type: 'deadline.passed' });
      },
      slow: () => this.round.happened({ type: 'replica.slow' }),
      overdue: () => this.round.happened({ type: 'settling.overdue' }),
    });
    this.isPrimary = isReplica(ledger.plan, ledger.plan.self);
    this.ownPartsPending = this.isPrimary ? 1 : 1 + replicasOf(ledger.plan).length;
    this.round = new PutRound(ledger, this, { ...around.inspection.actorOptions, id });
  }

  /** Throws what the store throws, before anything was stored or sent. */
  begin(): void {
    const { store, rounds } = this.around;
    const { records, minted } = this.content;
    const { durability } = this.content;
    const onStored = whenStored(this.around, durability, this.onOwnPart);
    if (minted === undefined) this.batch = store.mint(records, onStored);
    else {
      store.merge(minted, {}, onStored);
      this.batch = { bytes: minted, release: () => undefined };
    }
    acknowledgeOtherwise(this.around, durability, this.onOwnPart);
    rounds.begin(this);
    this.round.begin();
  }

  nodeDown(node: NodeId): void {
    this.round.happened({ type: 'replica.outOfReach', node, why: 'is down' });
  }

  configurationChanged(): void {
    const { configuration } = this.content;
    if (courseOf(configuration, this.around.view.configuration) === 'anew')
      this.round.happened({ type: 'plan.outdated' });
  }

  carryOut(order: PutOrder): void {
    if (order.kind === 'owe') this.owe(order.target);
    else {
      if (order.owedTo !== undefined) this.around.instruments.fallbacksUsed.value++;
      this.sendStates(order.to, order.owedTo);
    }
  }

  replyMet(tally: PutTally): void {
    const { plan } = this.content.ledger;
    const { primaries, fallbacks, counted, hints } = tally;
    const { durability = this.around.store.durability } = this.content;
    const receipt = {
      kind: 'w',
      acked: counted,
      needed: Math.min(plan.needed, plan.neededAfter ?? plan.needed),
      primaries,
      fallbacks,
      hints,
      durability,
    } as const;
    for (const entry of this.content.entries) {
      if (entry.isAnswered) continue;
      const { request, context, seenPartly } = entry;
      const seen = seenPartly ? { ...receipt, seenPartly } : receipt;
      const told = request.compared === undefined ? seen : withCompared(seen, request.compared);
      this.answer(entry, { ok: true, context, receipt: told });
      const { bucket, key, value } = request;
      this.around.changed({ bucket, key, context, tombstone: value === null });
    }
    this.allAnswered();
  }

  replyFailed(reason: string): void {
    const error = new UnavailableError(reason, 'unknown');
    for (const entry of this.content.entries)
      if (!entry.isAnswered) this.answer(entry, { ok: false, error });
    this.allAnswered();
  }

  planAnew(): void {
    const { entries, again } = this.content;
    const waiting = entries.filter(({ isAnswered }) => !isAnswered);
    again(
      waiting.map((entry) => ({ ...entry })),
      Buffer.from(this.batch!.bytes),
    );
    for (const entry of waiting) entry.isAnswered = true;
    this.allAnswered();
  }

  finish(): void {
    if (!this.isPrimary && this.batch !== undefined) this.settle(this.batch.bytes);
    this.batch?.release();
    for (const call of this.calls) this.around.peers.giveUp(call);
    this.waits.end();
    this.around.rounds.end(this);
  }

  private sendStates(to: NodeId, owedTo: NodeId | undefined): void {
    const { peers, clock, acks } = this.around;
    const sentAtMs = clock.monotonicMs();
    const remainingMs = this.waits.remainingMs(sentAtMs);
    const { bytes } = this.batch!;
    const { configuration } = this.content;
    const body = mergeBody(mergeReason.put, owedTo ?? notOwed, remainingMs, bytes, configuration);
    const call = peers.call(to, 'merge', body, (answer) => {
      if (answer.kind !== 'ok') return this.lost(to, owedTo, answer);
      acks.took(clock.monotonicMs() - sentAtMs);
      this.round.happened({ type: 'replica.acked', node: to });
    });
    this.calls.push(call);
  }

  private lost(
    to: NodeId,
    owedTo: NodeId | undefined,
    answer: Exclude<PeerAnswer, { kind: 'ok' }>,
  ): void {
    const loss = lossOf(to, answer);
    this.round.happened(loss);
    if (loss.type !== 'replica.differs') return;
    this.around.differs(to);
    if (!this.isQuorumAwaited) return;
    this.waits.againSoon(() => {
      if (this.isQuorumAwaited) this.sendStates(to, owedTo);
    });
  }

  private get isQuorumAwaited(): boolean {
    return this.round.state === 'awaitingQuorum';
  }

  private owe(target: NodeId): void {
    const { store, instruments } = this.around;
    try {
      store.owe(target, this.batch!.bytes, this.onOwnPart);
      instruments.fallbacksUsed.value++;
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      instruments.hintsRefused.value++;
      this.round.happened({ type: 'hint.refused', target, why: error.message });
      if (!this.isPrimary) this.onOwnPart();
    }
  }

  /**
   * Of a coordinator that is no primary: who acknowledged has them, and is owed nothing any more.
   */
  private settle(batch: Buffer): void {
    const delivered = keyedStatesOf(batch).map((state) => ({
      key: state.key,
      digest: state.checkedDigest(),
    }));
    const { seats } = this.round.ledger;
    for (const { node, standing, owedTo } of seats)
      if (standing === 'acked' && owedTo === undefined)
        this.around.store.hints.settle(node, delivered, () => undefined);
  }

  private readonly onOwnPart = (): void => {
    this.ownPartsPending--;
    if (this.ownPartsPending === 0) this.round.happened({ type: 'log.durable' });
  };

  private answer(entry: PutEntry, reply: PutReply): void {
    const { admission, instruments } = this.around;
    entry.isAnswered = true;
    admission.release(bytesOf(entry.request));
    if (!reply.ok) instruments.failures.value++;
    entry.request.onReply(reply);
  }

  /** What is left is to settle. */
  private allAnswered(): void {
    this.waits.answered();
    this.waits.endsWithin(this.around.acks.settleWithinMs);
  }
}

function withCompared(receipt: Receipt, { nodes, strict }: Compared): Receipt {
  return { ...receipt, compared: { nodes, strict } };
}

function deadlineError(): DeadlineError {
  return new DeadlineError('the quorum did not answer in time', 'unknown');
}

/** What a put counts towards the bounds on bytes. */
export function bytesOf(request: PutRequest): number {
  return request.key.length + (request.value?.length ?? 0);
}
