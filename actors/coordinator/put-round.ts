/**
 * A put round as its runner drives it: what happens to a replica goes into the ledger, the ledger's orders are carried
 * out, and the chart is told when the ledger takes a turn: the quorum is met or out of reach, every primary is served.
 *
 * The chart starts when something first happens, with the states on their way and the log being written: alone, a
 * round has nothing else to do then, and its author does not wait for it. While somebody watches it starts at once, and is
 * told everything.
 */
import type { Actor, ActorOptions } from 'xstate';
import { createActor } from 'xstate';
import type { PutLedger, PutOrder, PutTally } from './put-ledger.js';
import {
  isSettled,
  replicaAcked,
  replicaLost,
  silentForLong,
  silentToTheEnd,
  tallyOf,
} from './put-ledger.js';
import {
  putRoundMachine,
  type PutRoundDecisions,
  type PutRoundNews,
  type PutRoundTurn,
} from './put-round.machine.js';

/** What the round wants done; its runner does it. */
export interface PutRoundEffects {
  /** Answers come back as `replica.…` events. */
  carryOut(order: PutOrder): void;
  replyMet(tally: PutTally): void;
  replyFailed(reason: string): void;
  /** Nothing of the round is awaited any more. */
  finish(): void;
}

/** What the ledger has no part in. */
type TimeIsUp = 'deadline.passed' | 'settling.overdue';

export type PutRoundEvent = PutRoundNews | Extract<PutRoundTurn, { readonly type: TimeIsUp }>;

export type PutRoundState = 'awaitingQuorum' | 'settling' | 'failed' | 'done';

export type PutRoundOptions = Pick<
  ActorOptions<typeof putRoundMachine>,
  'id' | 'clock' | 'inspect'
>;

export class PutRound implements PutRoundDecisions {
  private chart: Actor<typeof putRoundMachine> | undefined;
  /** Not taken yet. What comes of an order at once (a debt is refused) is behind the event that brought the order. */
  private readonly events: PutRoundEvent[] = [];
  private isBusy = false;
  private isFinished = false;

  /** `books`: as opened from the round's plan; no round begins whose first verdict is `failed`. */
  constructor(
    private books: PutLedger,
    private readonly effects: PutRoundEffects,
    private readonly options: PutRoundOptions,
  ) {}

  get ledger(): PutLedger {
    return this.books;
  }

  get state(): PutRoundState {
    return this.chart?.getSnapshot().value ?? 'awaitingQuorum';
  }

  get everyPrimaryIsServed(): boolean {
    return isSettled(this.books);
  }

  /** The states go to everybody who is to hold them. */
  begin(): void {
    this.isBusy = true;
    if (this.isWatched) this.chart = this.startChart();
    this.carryOutOrders();
    this.takeEvents();
  }

  happened(event: PutRoundEvent): void {
    this.events.push(event);
    if (this.isBusy) return;
    this.isBusy = true;
    this.takeEvents();
  }

  replyMet(tally: PutTally): void {
    this.effects.replyMet(tally);
  }

  replyFailed(reason: string): void {
    this.effects.replyFailed(reason);
  }

  oweSilentPrimaries(): void {
    this.books = silentToTheEnd(this.books);
    this.carryOutOrders();
  }

  finish(): void {
    this.isFinished = true;
    this.effects.finish();
  }

  private takeEvents(): void {
    let event: PutRoundEvent | undefined;
    while (!this.isFinished && (event = this.events.shift()) !== undefined) this.take(event);
    this.isBusy = false;
  }

  private take(event: PutRoundEvent): void {
    this.chart ??= this.startChart();
    if (event.type === 'deadline.passed' || event.type === 'settling.overdue') {
      this.tell(event);
      return;
    }
    if (this.isWatched) this.tell(event);
    const before = this.books;
    this.books = ledgerAfter(before, event);
    this.carryOutOrders();
    this.tellTurns(before);
  }

  private startChart(): Actor<typeof putRoundMachine> {
    return createActor(putRoundMachine, { ...this.options, input: { decisions: this } }).start();
  }

  private tellTurns(before: PutLedger): void {
    const { books } = this;
    const { verdict } = books;
    if (verdict.kind !== before.verdict.kind) {
      if (verdict.kind === 'met') this.tell({ type: 'quorum.met', tally: tallyOf(books) });
      if (verdict.kind === 'failed')
        this.tell({ type: 'quorum.outOfReach', reason: verdict.reason });
    }
    if (isSettled(books) && !isSettled(before)) this.tell({ type: 'primaries.served' });
  }

  private tell(event: PutRoundTurn | PutRoundNews): void {
    if (!this.isFinished) this.chart?.send(event);
  }

  private get isWatched(): boolean {
    return this.options.inspect !== undefined;
  }

  private carryOutOrders(): void {
    for (const order of this.books.orders) this.effects.carryOut(order);
  }
}

function ledgerAfter(ledger: PutLedger, event: PutRoundNews): PutLedger {
  switch (event.type) {
    case 'log.durable':
      return replicaAcked(ledger, ledger.plan.self);
    case 'replica.acked':
      return replicaAcked(ledger, event.node);
    case 'replica.gone':
    case 'replica.refused':
      return replicaLost(ledger, event);
    default:
      return silentForLong(ledger);
  }
}
