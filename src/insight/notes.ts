/**
 * Notes: what happened, where and when. Nodes, clients and the simulator write this one form; the
 * page and the command read it. Its page is README.md beside this file.
 */
export const formatVersion = 1;

/** Who noted it when it was the one who asked, and when it was `quorate up`. */
export const clientName = 'client';
export const upName = 'up';

/** What became of a request that is under the glass. */
export const stepWhats = [
  'received',
  'forwarded',
  'planned',
  'minted',
  'asked',
  'stored',
  'acked',
  'answered',
  'refused',
  'outOfReach',
  'fallback',
  'hintOwed',
  'verdict',
  'replied',
  'repaired',
  'handedOff',
  'settled',
] as const;
export type StepWhat = (typeof stepWhats)[number];

/** What happened to a node, as its time line has it. */
export const eventWhats = [
  'start',
  'stop',
  'suspect',
  'down',
  'alive',
  'hint',
  'handoff',
  'exchange',
  'move',
  'configuration',
  'collection',
  'ill',
  'well',
  'slow',
  'failed',
] as const;
export type EventWhat = (typeof eventWhats)[number];

export const messageWays = ['sent', 'received'] as const;
export const diskWhats = ['append', 'sync', 'commit'] as const;

/** Where a chart is, as XState writes it: nested where the chart is. */
export type StateValue = string | { readonly [region: string]: StateValue };

/** Of a request under the glass: 16 hexadecimal digits. */
export type TraceId = string;

export function isTraceId(value: unknown): value is TraceId {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

/** What a note shows beside its names and numbers: what JSON can say. */
export type PlainValue =
  null | boolean | number | string | PlainValue[] | { [name: string]: PlainValue };

interface NoteBase {
  /** Microseconds since 1970 by the clock the nodes agree on, or of a simulator's virtual time. */
  readonly atUs: number;
  /** The id of a node, `client`, `up`, or '' for nobody: the world around them. */
  readonly node: string;
}

/** A statechart took an event and is in a state now. */
export interface ChartNote extends NoteBase {
  readonly kind: 'chart';
  /** The machine's id. */
  readonly chart: string;
  /** Unique within the node. */
  readonly instance: string;
  readonly event: string;
  readonly state: StateValue | null;
  readonly context?: PlainValue;
  readonly isFinal?: true;
  readonly trace?: string;
}

export interface MessageNote extends NoteBase {
  readonly kind: 'message';
  readonly way: (typeof messageWays)[number];
  /** Whom to, or from whom: the id of a node, `client`. */
  readonly peer: string;
  readonly verb: string;
  readonly bytes: number;
  /** One number for a question and its answer, by who asked. */
  readonly call?: number;
  readonly answers?: true;
  readonly trace?: string;
}

export interface DiskNote extends NoteBase {
  readonly kind: 'disk';
  readonly what: (typeof diskWhats)[number];
  readonly bytes: number;
  /** It ended at the note's time and began so much earlier. */
  readonly tookUs: number;
  readonly trace?: string;
}

export interface StepNote extends NoteBase {
  readonly kind: 'step';
  readonly trace: string;
  readonly what: StepWhat;
  /** The id of the other node it is about. */
  readonly about?: string;
  readonly text?: string;
  readonly detail?: PlainValue;
}

export interface EventNote extends NoteBase {
  readonly kind: 'event';
  readonly what: EventWhat;
  readonly about?: string;
  readonly text: string;
  readonly detail?: PlainValue;
}

/** Something was done to the cluster: a process killed, a link cut. */
export interface FaultNote extends NoteBase {
  readonly kind: 'fault';
  readonly text: string;
}

/** A promise did not hold at that moment. */
export interface ViolatedNote extends NoteBase {
  readonly kind: 'violated';
  readonly rule: string;
  readonly text: string;
}

export type Note =
  ChartNote | MessageNote | DiskNote | StepNote | EventNote | FaultNote | ViolatedNote;

export interface TracedNode {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
}

/** The first line of a trace file. */
export interface TraceHead {
  readonly quorateTrace: typeof formatVersion;
  readonly nodes: readonly TracedNode[];
  readonly startedMs: number;
  /** What it shows, in a line of text. */
  readonly about?: string;
}

export interface TraceFile {
  readonly head: TraceHead;
  /** In the order of their times. */
  readonly notes: readonly Note[];
}
