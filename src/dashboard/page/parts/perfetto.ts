/**
 * What happened, as Chrome and Perfetto read traces: a process for each who takes part, threads for
 * its steps, messages, disk and charts, and arrows for messages.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { ChartNote, DiskNote, Note } from '../../wire.js';
import type { Journey } from './journeys.js';
import { stateText } from './note-text.js';

type Phase = 'M' | 'X' | 'i' | 's' | 'f';

export interface TraceEvent {
  readonly name: string;
  readonly ph: Phase;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly cat?: string;
  /** Of an instant: whether it is of its thread, or of all. */
  readonly s?: 't' | 'g';
  /** An arrow ends in the slice around it. */
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What is to be seen. */
export interface Scene {
  readonly who: readonly { readonly id: string; readonly title: string }[];
  readonly moments: readonly { readonly note: Note; readonly text: string }[];
  /** Of each instance its notes, in the order of their times. */
  readonly charts: Iterable<readonly ChartNote[]>;
  readonly journeys: readonly Journey[];
  readonly toUs: number;
}

/** Disks do several things at once, and slices of one thread lie within each other. */
const threads = { steps: 1, messages: 2, charts: 100, disks: 10_000 } as const;

/** Short enough to be no time, long enough to be hit by a mouse. */
const tickUs = 1;

export function perfettoOf(scene: Scene, name: string): string {
  const pids = new Map(scene.who.map(({ id }, index) => [id, index + 1]));
  const events = [
    ...scene.who.flatMap(({ title }, index) => namesOf(title, index + 1)),
    ...scene.moments.flatMap(({ note, text }) => instantOf(note, text, pids)),
    ...diskEvents(scene, pids),
    ...[...scene.charts].flatMap((notes, index) =>
      statesOf(notes, { pids, tid: threads.charts + index, endUs: scene.toUs }),
    ),
    ...journeyEvents(scene, pids),
  ];
  return JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms', otherData: { name } });
}

function metadata(what: 'process_name' | 'thread_name', pid: number, tid: number, name: string) {
  return { name: what, ph: 'M', pid, tid, args: { name } } as const;
}

function namesOf(title: string, pid: number): TraceEvent[] {
  return [
    metadata('process_name', pid, 0, title),
    metadata('thread_name', pid, threads.steps, 'steps'),
    metadata('thread_name', pid, threads.messages, 'messages'),
  ];
}

/** What is of nobody, a fault or a broken promise, is of all. */
function instantOf(note: Note, text: string, pids: ReadonlyMap<string, number>): TraceEvent[] {
  const { kind, node, atUs: ts } = note;
  const tid = threads.steps;
  if (kind === 'fault' || kind === 'violated')
    return [{ name: text, cat: kind, ph: 'i', pid: pids.get(node) ?? 1, tid, ts, s: 'g' }];
  const pid = pids.get(node);
  if (pid === undefined || (kind !== 'step' && kind !== 'event')) return [];
  const args = { text, ...(note.detail !== undefined && { detail: note.detail }) };
  return [{ name: note.what, cat: kind, ph: 'i', pid, tid, ts, s: 't', args }];
}

function diskEvents({ moments }: Scene, pids: ReadonlyMap<string, number>): TraceEvent[] {
  const disks = new Map<number, DiskNote[]>();
  for (const { note } of moments) {
    const pid = pids.get(note.node);
    if (note.kind !== 'disk' || pid === undefined) continue;
    const known = disks.get(pid);
    if (known === undefined) disks.set(pid, [note]);
    else known.push(note);
  }
  return [...disks].flatMap(([pid, notes]) => sideBySide(notes, pid));
}

/** Each on the first thread that is free by then. */
function sideBySide(notes: readonly DiskNote[], pid: number): TraceEvent[] {
  const freeUs: number[] = [];
  const slices = notes
    .toSorted((a, b) => a.atUs - a.tookUs - (b.atUs - b.tookUs))
    .map(({ what, bytes, atUs, tookUs }): TraceEvent => {
      const ts = Math.max(0, atUs - tookUs);
      const free = freeUs.findIndex((us) => us <= ts);
      const thread = free < 0 ? freeUs.length : free;
      const dur = Math.max(tickUs, tookUs);
      freeUs[thread] = ts + dur;
      const tid = threads.disks + thread;
      return { name: what, cat: 'disk', ph: 'X', pid, tid, ts, dur, args: { bytes } };
    });
  const names = freeUs.map((_, thread) =>
    metadata('thread_name', pid, threads.disks + thread, 'disk'),
  );
  return [...names, ...slices];
}

/** Each state lasts until the next one. */
function statesOf(
  notes: readonly ChartNote[],
  {
    pids,
    tid,
    endUs,
  }: { readonly pids: ReadonlyMap<string, number>; readonly tid: number; readonly endUs: number },
): TraceEvent[] {
  const [first] = notes;
  const pid = first && pids.get(first.node);
  if (first === undefined || pid === undefined) return [];
  return [
    metadata('thread_name', pid, tid, `${first.chart} ${first.instance}`),
    ...notes.flatMap((note, index): TraceEvent[] => {
      if (note.isFinal === true) return [];
      const { atUs: ts, state, event } = note;
      const dur = Math.max(tickUs, (notes[index + 1]?.atUs ?? endUs) - ts);
      return [
        { name: stateText(state), cat: 'chart', ph: 'X', pid, tid, ts, dur, args: { event } },
      ];
    }),
  ];
}

function journeyEvents({ journeys }: Scene, pids: ReadonlyMap<string, number>): TraceEvent[] {
  const tid = threads.messages;
  return journeys.flatMap((journey, id): TraceEvent[] => {
    const { from, to, verb, isAnswer, bytes, sentUs, arrivedUs } = journey;
    const [source, target] = [pids.get(from), pids.get(to)];
    const name = isAnswer ? `answer to ${verb}` : verb;
    const args = { bytes };
    const cat = 'message';
    const end = (pid: number | undefined, ts: number | undefined, flow: 's' | 'f'): TraceEvent[] =>
      pid === undefined || ts === undefined
        ? []
        : [
            { name, cat, ph: 'X', pid, tid, ts, dur: tickUs, args },
            { name, ph: flow, pid, tid, ts, id, cat, ...(flow === 'f' && { bp: 'e' as const }) },
          ];
    return [...end(source, sentUs, 's'), ...end(target, arrivedUs, 'f')];
  });
}
