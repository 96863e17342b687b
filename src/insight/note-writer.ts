/** A trace file as text: a line of JSON for its head, then one for each note. */
import type { Note, TraceHead } from './notes.js';

export function headLine(head: TraceHead): string {
  return `${JSON.stringify(head)}\n`;
}

export function noteLine(note: Note): string {
  return `${JSON.stringify(note)}\n`;
}

/** Notes of several nodes are put in the order of their times. */
export function traceFileText(head: TraceHead, notes: readonly Note[]): string {
  const inOrder = notes.toSorted((a, b) => a.atUs - b.atUs);
  return headLine(head) + inOrder.map(noteLine).join('');
}
