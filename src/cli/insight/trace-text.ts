/** A request under the glass as lines of text: when, where, what. */
import { aligned } from '../../insight/alignment.js';
import { clientName, type Note, type StateValue } from '../../insight/notes.js';
import type { PlainValue } from '../../insight/notes.js';
import { printable } from '../output.js';

/** `nameOf`: of a node's id. */
export function traceText(notes: readonly Note[], nameOf: (id: string) => string): string {
  const reference = notes.find((note) => note.kind === 'step' && note.what === 'received')?.node;
  const inOrder = aligned(notes, reference ?? clientName);
  const fromUs = inOrder[0]?.atUs ?? 0;
  const lines = inOrder.flatMap((note) => {
    const text = textOf(note, nameOf);
    return text === undefined ? [] : [{ note, text: printable(text) }];
  });
  const whoOf = ({ node }: Note): string => printable(nameOf(node));
  const width = Math.max(0, ...lines.map(({ note }) => whoOf(note).length));
  return lines
    .map(({ note, text }) => {
      const ms = ((note.atUs - fromUs) / 1000).toFixed(2).padStart(8);
      return `${ms} ms  ${whoOf(note).padEnd(width)}  ${text}`;
    })
    .join('\n');
}

function textOf(note: Note, nameOf: (id: string) => string): string | undefined {
  switch (note.kind) {
    case 'step': {
      const { what, about, text, detail } = note;
      const of = about === undefined || about === note.node ? '' : ` ${nameOf(about)}`;
      const said = text === undefined ? '' : `: ${text}`;
      return `${words[what] ?? what}${of}${said}${detailText(detail, nameOf)}`;
    }
    case 'disk':
      return `log ${note.what}: ${note.bytes} bytes in ${(note.tookUs / 1000).toFixed(2)} ms`;
    case 'chart':
      return `${note.chart} is ${stateText(note.state)} after ${note.event}`;
    case 'message':
      // Steps say of all but the client's who asked whom.
      if (note.node !== clientName) return undefined;
      return `${note.way === 'sent' ? 'sent to' : 'answered by'} ${nameOf(note.peer)}`;
    default:
      return undefined;
  }
}

const words: Readonly<Partial<Record<string, string>>> = {
  forwarded: 'passed on to',
  outOfReach: 'out of reach:',
  fallback: 'stands in:',
  hintOwed: 'owes a hint to',
  handedOff: 'handed off to',
};

function detailText(detail: PlainValue | undefined, nameOf: (id: string) => string): string {
  if (detail === undefined || detail === null || typeof detail !== 'object') return '';
  const parts = Object.entries(detail).map(([name, value]) => `${name} ${shown(value, nameOf)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** As notes have what is not there: `src/seams/inspection-view.ts`. */
const nothing: ReadonlySet<PlainValue> = new Set(['', null, 'undefined']);

function shown(value: PlainValue, nameOf: (id: string) => string): string {
  if (typeof value === 'string') return nameOf(value);
  if (Array.isArray(value)) return `[${value.map((one) => shown(one, nameOf)).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, field]) => !nothing.has(field))
    .map(([name, field]) => `${name}=${shown(field, nameOf)}`)
    .join(' ');
}

function stateText(state: StateValue | null): string {
  if (state === null) return 'there';
  if (typeof state === 'string') return state;
  return Object.entries(state)
    .map(([region, inner]) => `${region}.${stateText(inner)}`)
    .join(' ');
}
