/**
 * A put round as its runner drives it: what happens to a replica goes into the ledger, the ledger's orders are carried
 * out, and the chart is told when the ledger takes a turn: the quorum is met or out of reach, every primary is served.
 *
 * While somebody watches, an actor of the chart is told the same turns, and every ack beside them; it shows what is decided here.
 */
import type { Actor, ActorOptions } from 'xstate';
import { createActor } from 'xstate';
import type { PutLedger, PutOrder, PutTally } from './put-ledger.js';
import {
  hintRefused,
  isSettled,
  replicaAcked,
  replicaLost,
  silentForLong,
  silentToTheEnd,
  tallyOf,
} from './put-ledger.js';
import {
  putRoundMachine,
  putRoundStep,
  type PutRoundAction,
  type PutRoundNews,
  type PutRoundState,
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

export type PutRoundOptions = Pick<
  ActorOptions<typeof putRoundMachine>,
  'id' | 'clock' | 'inspect'
>;

export class PutRound {
  private at: PutRoundState = 'awaitingQuorum';
  private shown: Actor<typeof putRoundMachine> | undefined;
  /** Not taken yet. What comes of an order at once (a debt is refused) is behind the event that brought the order. */
  private readonly events: PutRoundEvent[] = [];
  private isBusy = false;

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
    return this.at;
  }

  /** The states go to everybody who is to hold them. */
  begin(): void {
    this.isBusy = true;
    if (this.options.inspect !== undefined)
      this.shown = createActor(putRoundMachine, this.options).start();
    this.carryOutOrders();
    this.takeEvents();
  }

  happened(event: PutRoundEvent): void {
    this.events.push(event);
    if (this.isBusy) return;
    this.isBusy = true;
    this.takeEvents();
  }

  private takeEvents(): void {
    let event: PutRoundEvent | undefined;
    while (this.at !== 'done' && (event = this.events.shift()) !== undefined) this.take(event);
    this.isBusy = false;
  }

  private take(event: PutRoundEvent): void {
    if (event.type === 'deadline.passed' || event.type === 'settling.overdue') this.tell(event);
    else this.note(event);
    const isSettling = this.at === 'settling' || this.at === 'failed';
    if (isSettling && isSettled(this.books)) this.tell({ type: 'primaries.served' });
  }

  private note(news: PutRoundNews): void {
    this.shown?.send(news);
    const before = this.books.verdict;
    this.books = ledgerAfter(this.books, news);
    this.carryOutOrders();
    const { verdict } = this.books;
    if (verdict.kind === before.kind) return;
    if (verdict.kind === 'met') this.tell({ type: 'quorum.met', tally: tallyOf(this.books) });
    if (verdict.kind === 'failed') this.tell({ type: 'quorum.outOfReach', reason: verdict.reason });
  }

  private tell(turn: PutRoundTurn): void {
    const { state, actions } = putRoundStep(this.at, turn);
    this.at = state;
    this.shown?.send(turn);
    for (const action of actions) this.act(action, turn);
  }

  private act(action: PutRoundAction, turn: PutRoundTurn): void {
    switch (action) {
      case 'replyMet':
        if (turn.type === 'quorum.met') this.effects.replyMet(turn.tally);
        break;
      case 'replyFailed':
        if (turn.type === 'quorum.outOfReach') this.effects.replyFailed(turn.reason);
        break;
      case 'oweSilentPrimaries':
        this.books = silentToTheEnd(this.books);
        this.carryOutOrders();
        break;
      case 'finish':
        this.effects.finish();
        break;
    }
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
      return replicaLost(ledger, { ...event, refused: event.type === 'replica.refused' });
    case 'hint.refused':
      return hintRefused(ledger, event);
    default:
      return silentForLong(ledger);
  }
}
