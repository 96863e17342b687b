/** What is pointed at or chosen, and which nodes that lights up. */
import type { ShownEvent } from './event-book.js';
import type { PartitionFacts } from './ring-model.js';

export type Focus =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'partition'; readonly partition: number }
  | { readonly kind: 'event'; readonly event: ShownEvent };

export const nothing: Focus = { kind: 'nothing' };

export function isSame(a: Focus, b: Focus): boolean {
  if (a.kind === 'node') return b.kind === 'node' && a.id === b.id;
  if (a.kind === 'partition') return b.kind === 'partition' && a.partition === b.partition;
  if (a.kind === 'event') return b.kind === 'event' && a.event.key === b.event.key;
  return b.kind === 'nothing';
}

/** As it stands in the address, behind the name of the view. Events are not kept for ever. */
export function pathOf(focus: Focus): readonly string[] {
  if (focus.kind === 'node') return ['node', focus.id];
  return focus.kind === 'partition' ? ['partition', String(focus.partition)] : [];
}

export function focusAt([kind, what = '']: readonly string[]): Focus {
  if (kind === 'node' && what !== '') return { kind, id: what };
  if (kind === 'partition' && /^\d{1,5}$/.test(what)) return { kind, partition: Number(what) };
  return nothing;
}

/** A ring of another time, or an address, may name a partition that is not there. */
export function within(focus: Focus, partitions: number): Focus {
  return focus.kind === 'partition' && focus.partition >= partitions ? nothing : focus;
}

/** Nobody: all look alike. `factsOf`: undefined while there is no ring. */
export function litNodes(
  focus: Focus,
  factsOf: (partition: number) => PartitionFacts | undefined,
): ReadonlySet<string> {
  if (focus.kind === 'node') return new Set([focus.id]);
  if (focus.kind === 'event') return new Set(focus.event.nodes);
  if (focus.kind === 'nothing') return new Set();
  const facts = factsOf(focus.partition);
  return new Set(facts === undefined ? [] : [...facts.primaries, ...facts.incoming]);
}
