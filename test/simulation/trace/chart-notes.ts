/**
 * The charts of a node's process as notes, at the moment at which they move: who watches through
 * `Inspection.watch` is told a little later, in time of the node's own, and a run that is watched
 * must be the run that is not.
 */
import type { ActorRefLike, AnyActorRef, InspectionEvent } from 'xstate';
import type { ChartNote, StateValue } from '../../../src/insight/notes.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';
import { plain } from '../../../src/seams/inspection-view.js';
import { Inspection, type InspectionObserver } from '../../../src/seams/inspection.js';

type Shown = Omit<ChartNote, 'atUs' | 'node'>;

interface Chart extends ActorRefLike {
  readonly id?: string;
  readonly logic?: { readonly config?: { readonly id?: string } };
}

interface State {
  readonly status?: string;
  readonly value?: StateValue;
  readonly context?: object;
}

/** Before the process starts. A chart that takes an event and stays as it is comes to no note. */
export function noteCharts(product: QuorateNode, note: (chart: Shown) => void): void {
  const names = new InstanceNames();
  const last = new WeakMap<ActorRefLike, string>();
  const next = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.snapshot') return;
    const { id: chart } = (event.actorRef as Chart).logic?.config ?? {};
    if (chart === undefined) return;
    const moved = movedTo(event.snapshot);
    const text = JSON.stringify(moved);
    if (last.get(event.actorRef) === text) return;
    last.set(event.actorRef, text);
    const instance = names.of(event.actorRef, chart);
    note({ kind: 'chart', chart, instance, event: event.event.type, ...moved });
  };
  observe(inspectionOf(product), { next });
}

function movedTo({ status, value, context }: State): Pick<Shown, 'state' | 'context' | 'isFinal'> {
  return {
    state: value ?? null,
    ...(context !== undefined && { context: plain({ ...context }) }),
    ...(status !== 'active' && { isFinal: true as const }),
  };
}

/** All charts that live long, and those that come later. */
function observe(inspection: Inspection, observer: InspectionObserver): void {
  const { attached } = inspection as unknown as { attached: ReadonlyMap<AnyActorRef, unknown> };
  for (const actor of attached.keys()) actor.system.inspect(observer);
  const attach = inspection.attach.bind(inspection);
  inspection.attach = (actor) => {
    attach(actor);
    actor.system.inspect(observer);
  };
  const watched = { ...inspection.actorOptions, inspect: observer };
  Object.defineProperty(inspection, 'actorOptions', { value: watched });
}

/** A node of this process is the product's own, and has one. */
function inspectionOf(product: QuorateNode): Inspection {
  const { scope } = product as unknown as {
    readonly scope: { resolve(token: typeof Inspection): Inspection };
  };
  return scope.resolve(Inspection);
}

/**
 * XState numbers actors that have no name across the whole process, whatever ran in it before: here
 * each node counts its own.
 */
class InstanceNames {
  private readonly names = new WeakMap<ActorRefLike, string>();
  private readonly counts = new Map<string, number>();

  of(actor: ActorRefLike, chart: string): string {
    let name = this.names.get(actor);
    if (name === undefined) {
      const own = (actor as Chart).id;
      name = own === undefined || own === actor.sessionId ? this.numbered(chart) : own;
      this.names.set(actor, name);
    }
    return name;
  }

  private numbered(chart: string): string {
    const count = (this.counts.get(chart) ?? 0) + 1;
    this.counts.set(chart, count);
    return `${chart} ${count}`;
  }
}
