/**
 * Notes and trace files that come from outside, checked: what is not a note throws
 * `MalformedError`. Fields that are not known are left out, so that a later writer may add some.
 */
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { MalformedError } from '../errors.js';
import {
  diskWhats,
  eventWhats,
  formatVersion,
  isTraceId,
  messageWays,
  stepWhats,
  type Note,
  type PlainValue,
  type StateValue,
  type TracedNode,
  type TraceFile,
  type TraceHead,
} from './notes.js';

type Fields = Readonly<Record<string, unknown>>;

/** Gives the field as it may be kept, or undefined where it is none of its kind. */
type Check = (value: unknown) => unknown;

interface Field {
  readonly check: Check;
  readonly isOptional?: true;
}

const name: Field = { check: textUpTo(insightLimits.nameCharsMax) };
const text: Field = { check: textUpTo(insightLimits.textCharsMax) };
const count: Field = { check: (value) => (isWhole(value) ? value : undefined) };
const trace: Field = { check: (value) => (isTraceId(value) ? value : undefined) };
const yes: Field = { check: (value) => (value === true ? true : undefined), isOptional: true };
const shown: Field = { check: (value) => plainIn(value, 0), isOptional: true };

const base = { atUs: count, node: name };

const fieldsOf: Readonly<Record<Note['kind'], Readonly<Record<string, Field>>>> = {
  chart: {
    ...base,
    chart: name,
    instance: name,
    event: name,
    state: { check: (value) => (value === null ? null : stateIn(value, 0)) },
    context: shown,
    isFinal: yes,
    trace: orNone(trace),
  },
  message: {
    ...base,
    way: oneOf(messageWays),
    peer: name,
    verb: name,
    bytes: count,
    call: orNone(count),
    answers: yes,
    trace: orNone(trace),
  },
  disk: {
    ...base,
    what: oneOf(diskWhats),
    bytes: count,
    tookUs: count,
    trace: orNone(trace),
  },
  step: {
    ...base,
    trace,
    what: oneOf(stepWhats),
    about: orNone(name),
    text: orNone(text),
    detail: shown,
  },
  event: { ...base, what: oneOf(eventWhats), about: orNone(name), text, detail: shown },
  fault: { ...base, text },
  violated: { ...base, rule: name, text },
};

const nodeFields = { id: name, name, host: name, zone: name };
const headFields = { startedMs: count, about: orNone(text) };

/** A note as it came in a batch or a line. */
export function noteOf(value: unknown): Note {
  const note = fieldsIn(value, 'a note');
  const { kind } = note;
  if (typeof kind !== 'string' || !Object.hasOwn(fieldsOf, kind))
    throw new MalformedError('a note of no kind that is known');
  const known = fieldsOf[kind as Note['kind']];
  return { kind, ...checked(note, known, `a note of kind ${kind}`) } as unknown as Note;
}

/** Undefined: it is none. A node of another version may know of others. */
export function noteOrNone(value: unknown): Note | undefined {
  try {
    return noteOf(value);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Of what should be a list of notes, those that are. */
export function notesAmong(value: unknown): Note[] {
  return Array.isArray(value) ? value.flatMap((note: unknown) => noteOrNone(note) ?? []) : [];
}

/** A trace file's text; its notes come in the order of their times whatever theirs was. */
export function readTraceFile(file: string): TraceFile {
  const reader = new TraceFileReader();
  reader.take(file);
  return reader.end();
}

/** Reads a trace file piece by piece. Throws `MalformedError`, with the line where it is one's. */
export class TraceFileReader {
  private head: TraceHead | undefined;
  private readonly notes: Note[] = [];
  private readonly names = new Map<string, string>();
  /** How many notes each has. */
  private readonly traces = new Map<string, number>();
  /** Begun, and not ended by a line break yet. */
  private line = '';
  private number = 0;
  private chars = 0;

  /** Any piece of the text, in order. */
  take(text: string): void {
    this.chars += text.length;
    const { fileCharsMax, lineCharsMax } = insightLimits;
    if (this.chars > fileCharsMax)
      throw new MalformedError(
        `it has more than the ${inGroups(fileCharsMax)} characters that are read`,
      );
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.takeLine(this.line + text.slice(start, end));
      this.line = '';
      start = end + 1;
    }
    this.line += text.slice(start);
    if (this.line.length > lineCharsMax) this.takeLine(this.line);
  }

  end(): TraceFile {
    const { line, notes } = this;
    if (line.trim() !== '' && !isJson(line))
      throw new MalformedError(`line ${this.number + 1}: no JSON: the file ends within it`);
    this.takeLine(line);
    if (this.head === undefined) throw new MalformedError('a trace file without its first line');
    return { head: this.head, notes: notes.sort((a, b) => a.atUs - b.atUs) };
  }

  private takeLine(line: string): void {
    const number = ++this.number;
    const { lineCharsMax, fileNotesMax } = insightLimits;
    if (line.length > lineCharsMax)
      throw new MalformedError(`line ${number} has more than ${lineCharsMax} characters`);
    const text = line.trim();
    if (text === '') return;
    try {
      const value = parsed(text);
      if (this.head === undefined) this.head = headOf(value);
      else this.add(noteOf(value));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw new MalformedError(`line ${number}: ${error.message}`);
    }
    if (this.notes.length > fileNotesMax)
      throw new MalformedError(
        `it has more than the ${inGroups(fileNotesMax)} notes that are read`,
      );
  }

  private add(note: Note): void {
    this.notes.push(this.sharing(note));
    if (!('trace' in note) || note.trace === undefined) return;
    const count = (this.traces.get(note.trace) ?? 0) + 1;
    this.traces.set(note.trace, count);
    if (count > insightLimits.fileTraceNotesMax)
      throw new MalformedError(`more than ${insightLimits.fileTraceNotesMax} notes of one trace`);
  }

  /** Names stand in thousands of notes: of each there is one text. */
  private sharing(note: Note): Note {
    const fields = note as unknown as Record<string, unknown>;
    for (const field of sharedFields) {
      const text = fields[field];
      if (typeof text === 'string') fields[field] = this.shared(text);
    }
    return note;
  }

  private shared(text: string): string {
    const known = this.names.get(text);
    if (known === undefined && this.names.size < insightLimits.fileNamesMax)
      this.names.set(text, text);
    return known ?? text;
  }
}

const sharedFields = [
  'node',
  'peer',
  'about',
  'chart',
  'instance',
  'event',
  'state',
  'verb',
  'trace',
] as const;

/** `250 000`. */
function inGroups(count: number): string {
  return String(count).replaceAll(/(?<=\d)(?=(?:\d{3})+$)/g, ' ');
}

function headOf(value: unknown): TraceHead {
  const head = fieldsIn(value, 'the first line');
  if (head['quorateTrace'] !== formatVersion)
    throw new MalformedError(`no trace file of version ${formatVersion}`);
  const { nodes } = head;
  if (!Array.isArray(nodes) || nodes.length > insightLimits.fileNodesMax)
    throw new MalformedError('the first line says of no nodes, or of too many');
  return {
    quorateTrace: formatVersion,
    nodes: nodes.map(
      (node) => checked(fieldsIn(node, 'a node'), nodeFields, 'a node') as unknown as TracedNode,
    ),
    ...(checked(head, headFields, 'the first line') as { startedMs: number; about?: string }),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new MalformedError('no JSON');
  }
}

function isJson(line: string): boolean {
  try {
    parsed(line);
    return true;
  } catch {
    return false;
  }
}

function fieldsIn(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError(`${what} is no map`);
  return value as Fields;
}

function checked(
  value: Fields,
  fields: Readonly<Record<string, Field>>,
  what: string,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [field, { check, isOptional }] of Object.entries(fields)) {
    const given = Object.hasOwn(value, field) ? value[field] : undefined;
    if (given === undefined && isOptional) continue;
    const found = check(given);
    if (found === undefined) throw new MalformedError(`${what} has no proper ${field}`);
    kept[field] = found;
  }
  return kept;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function textUpTo(charsMax: number): Check {
  return (value) => (typeof value === 'string' && value.length <= charsMax ? value : undefined);
}

function oneOf(values: readonly string[]): Field {
  return { check: (value) => values.find((known) => known === value) };
}

function orNone({ check }: Field): Field {
  return { check, isOptional: true };
}

function stateIn(value: unknown, depth: number): StateValue | undefined {
  if (typeof value === 'string') return textUpTo(insightLimits.nameCharsMax)(value) as string;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (depth >= insightLimits.depthMax) return undefined;
  const regions = Object.entries(value).map(([region, inner]): [string, StateValue | undefined] => [
    region,
    stateIn(inner, depth + 1),
  ]);
  if (regions.some(([, inner]) => inner === undefined)) return undefined;
  return Object.fromEntries(regions as [string, StateValue][]);
}

function plainIn(value: unknown, depth: number): PlainValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    default:
  }
  if (value === null) return null;
  if (typeof value !== 'object' || depth >= insightLimits.depthMax) return undefined;
  if (value instanceof Uint8Array) return undefined;
  const isList = Array.isArray(value);
  const inner = Object.entries(value).map(([field, element]): [string, PlainValue | undefined] => [
    field,
    plainIn(element, depth + 1),
  ]);
  if (inner.some(([, element]) => element === undefined)) return undefined;
  const plain = inner as [string, PlainValue][];
  return isList ? plain.map(([, element]) => element) : Object.fromEntries(plain);
}
