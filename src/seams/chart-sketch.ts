/** What XState, or a chart that goes by its table, tells of a chart, as a note says it. */
import type { InspectionEvent } from 'xstate';
import type { StateValue } from '../insight/notes.js';
import { plain } from './inspection-view.js';
import type { Sketch } from './tracing.js';

interface ToldActor {
  readonly id?: string;
  readonly sessionId: string;
  readonly logic?: { readonly config?: { readonly id?: unknown } };
}

interface ToldSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
}

/** Undefined: nothing has become of anything. */
export function chartSketchOf(told: InspectionEvent): Sketch | undefined {
  if (told.type !== '@xstate.snapshot') return undefined;
  return sketchOf(told.actorRef, told.event.type, told.snapshot);
}

/** Undefined: it is no chart, or has no name. */
export function sketchOf(
  { id, sessionId, logic }: ToldActor,
  event: string,
  { status, value, context }: ToldSnapshot,
): Sketch | undefined {
  const chart = logic?.config?.id;
  if (typeof chart !== 'string') return undefined;
  return {
    kind: 'chart',
    chart,
    instance: id ?? sessionId,
    event,
    state: plain(value ?? null) as StateValue | null,
    context: plain({ ...(context as object) }),
    ...(status !== 'active' && { isFinal: true as const }),
  };
}
