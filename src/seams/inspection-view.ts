/**
 * What a watcher is shown of a statechart: names, states and plain numbers. Contexts hold the
 * effects of an actor, and through them the whole node: handing those to a serialiser would walk
 * the store.
 */
import type { ActorRefLike, InspectionEvent, Snapshot } from 'xstate';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import type { PlainValue } from '../insight/notes.js';

/** Copies plain data as far as it is small; of anything else only the kind remains. */
export function plain(value: unknown, depth = 0): PlainValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Error) return shortened(value.message);
  if (typeof value !== 'object') return typeof value;
  if (depth >= inspectionLimits.depthMax) return '…';
  if (Array.isArray(value))
    return value.slice(0, inspectionLimits.elementsMax).map((element) => plain(element, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) return value.constructor.name;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, inspectionLimits.elementsMax)
      .filter(([, field]) => field !== undefined && typeof field !== 'function')
      .map(([name, field]) => [name, plain(field, depth + 1)]),
  );
}

/** What others say may be as long as a message. */
export function shortened(text: string): string {
  const { textCharsMax } = inspectionLimits;
  return text.length <= textCharsMax ? text : `${text.slice(0, textCharsMax)}…`;
}

interface Inspected extends ActorRefLike {
  readonly id?: string;
  readonly logic?: { readonly config?: unknown };
  readonly _parent?: { readonly sessionId: string };
}

/** The event as the inspector may have it. */
export function plainInspection(event: InspectionEvent): InspectionEvent {
  const actorRef = plainActor(event.actorRef);
  switch (event.type) {
    case '@xstate.snapshot':
      return { ...event, actorRef, event: plainEvent(event.event), snapshot: view(event.snapshot) };
    case '@xstate.event':
      return { ...event, actorRef, event: plainEvent(event.event) };
    default:
      return { ...event, actorRef };
  }
}

function plainActor(actor: Inspected): ActorRefLike {
  const { id, sessionId, logic, _parent } = actor;
  const shown = {
    id,
    sessionId,
    logic: { config: logic?.config },
    _parent: _parent && { sessionId: _parent.sessionId },
    getSnapshot: () => view(actor.getSnapshot() as Snapshot<unknown>),
  };
  return shown as unknown as ActorRefLike;
}

function plainEvent<T extends { readonly type: string }>(event: T): T {
  return plain(event) as unknown as T;
}

function view(snapshot: Snapshot<unknown>): Snapshot<unknown> {
  const { status, value, context } = snapshot as {
    status: string;
    value?: unknown;
    context?: unknown;
  };
  const shown = { status, value: plain(value ?? null), context: plain({ ...(context as object) }) };
  return shown as unknown as Snapshot<unknown>;
}
