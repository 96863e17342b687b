/**
 * Requests under the glass: what becomes of them is noted, here and by every node that has a part
 * in them. A request that is traced carries its mark; what works for it notes what it does under
 * that. Those that are not carry none, and whoever handles them looks at `isOn`, or `isSampling`,
 * and no further.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { ChartNote, DiskNote, MessageNote, StepNote, TraceId } from '../insight/notes.js';

export interface TraceMark {
  readonly id: TraceId;
  /**
   * Other nodes note their part too. Not of requests that are only kept if they turn out to be slow
   * or to fail.
   */
  readonly travels: boolean;
}

/** A request as its trace names it. */
export interface TracedRequest {
  readonly what: 'put' | 'get' | 'delete';
  readonly bucket: string;
  readonly key: string;
  /** Who gave it to this node. */
  readonly from: string;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A note before it is known of whom, when and for which traces it is. */
export type Sketch = Without<
  ChartNote | MessageNote | DiskNote | StepNote,
  'atUs' | 'node' | 'trace'
>;

export interface TracedReply {
  readonly isFailure: boolean;
  /** The receipt, or what is wrong. */
  readonly text: string;
}

export interface Tracing {
  /** False: no request that comes or is under way here has a mark. */
  readonly isOn: boolean;
  /** False: `sample` gives no mark to anything. */
  readonly isSampling: boolean;
  /** A request whose author wants it traced; `id`: as another node or its author named it. */
  begin(request: TracedRequest, id?: TraceId): TraceMark;
  /** A request whose author does not: it may be drawn, or kept if it is slow or fails. */
  sample(request: TracedRequest): TraceMark | undefined;
  replied(mark: TraceMark, reply: TracedReply): void;

  /** Another node asked for a part in these. */
  serve(traces: readonly TraceId[]): void;
  note(traces: readonly TraceId[], sketch: Sketch): void;
  /**
   * Makes a write for them by `make`, which is given what is to be called when that is durable;
   * what the log did for it is noted then. Throws what `make` throws.
   */
  write<T>(
    traces: readonly TraceId[],
    onDurable: () => void,
    make: (onDurable: () => void) => T,
  ): T;
  /** This node owes the target the keys, some or all of them because of these. */
  owes(traces: readonly TraceId[], target: NodeId, keys: readonly StorageKey[]): void;
  /** Something is owed because of a trace: `handedOff` is to be told. */
  readonly owesSome: boolean;
  /** It does not any more: `to` have them. */
  handedOff(target: NodeId, keys: readonly StorageKey[], to: readonly NodeId[]): void;
}

export const Tracing = Symbol('Tracing');
