/** What happened, in the order of time, whichever way it was heard of. */
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import type { Note } from '../../../wire.js';
import type { BoundedList } from '../../bounded-list.js';
import { kindLooks, type EventKind } from './event-kinds.js';

export interface ShownEvent {
  /** No two have the same one. */
  readonly key: string;
  readonly atMs: number;
  readonly kind: EventKind;
  /** Who noted it; '' is nobody. */
  readonly node: string;
  readonly text: string;
  /** All that it is about. */
  readonly nodes: readonly string[];
}

/** Undefined: a note of another kind, or of one this page does not know. */
export function eventOf(note: Note): ShownEvent | undefined {
  if (note.kind !== 'event' && note.kind !== 'fault' && note.kind !== 'violated') return undefined;
  const kind = note.kind === 'event' ? note.what : note.kind;
  if (!Object.hasOwn(kindLooks, kind)) return undefined;
  const { node, atUs } = note;
  const about = note.kind === 'event' ? note.about : undefined;
  const text = note.kind === 'violated' ? `${note.rule}: ${note.text}` : note.text;
  const nodes = [...new Set([node, about ?? ''])].filter((id) => id !== '');
  const key = `${atUs} ${node} ${kind} ${about ?? ''} ${text}`;
  return { key, atMs: atUs / 1000, kind, node, text, nodes };
}

export class EventBook {
  /** The oldest first. */
  events: readonly ShownEvent[] = [];
  /** How often notes were forgotten before they were read: the page was hidden meanwhile. */
  gaps = 0;
  private readonly keys = new Set<string>();
  private next: number | undefined;

  /** What the page was told since it read last. */
  read(notes: BoundedList<Note>): void {
    const { next = notes.first } = this;
    if (notes.first > next) this.gaps++;
    this.next = notes.next;
    if (notes.next > next) this.take(notes.since(next));
  }

  /** Also of earlier times, and what is known already. */
  take(notes: readonly Note[]): void {
    const found: ShownEvent[] = [];
    for (const note of notes) {
      const event = eventOf(note);
      if (event === undefined || this.keys.has(event.key)) continue;
      this.keys.add(event.key);
      found.push(event);
    }
    if (found.length === 0) return;
    // A new list, so that who compares sees that it has changed. Nearly sorted: that is quick.
    const all = [...this.events, ...found].sort((a, b) => a.atMs - b.atMs);
    const kept = all.slice(-clusterViewLimits.eventsKeptMax);
    for (const { key } of all.slice(0, all.length - kept.length)) this.keys.delete(key);
    this.events = kept;
  }
}

export interface EventFilter {
  /** Nobody: those of all. */
  readonly nodes: ReadonlySet<string>;
  readonly kinds: ReadonlySet<EventKind>;
}

export const everything: EventFilter = { nodes: new Set(), kinds: new Set() };

export function filtered(
  events: readonly ShownEvent[],
  { nodes, kinds }: EventFilter,
): readonly ShownEvent[] {
  if (nodes.size === 0 && kinds.size === 0) return events;
  return events.filter(
    (event) =>
      (nodes.size === 0 || event.nodes.some((id) => nodes.has(id))) &&
      (kinds.size === 0 || kinds.has(event.kind)),
  );
}

export function countsOf(events: readonly ShownEvent[]): ReadonlyMap<EventKind, number> {
  const counts = new Map<EventKind, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
