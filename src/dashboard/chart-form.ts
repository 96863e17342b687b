/**
 * A statechart as the page is given it: all that its machine says, as plain data. Types only; the
 * server makes it of machines, the page draws it.
 */

export interface ChartDefinition {
  /** By which notes name it: the id of the machine. */
  readonly id: string;
  /** From the root of the project: `actors/node/node.machine.ts`. */
  readonly file: string;
  /** Where the machine begins in it, from 1. */
  readonly line: number;
  /** The text of the file. */
  readonly source: string;
  /** What the file says about it before anything else, without the marks of a comment. */
  readonly about: string;
  /** Its runner goes by a table that is compiled of it. */
  readonly isTable: boolean;
  readonly root: ChartNode;
  /** The machine's configuration, which Stately's tools and `createMachine` take. */
  readonly stately: Readonly<Record<string, unknown>>;
}

export type ChartNodeType = 'atomic' | 'compound' | 'parallel' | 'final' | 'history';

export interface ChartNode {
  /** Unique in the chart, as XState gives it: a state may have named itself. */
  readonly id: string;
  /** Its name among its siblings, as it stands in state values. */
  readonly key: string;
  readonly type: ChartNodeType;
  /** Of a history state: what it comes back to. */
  readonly history?: 'shallow' | 'deep';
  /** In which of its states it begins, by id. */
  readonly initial?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly entry: readonly ChartAction[];
  readonly exit: readonly ChartAction[];
  /** Actors that live as long as the chart is in the state. */
  readonly invokes: readonly ChartInvoke[];
  /** In the order in which they are tried: of one trigger the first whose guard holds. */
  readonly transitions: readonly ChartTransition[];
  readonly states: readonly ChartNode[];
  /** Where it stands in the file, when that was found. */
  readonly line?: number;
}

export interface ChartAction {
  readonly name: string;
  /** What it is told, as far as that is plain and always the same. */
  readonly params?: Readonly<Record<string, boolean | number | string>>;
}

export interface ChartInvoke {
  readonly id: string;
  readonly src: string;
}

export type ChartTrigger =
  | { readonly kind: 'event' }
  /** No `ms`: it differs from time to time. No `delay`: it is written as a number. */
  | { readonly kind: 'after'; readonly ms?: number; readonly delay?: string }
  | { readonly kind: 'always' }
  /** All that is in the state has ended. */
  | { readonly kind: 'done' }
  /** An actor it invoked has ended, failed or told where it is. */
  | { readonly kind: 'actor'; readonly how: 'done' | 'error' | 'snapshot'; readonly actor: string };

export interface ChartTransition {
  /** Unique in the chart. */
  readonly id: string;
  /** The state's id. */
  readonly source: string;
  /** The type of event XState takes it by; empty for `always`. */
  readonly event: string;
  readonly trigger: ChartTrigger;
  readonly guard?: string;
  /** There is one before it with the same trigger: it is taken only when that one is not. */
  readonly otherwise: boolean;
  readonly actions: readonly ChartAction[];
  /** Ids of states; none: the chart stays where it is. */
  readonly targets: readonly string[];
  /** Its source is left and entered again, though it ends inside. */
  readonly reenter: boolean;
  readonly description?: string;
  readonly line?: number;
}
