/**
 * A request as Chrome and Perfetto read traces: a process for each who takes part, threads for its
 * steps, messages, disk and charts, and arrows for messages.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { ChartNote } from '../../../wire.js';
import { stateText } from '../../parts/note-text.js';
import type { Glass, Lane, Moment } from './glass.js';

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
  /** Of an instant: how far it reaches. */
  readonly s?: 't';
  /** An arrow ends in the slice around it. */
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

const threads = { steps: 1, messages: 2, disk: 3, charts: 4 } as const;

/** Short enough to be no time, long enough to be hit by a mouse. */
const tickUs = 1;

export function perfettoOf(glass: Glass, name: string): string {
  const who = glass.lanes.filter(({ role }) => role !== 'disk' && role !== 'network');
  const pids = new Map(who.map(({ id }, index) => [id, index + 1]));
  const events = [
    ...who.flatMap((lane, index) => namesOf(lane, index + 1)),
    ...glass.moments.flatMap((moment) => eventsOf(moment, pids)),
    ...[...glass.charts.values()].flatMap((notes, index) =>
      statesOf(notes, { pids, tid: threads.charts + index, endUs: glass.toUs }),
    ),
    ...journeyEvents(glass, pids),
  ];
  return JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms', otherData: { name } });
}

function namesOf({ title, role }: Lane, pid: number): TraceEvent[] {
  const named = (name: string, tid: number, args: object): TraceEvent => ({
    name,
    ph: 'M',
    pid,
    tid,
    args: { ...args },
  });
  return [
    named('process_name', 0, { name: `${title} (${role})` }),
    ...Object.entries(threads)
      .filter(([thread]) => thread !== 'charts')
      .map(([thread, tid]) => named('thread_name', tid, { name: thread })),
  ];
}

function eventsOf({ note, text }: Moment, pids: ReadonlyMap<string, number>): TraceEvent[] {
  const pid = pids.get(note.node);
  if (pid === undefined) return [];
  const { atUs: ts } = note;
  if (note.kind === 'disk') {
    const [dur, from] = [note.tookUs, ts - note.tookUs];
    const args = { bytes: note.bytes };
    return [{ name: note.what, ph: 'X', pid, tid: threads.disk, ts: from, dur, args }];
  }
  if (note.kind !== 'step') return [];
  const args = { text, ...(note.detail !== undefined && { detail: note.detail }) };
  return [{ name: note.what, ph: 'i', pid, tid: threads.steps, ts, s: 't', args }];
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
  const name = `${first.chart} ${first.instance}`;
  return [
    { name: 'thread_name', ph: 'M', pid, tid, args: { name } },
    ...notes
      .filter(({ isFinal }) => isFinal !== true)
      .map((note): TraceEvent => {
        const next = notes[notes.indexOf(note) + 1];
        const { atUs: ts, state, event } = note;
        const dur = Math.max(tickUs, (next?.atUs ?? endUs) - ts);
        return { name: stateText(state), ph: 'X', pid, tid, ts, dur, args: { event } };
      }),
  ];
}

function journeyEvents(glass: Glass, pids: ReadonlyMap<string, number>): TraceEvent[] {
  const tid = threads.messages;
  return glass.journeys.flatMap((journey, id): TraceEvent[] => {
    const { from, to, verb, isAnswer, bytes, sentUs, arrivedUs } = journey;
    const [source, target] = [pids.get(from), pids.get(to)];
    const name = isAnswer ? `answer to ${verb}` : verb;
    const args = { bytes };
    const cat = 'message';
    const end = (pid: number | undefined, ts: number | undefined, flow: 's' | 'f'): TraceEvent[] =>
      pid === undefined || ts === undefined
        ? []
        : [
            { name, ph: 'X', pid, tid, ts, dur: tickUs, args },
            { name, ph: flow, pid, tid, ts, id, cat, ...(flow === 'f' && { bp: 'e' as const }) },
          ];
    return [...end(source, sentUs, 's'), ...end(target, arrivedUs, 'f')];
  });
}
