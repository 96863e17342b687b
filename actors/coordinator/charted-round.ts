/**
 * A round as its runner drives it. Its chart says what is done about each event; who was asked and
 * who answered is counted in a ledger, whose findings are told to the chart as events. The chart
 * goes by its table: an actor a round was a tenth of the nodes' time.
 *
 * A finding is told after whatever happens as long as it holds, so no state has to remember it.
 */
import type { ChartTable, Exit, TableRow } from '../chart-table.js';
import { ShownChart, type ChartObserver, type Shown } from '../shown-chart.js';

export interface Ledger<Order, Finding> {
  /** What is to be done because of the last event. */
  readonly orders: readonly Order[];
  /** What the chart may go by. */
  readonly findings: readonly Finding[];
}

/** What every chart of a round may want done; the rest is the business of each. */
export type LedgerAction =
  /** What happened to a replica is counted. */
  | 'noteInLedger'
  /** The ledger's orders are carried out. */
  | 'carryOutOrders';

export interface RoundOptions {
  readonly id: string;
  /** Who watches, if anybody does. */
  readonly inspect?: ChartObserver;
}

export abstract class ChartedRound<
  State extends string,
  Event extends { readonly type: string },
  Action extends string,
  Books extends Ledger<unknown, string>,
> implements Shown {
  private row: TableRow<State, Action | LedgerAction>;
  private shown: ShownChart | undefined;
  /** Not taken yet. What comes of an order at once is behind the event that brought the order. */
  private readonly events: Event[] = [];
  private isBusy = false;

  /** `books`: as opened from the round's plan; no round begins whose first verdict is `failed`. */
  protected constructor(
    private readonly table: ChartTable<State, Action | LedgerAction>,
    protected books: Books,
    private readonly options: RoundOptions,
  ) {
    this.row = table.start.to;
  }

  /** The ledger after what happened to a replica. */
  protected abstract after(event: Event): Books;
  protected abstract carryOut(order: Books['orders'][number]): void;
  protected abstract act(action: Action): void;

  get ledger(): Books {
    return this.books;
  }

  get state(): State {
    return this.row.state;
  }

  get isFinal(): boolean {
    return this.row.isFinal;
  }

  /** What is shown beside the state. */
  get context(): object {
    return { ledger: this.books };
  }

  begin(): void {
    const { options, table } = this;
    this.isBusy = true;
    if (options.inspect !== undefined)
      this.shown = new ShownChart(table.chart, options.id, options.inspect, () => this);
    this.take(table.start, undefined);
    this.shown?.isAt(this, { type: 'xstate.init' });
    this.tellFindings();
    this.takeEvents();
  }

  /** Nothing matters any more once the chart has ended. */
  happened(event: Event): void {
    if (this.isFinal) return;
    this.events.push(event);
    if (this.isBusy) return;
    this.isBusy = true;
    this.takeEvents();
  }

  private takeEvents(): void {
    let event: Event | undefined;
    while (!this.isFinal && (event = this.events.shift()) !== undefined) {
      this.shown?.happened(event);
      const exit = this.table.exit(this.row, event.type);
      if (exit !== null) this.take(exit, event);
      this.shown?.isAt(this, event);
      this.tellFindings();
    }
    this.isBusy = false;
  }

  private tellFindings(): void {
    for (const finding of this.books.findings) {
      const exit = this.table.exit(this.row, finding);
      if (exit === null) continue;
      this.shown?.happened({ type: finding });
      this.take(exit, undefined);
      this.shown?.isAt(this, { type: finding });
    }
  }

  private take(exit: Exit<State, Action | LedgerAction>, event: Event | undefined): void {
    this.row = exit.to;
    for (const action of exit.actions) this.actOn(action, event);
  }

  private actOn(action: Action | LedgerAction, event: Event | undefined): void {
    if (action === 'carryOutOrders') for (const order of this.books.orders) this.carryOut(order);
    else if (action !== 'noteInLedger') this.act(action);
    else if (event !== undefined) this.books = this.after(event);
  }
}
