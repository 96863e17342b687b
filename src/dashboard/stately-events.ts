/**
 * What became of a chart, in the form that Stately's tools read (`@statelyai/inspect`): an actor is
 * introduced once, with its definition, and then tells its events and where they led.
 */
import type {
  StatelyActorEvent,
  StatelyInspectionEvent,
  StatelySnapshotEvent,
} from '@statelyai/inspect';
import type { PlainValue, StateValue } from '../insight/notes.js';

/** A chart of a node at one moment. */
export interface ShownInstance {
  readonly node: string;
  readonly nodeName: string;
  readonly chart: string;
  readonly instance: string;
  readonly state: StateValue | null;
  readonly context?: PlainValue;
  readonly isFinal?: boolean;
  readonly atMs: number;
}

/** `definition`: the configuration of its machine, where that is known here. */
export function introduction(shown: ShownInstance, definition: object | undefined): string {
  const event: StatelyActorEvent = {
    ...baseOf(shown),
    type: '@xstate.actor',
    name: `${shown.nodeName} ${shown.instance}`,
    definition: JSON.stringify(definition ?? { id: shown.chart }),
    parentId: undefined,
    snapshot: snapshotOf(shown),
  };
  return JSON.stringify(event);
}

/** What it took, and where it is now. */
export function step(shown: ShownInstance, type: string): readonly string[] {
  const base = baseOf(shown);
  const event = { type };
  const events: readonly StatelyInspectionEvent[] = [
    { ...base, type: '@xstate.event', event, sourceId: undefined },
    { ...base, type: '@xstate.snapshot', event, snapshot: snapshotOf(shown) },
  ];
  return events.map((told) => JSON.stringify(told));
}

/** Unique among all nodes. */
export function sessionOf({ node, instance }: Pick<ShownInstance, 'node' | 'instance'>): string {
  return `${node}/${instance}`;
}

function baseOf(shown: ShownInstance) {
  const sessionId = sessionOf(shown);
  const createdAt = String(Math.floor(shown.atMs));
  return { rootId: sessionId, sessionId, createdAt, id: sessionId, _version: protocolVersion };
}

function snapshotOf({ state, context, isFinal }: ShownInstance): StatelySnapshotEvent['snapshot'] {
  const status = isFinal === true ? 'done' : 'active';
  const snapshot = { status, value: state, context: context ?? {} };
  return snapshot as unknown as StatelySnapshotEvent['snapshot'];
}

/** Of `@statelyai/inspect`, whose form this is. */
const protocolVersion = '0.7.2';
