/**
 * A chart as a table. Where an actor for each instance would be too dear, and state and event alone
 * decide what a chart does (no guards, no context, no timers), XState is asked once what it makes
 * of an event in a state, and from then on the answer is looked up.
 */
import type { AnyStateMachine } from 'xstate';
import { initialTransition, transition } from 'xstate';

/** One state of the chart, with the ways out of it that were taken so far. */
export interface TableRow<State extends string, Action extends string> {
  readonly state: State;
  readonly isFinal: boolean;
  /** By type of event; null: nothing happens. */
  readonly exits: Map<string, Exit<State, Action> | null>;
}

export interface Exit<State extends string, Action extends string> {
  readonly to: TableRow<State, Action>;
  /** By name, in this order. */
  readonly actions: readonly Action[];
}

export class ChartTable<State extends string, Action extends string> {
  /** Into the initial state. */
  readonly start: Exit<State, Action>;
  private readonly rows = new Map<State, TableRow<State, Action>>();

  /** Throws when more than state and event decide. */
  constructor(readonly chart: AnyStateMachine) {
    const { guards, delays } = chart.implementations;
    if (Object.keys(guards).length + Object.keys(delays).length > 0)
      throw new Error(`the chart ${chart.id} has guards or delays: it is no table`);
    const [snapshot, actions] = initialTransition(chart);
    this.start = this.exitTo(snapshot as Snapshot<State>, actions);
  }

  /** Null: the chart has nothing to say to such an event there. */
  exit(row: TableRow<State, Action>, type: string): Exit<State, Action> | null {
    const known = row.exits.get(type);
    if (known !== undefined) return known;
    const exit = this.interpreted(row, type);
    row.exits.set(type, exit);
    return exit;
  }

  private interpreted(from: TableRow<State, Action>, type: string): Exit<State, Action> | null {
    const before = this.chart.resolveState({ value: from.state, context: undefined });
    const [after, actions] = transition(this.chart, before, { type });
    const exit = this.exitTo(after as Snapshot<State>, actions);
    return exit.to === from && actions.length === 0 ? null : exit;
  }

  private exitTo(
    { value: state, status }: Snapshot<State>,
    actions: readonly { readonly type: string }[],
  ): Exit<State, Action> {
    let to = this.rows.get(state);
    if (to === undefined) {
      to = { state, isFinal: status === 'done', exits: new Map() };
      this.rows.set(state, to);
    }
    return { to, actions: actions.map(({ type }) => type as Action) };
  }
}

interface Snapshot<State> {
  readonly value: State;
  readonly status: string;
}
