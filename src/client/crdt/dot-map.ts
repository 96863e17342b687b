/**
 * Fields that merge by themselves: a map of which a remove takes away what its author had seen, no
 * more. Each set of a field has a dot (writer, number), and `seen` says for each writer up to which
 * number all of its dots are accounted for: in `fields`, or removed. So merging is the store's own
 * (`actors/rules/versions.ts`), and needs no tombstones (Bieniusa et al., "An Optimized
 * Conflict-free Replicated Set", 2012). A set is such a map without values.
 *
 * A writer's own state holds all it has ever written, or its numbers would cover what they do not
 * have: see `replica.ts`.
 */
import { MalformedError } from '../../errors.js';

/** `at` orders sets of one field: one more than all that its author had seen of the map. */
export interface Held {
  readonly writer: string;
  readonly number: number;
  readonly at: number;
  readonly value: unknown;
}

export interface DotMap {
  readonly seen: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, readonly Held[]>;
}

export const emptyDotMap: DotMap = { seen: new Map(), fields: new Map() };

export function mergeDotMaps(a: DotMap, b: DotMap): DotMap {
  const seen = new Map(a.seen);
  for (const [writer, number] of b.seen) seen.set(writer, Math.max(number, seen.get(writer) ?? 0));
  const fields = new Map<string, readonly Held[]>();
  for (const field of new Set([...a.fields.keys(), ...b.fields.keys()])) {
    const left = a.fields.get(field) ?? [];
    const right = b.fields.get(field) ?? [];
    const kept = [
      ...left.filter((held) => includes(right, held) || !covers(b, held)),
      ...right.filter((held) => !includes(left, held) && !covers(a, held)),
    ];
    if (kept.length > 0) fields.set(field, kept.sort(byDot));
  }
  return { seen, fields };
}

/** In the place of all that the state has of the field. */
export function withField(state: DotMap, writer: string, field: string, value: unknown): DotMap {
  const number = (state.seen.get(writer) ?? 0) + 1;
  const all = [...state.fields.values()].flat();
  const at = all.reduce((latest, held) => Math.max(latest, held.at), 0) + 1;
  return {
    seen: new Map(state.seen).set(writer, number),
    fields: new Map(state.fields).set(field, [{ writer, number, at, value }]),
  };
}

export function withoutField(state: DotMap, field: string): DotMap {
  const fields = new Map(state.fields);
  fields.delete(field);
  return { seen: state.seen, fields };
}

/** Of a field that was set by several at once: the latest, the same for all who look. */
export function shownOf(held: readonly Held[]): unknown {
  const latest = held.reduce((last, one) =>
    one.at > last.at || (one.at === last.at && byDot(one, last) > 0) ? one : last,
  );
  return latest.value;
}

function covers({ seen }: DotMap, { writer, number }: Held): boolean {
  return (seen.get(writer) ?? 0) >= number;
}

function includes(list: readonly Held[], { writer, number }: Held): boolean {
  return list.some((held) => held.writer === writer && held.number === number);
}

function byDot(a: Held, b: Held): number {
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  return a.number - b.number;
}

/** As JSON has it. */
export function dotMapDocument({ seen, fields }: DotMap): Record<string, unknown> {
  const rows = [...fields].map(([field, held]) => [
    field,
    held.map(({ writer, number, at, value }) => [writer, number, at, value]),
  ]);
  return { seen: [...seen], fields: rows };
}

/** Throws `MalformedError`. */
export function dotMapFrom(document: Readonly<Record<string, unknown>>): DotMap {
  const seen = new Map(list(document['seen']).map(countFrom));
  const fields = new Map(
    list(document['fields']).map((row): [string, Held[]] => {
      const [field, held] = list(row);
      if (typeof field !== 'string') throw malformed();
      return [field, list(held).map(heldFrom)];
    }),
  );
  return { seen, fields };
}

function heldFrom(row: unknown): Held {
  const [writer, number, at, value] = list(row);
  if (typeof writer !== 'string' || !isCount(number) || !isCount(at)) throw malformed();
  return { writer, number, at, value };
}

function countFrom(row: unknown): [string, number] {
  const [writer, number] = list(row);
  if (typeof writer !== 'string' || !isCount(number)) throw malformed();
  return [writer, number];
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

export function malformed(): MalformedError {
  return new MalformedError('the value is none that a counter, set or map has put');
}
