/** The time line as lanes: one for each node, events of one place and moment as one mark. */
import { graver, type EventKind } from './event-kinds.js';
import { firstWhere } from '../../parts/sorted.js';
import type { ShownEvent } from './event-book.js';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LaneMark {
  /** Share of the width. */
  readonly at: number;
  /** The gravest of them. */
  readonly kind: EventKind;
  /** The first is the one of that kind that came last. */
  readonly events: readonly ShownEvent[];
}

/**
 * By node, '' for nobody's; marks lie so far from each other that `places` of them fit. Places are
 * parts of time, not of the span: while that goes on, marks move with it and stay what they are.
 */
export function laneMarks(
  events: readonly ShownEvent[],
  span: Span,
  places: number,
): ReadonlyMap<string, readonly LaneMark[]> {
  const { fromMs, toMs } = span;
  const placeMs = (toMs - fromMs) / places;
  const lanes = new Map<string, Map<number, ShownEvent[]>>();
  for (let i = firstWhere(events, ({ atMs }) => atMs >= fromMs); i < events.length; i++) {
    const event = events[i]!;
    if (event.atMs > toMs) break;
    const place = Math.floor(event.atMs / placeMs);
    const lane = lanes.get(event.node) ?? new Map<number, ShownEvent[]>();
    lanes.set(event.node, lane);
    const together = lane.get(place);
    if (together === undefined) lane.set(place, [event]);
    else together.push(event);
  }
  const half = 0.5 / places;
  const at = (place: number): number =>
    Math.min(1 - half, Math.max(half, (place * placeMs - fromMs) / (toMs - fromMs) + half));
  return new Map(
    [...lanes].map(([node, lane]) => [
      node,
      [...lane].map(([place, together]) => markOf(at(place), together)),
    ]),
  );
}

function markOf(at: number, together: readonly ShownEvent[]): LaneMark {
  const kind = together.map((event) => event.kind).reduce(graver);
  const shown = together.findLast((event) => event.kind === kind)!;
  return { at, kind, events: [shown, ...together.filter((event) => event !== shown)] };
}

/** Round times within a span, so many at most, with their share of the width. */
export function ticksOf({ fromMs, toMs }: Span, ticksMax: number): { at: number; atMs: number }[] {
  const lengthMs = toMs - fromMs;
  const stepMs = tickSteps.find((step) => lengthMs / step <= ticksMax) ?? lengthMs;
  const ticks: { at: number; atMs: number }[] = [];
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= toMs; atMs += stepMs)
    ticks.push({ at: (atMs - fromMs) / lengthMs, atMs });
  return ticks;
}

const second = 1_000;
const minute = 60 * second;
const tickSteps = [
  ...[1, 5, 10, 30].map((count) => count * second),
  ...[1, 5, 10, 30, 60, 180, 360].map((count) => count * minute),
];
