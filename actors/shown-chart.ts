/**
 * Shows who watches a chart that goes by its table what XState would show of an actor of it. It is
 * told where the chart is, and decides nothing.
 */
import type { ActorRefLike, AnyStateMachine, InspectionEvent, Observer } from 'xstate';

export type ChartObserver = Observer<InspectionEvent>;

/** Where the chart is, and what is worth knowing beside it. */
export interface Shown {
  readonly state: string;
  readonly isFinal: boolean;
  readonly context: object;
}

interface ShownEvent {
  readonly type: string;
}

export class ShownChart {
  private readonly actorRef: ActorRefLike;

  constructor(
    chart: AnyStateMachine,
    /** Unique among what the observer sees. */
    private readonly id: string,
    private readonly observer: ChartObserver,
    now: () => Shown,
  ) {
    const shown = { id, sessionId: id, logic: chart, getSnapshot: () => snapshotOf(now()) };
    this.actorRef = shown as unknown as ActorRefLike;
    this.tell({ type: '@xstate.actor' });
    this.happened({ type: 'xstate.init' });
  }

  happened(event: ShownEvent): void {
    this.tell({ type: '@xstate.event', sourceRef: undefined, event });
  }

  /** After what the event led to. */
  isAt(shown: Shown, event: ShownEvent): void {
    this.tell({ type: '@xstate.snapshot', event, snapshot: snapshotOf(shown) });
  }

  private tell(event: { readonly type: string } & Record<string, unknown>): void {
    const { id: rootId, actorRef } = this;
    this.observer.next?.({ ...event, rootId, actorRef } as unknown as InspectionEvent);
  }
}

function snapshotOf({ state, isFinal, context }: Shown): object {
  return { status: isFinal ? 'done' : 'active', value: state, context };
}
