/** Reads a trace file: JSON lines, of which the first says whose they are. */
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type { NodeLabel, Note, TraceHead } from '../wire.js';

export interface TraceFile {
  readonly head: TraceHead;
  /** In the order of their times. */
  readonly notes: readonly Note[];
}

const kinds: ReadonlySet<string> = new Set<Note['kind']>([
  'chart',
  'message',
  'disk',
  'step',
  'event',
  'fault',
  'violated',
]);

/** Throws an `Error` that says what is wrong with it. */
export function traceFileOf(text: string): TraceFile {
  const { traceFileNotesMax } = dashboardLimits;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const head = headOf(lines[0] ?? '');
  if (lines.length - 1 > traceFileNotesMax)
    throw new Error(`It has more than ${traceFileNotesMax} notes.`);
  const notes = lines.slice(1).map((line, index) => noteOf(line, index + 2));
  for (let at = 1; at < notes.length; at++)
    if (notes[at]!.atUs < notes[at - 1]!.atUs)
      return { head, notes: notes.toSorted((a, b) => a.atUs - b.atUs) };
  return { head, notes };
}

function headOf(line: string): TraceHead {
  const head = objectOf(line);
  if (head?.['quorateTrace'] !== 1) throw new Error('This is no trace file of Quorate.');
  const { nodes, startedMs } = head;
  if (!Array.isArray(nodes) || typeof startedMs !== 'number' || !nodes.every(isNodeLabel))
    throw new Error('Its first line does not say whose trace it is.');
  return { quorateTrace: 1, nodes, startedMs };
}

function isNodeLabel(node: unknown): node is NodeLabel {
  if (typeof node !== 'object' || node === null) return false;
  const label = node as Record<string, unknown>;
  return ['id', 'name', 'host', 'zone'].every((name) => typeof label[name] === 'string');
}

function noteOf(line: string, number: number): Note {
  const note = objectOf(line);
  const { atUs, node, kind } = note ?? {};
  const isNote = Number.isSafeInteger(atUs) && typeof node === 'string';
  if (!isNote || typeof kind !== 'string' || !kinds.has(kind))
    throw new Error(`Line ${number} is no note.`);
  return note as unknown as Note;
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
