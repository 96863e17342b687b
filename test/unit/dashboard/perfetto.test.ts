/**
 * The Trace Event Format as its page has it: which fields an event of each phase has, that slices
 * of one thread lie within each other, and that an arrow begins and ends in a slice.
 */
import { expect, test } from '@jest/globals';
import { journeysOf } from '../../../src/dashboard/page/parts/journeys.js';
import { perfettoOf } from '../../../src/dashboard/page/parts/perfetto.js';
import type { ChartNote, Note } from '../../../src/dashboard/wire.js';

type Event = Readonly<Record<string, unknown>>;

const whole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const text = (value: unknown): boolean => typeof value === 'string' && value !== '';
const map = (value: unknown): boolean => typeof value === 'object' && value !== null;
const maybe =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || is(value);

const always = { name: text, pid: whole, tid: whole, args: maybe(map) };
const timed = { ...always, cat: text, ts: whole };
const phases: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  M: {
    ...always,
    name: (name) => name === 'process_name' || name === 'thread_name',
    args: (args) => text((args as Event)['name']),
  },
  X: { ...timed, dur: (dur) => whole(dur) && Number(dur) > 0 },
  i: { ...timed, s: (scope) => scope === 't' || scope === 'p' || scope === 'g' },
  s: { ...timed, id: whole },
  f: { ...timed, id: whole, bp: maybe((bind) => bind === 'e') },
};

/** What is not as the format has it, event by event. */
function problemsOf(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    const fields = phases[String(event['ph'])];
    if (fields === undefined) return [`no such phase: ${JSON.stringify(event)}`];
    const wrong = Object.entries(fields).filter(([field, is]) => !is(event[field]));
    const unknown = Object.keys(event).filter((field) => field !== 'ph' && !(field in fields));
    return [...wrong.map(([field]) => field), ...unknown].map(
      (field) => `${field} of ${JSON.stringify(event)}`,
    );
  });
}

interface Slice {
  readonly thread: string;
  readonly from: number;
  readonly to: number;
}

function slicesOf(events: readonly Event[]): Slice[] {
  return events
    .filter(({ ph }) => ph === 'X')
    .map(({ pid, tid, ts, dur }) => {
      const from = Number(ts);
      return { thread: `${String(pid)} ${String(tid)}`, from, to: from + Number(dur) };
    });
}

function overlapping(slices: readonly Slice[]): [Slice, Slice][] {
  return slices.flatMap((a) =>
    slices
      .filter((b) => b.thread === a.thread && a.from < b.from && b.from < a.to && a.to < b.to)
      .map((b): [Slice, Slice] => [a, b]),
  );
}

const [n1, n2] = ['a'.repeat(16), 'b'.repeat(16)] as const;
const trace = '00112233445566aa';
const disk = (atUs: number, tookUs: number): Note => {
  return { kind: 'disk', node: n1, atUs, what: 'sync', bytes: 10, tookUs };
};
const message = (way: 'sent' | 'received', atUs: number): Note => {
  const [node, peer] = way === 'sent' ? [n1, n2] : [n2, n1];
  return { kind: 'message', way, node, peer, atUs, verb: 'merge', bytes: 9, call: 4 };
};
const chart = (atUs: number, state: string): ChartNote => {
  return { kind: 'chart', chart: 'peer', instance: 'p', node: n1, atUs, event: 'e', state };
};
const notes: readonly Note[] = [
  message('sent', 100),
  { kind: 'step', node: n1, atUs: 110, trace, what: 'asked', about: n2, detail: { w: 2 } },
  disk(500, 400),
  disk(600, 450),
  disk(650, 20),
  message('received', 700),
  { kind: 'event', node: n2, atUs: 710, what: 'ill', text: 'no' },
  { kind: 'fault', node: '', atUs: 720, text: 'kill n2' },
  { kind: 'violated', node: '', atUs: 730, rule: 'lost', text: 'it is gone' },
  { kind: 'step', node: 'stranger', atUs: 740, trace, what: 'asked' },
];

const written = perfettoOf(
  {
    who: [
      { id: n1, title: 'n1' },
      { id: n2, title: 'n2' },
    ],
    moments: notes.map((note) => ({ note, text: note.kind })),
    charts: [[chart(90, 'silent'), chart(90, 'heard'), chart(400, 'silent')]],
    journeys: journeysOf(notes),
    toUs: 800,
  },
  'some moments',
);
const { traceEvents, ...rest } = JSON.parse(written) as { traceEvents: Event[] } & Event;

test('the object around the events is one of the format', () => {
  expect(rest).toEqual({ displayTimeUnit: 'ms', otherData: { name: 'some moments' } });
});

test('each event has the fields of its phase, and no others', () => {
  expect(problemsOf(traceEvents)).toEqual([]);
  expect(new Set(traceEvents.map(({ ph }) => ph))).toEqual(new Set(['M', 'X', 'i', 's', 'f']));
  expect(problemsOf([{ ph: 'X', name: 'x', cat: 'c', pid: 1, tid: 1, ts: 1.5, dur: 0 }])).toEqual([
    expect.stringMatching(/^ts of/),
    expect.stringMatching(/^dur of/),
  ]);
});

test('slices of one thread lie within each other, whatever a disk does at once', () => {
  const slices = slicesOf(traceEvents);
  expect(overlapping(slices)).toEqual([]);
  const one = slices.map(({ from, to }) => ({ thread: 'one', from, to }));
  expect(overlapping(one).length).toBeGreaterThan(0);
});

test('an arrow begins and ends in a slice, under one name', () => {
  const slices = slicesOf(traceEvents);
  const ends = traceEvents.filter(({ ph }) => ph === 's' || ph === 'f');
  expect(ends.map(({ ph, id, name, cat }) => [ph, id, name, cat])).toEqual([
    ['s', 0, 'merge', 'message'],
    ['f', 0, 'merge', 'message'],
  ]);
  for (const { pid, tid, ts } of ends)
    expect(
      slices.some(
        ({ thread, from, to }) =>
          thread === `${String(pid)} ${String(tid)}` && from <= Number(ts) && Number(ts) <= to,
      ),
    ).toBe(true);
});

test('faults and broken promises are of all, and who has no name here is left out', () => {
  const instants = traceEvents.filter(({ ph }) => ph === 'i');
  expect(instants.map(({ name, s }) => [name, s])).toEqual([
    ['asked', 't'],
    ['ill', 't'],
    ['fault', 'g'],
    ['violated', 'g'],
  ]);
});
