/** Requests that are traced though nobody asked, and the ring of those that are kept. */
import 'reflect-metadata';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import type { Note } from '../../../src/insight/notes.js';
import { TraceRecorder, type Kept } from '../../../src/insight/trace-recorder.js';
import type { TraceMark, TracedRequest } from '../../../src/seams/tracing.js';
import { SimRandom } from '../../simulation/core/sim-random.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MapStore } from '../../support/map-store.js';

const id = 'a'.repeat(16);
const { sampleMsMax, candidatesMax, tracesMax, traceNotesMax } = insightLimits;
const request = (key: string): TracedRequest => ({ what: 'put', bucket: 'b', key, from: 'client' });
const nothing = { rate: 0, slowMs: 0, failed: false };
const fine = { isFailure: false, text: 'w=2/2' };
const bad = { isFailure: true, text: '503' };

let clock: ManualClock;
let traces: TraceRecorder;
let kept: Kept[];

beforeEach(() => {
  clock = new ManualClock();
  traces = new TraceRecorder(clock, new SimRandom('sampling'), new MapStore(id, clock), { id });
  kept = [];
  traces.onKept = (one) => kept.push(one);
});

const sampled = (count: number): TraceMark[] =>
  Array.from({ length: count }, (_, at) => traces.sample(request(`k${at}`)) ?? []).flat();

const keys = (): string[] => traces.summaries().map(({ key }) => key);

function traceId(number: number): string {
  return number.toString(16).padStart(16, '0');
}

describe('sampling', () => {
  test('is off until it is said', () => {
    expect(sampled(100)).toEqual([]);
    expect(traces.isOn).toBe(false);
  });

  test.each([0.1, 0.5, 1])(
    'a share of %d of requests is traced, by all who have a part',
    (rate) => {
      traces.wish({ ...nothing, rate });
      const marks = sampled(2_000);
      expect(marks.every(({ travels }) => travels)).toBe(true);
      expect(marks.length / 2_000).toBeGreaterThan(rate - 0.05);
      expect(marks.length / 2_000).toBeLessThanOrEqual(Math.min(1, rate + 0.05));
    },
  );

  test('is forgotten unless it is said again', () => {
    traces.wish({ ...nothing, rate: 1 });
    clock.advance(sampleMsMax - 1);
    expect(sampled(1)).toHaveLength(1);
    traces.wish({ ...nothing, rate: 1 });
    clock.advance(sampleMsMax - 1);
    expect(sampled(1)).toHaveLength(1);
    clock.advance(1);
    expect(sampled(1)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('is off at once when that is said; requests under way stay under the glass', () => {
    traces.wish({ ...nothing, rate: 1 });
    const [mark] = sampled(1);
    expect(traces.wish(nothing)).toEqual(nothing);
    expect(sampled(1)).toEqual([]);
    expect(traces.isOn).toBe(true);
    traces.replied(mark!, fine);
    expect(traces.isOn).toBe(false);
  });

  test('of those that may be slow or fail only those are kept that are', () => {
    traces.wish({ rate: 0, slowMs: 50, failed: true });
    const [quick, slow, failing] = sampled(3);
    traces.replied(quick!, fine);
    traces.replied(failing!, bad);
    clock.advance(50);
    traces.replied(slow!, fine);
    expect(kept.map(({ what }) => what)).toEqual(['failed', 'slow']);
    expect(traces.summaries().map(({ key }) => key)).toEqual(['k1', 'k2']);
    expect(traces.notesOf(quick!.id)).toBeUndefined();
    expect(traces.notesOf(slow!.id)!.map((note) => 'what' in note && note.what)).toEqual([
      'received',
      'replied',
    ]);
    expect([quick, slow, failing].some((mark) => mark!.travels)).toBe(false);
  });

  test('so many may turn out to be slow at once; the others are not looked at', () => {
    traces.wish({ rate: 0, slowMs: 1, failed: false });
    const marks = sampled(candidatesMax + 10);
    expect(marks).toHaveLength(candidatesMax);
    for (const mark of marks) traces.replied(mark, fine);
    expect(sampled(1)).toHaveLength(1);
  });
});

describe('what is kept', () => {
  test('so many traces: the oldest goes first, the last comes first', () => {
    for (let at = 0; at < tracesMax + 25; at++) {
      const mark = traces.begin(request(`k${at}`), traceId(at));
      traces.replied(mark, fine);
    }
    expect(keys()).toHaveLength(tracesMax);
    expect([keys()[0], keys().at(-1)]).toEqual([`k${tracesMax + 24}`, 'k25']);
    expect(traces.notesOf(traceId(24))).toBeUndefined();
    expect(traces.notesOf(traceId(25))).toHaveLength(2);
  });

  test('those of others count as well, and are no requests of this node', () => {
    traces.begin(request('own'), traceId(1));
    for (let at = 2; at <= tracesMax; at++) traces.serve([traceId(at)]);
    expect(keys()).toEqual(['own']);
    traces.serve([traceId(tracesMax + 1)]);
    expect(keys()).toEqual([]);
    expect(traces.notesOf(traceId(tracesMax + 1))).toEqual([]);
  });

  test('so many notes of each, the first ones; nothing more is told of it either', () => {
    const told: Note[] = [];
    traces.onNote = (note) => told.push(note);
    traces.shows = () => true;
    const { id: trace } = traces.begin(request('k'));
    for (let at = 0; at < traceNotesMax + 10; at++)
      traces.note([trace], { kind: 'step', what: 'asked', text: `${at}` });
    const notes = traces.notesOf(trace)!;
    expect(notes).toHaveLength(traceNotesMax);
    expect(notes.at(-1)).toMatchObject({ text: `${traceNotesMax - 2}` });
    expect(told).toEqual(notes);
  });

  test('a request that comes back to a node goes on with its trace', () => {
    const { id: trace } = traces.begin(request('k'), traceId(1));
    traces.serve([trace]);
    traces.note([trace], { kind: 'step', what: 'stored' });
    traces.begin(request('k'), trace);
    const whats = traces.notesOf(trace)!.map((note) => 'what' in note && note.what);
    expect(whats).toEqual(['received', 'stored', 'received']);
    expect(traces.summaries()).toHaveLength(1);
  });

  test('whoever watches hears of all of a trace, or of nothing', () => {
    const told: Note[] = [];
    traces.onNote = (note) => told.push(note);
    let shown = false;
    traces.shows = () => (shown = !shown);
    for (let at = 1; at <= 4; at++) {
      const mark = traces.begin(request(`k${at}`), traceId(at));
      traces.note([mark.id], { kind: 'step', what: 'settled' });
      traces.replied(mark, fine);
    }
    const counts = new Map<string, number>();
    for (const note of told)
      if ('trace' in note) counts.set(note.trace, (counts.get(note.trace) ?? 0) + 1);
    expect([...counts]).toEqual([
      [traceId(1), 3],
      [traceId(3), 3],
    ]);
  });

  test('what is handed off long after is noted, of a bounded number of keys', () => {
    const mark = traces.begin(request('k'), traceId(1));
    const { tracesOwedMax } = insightLimits;
    for (let at = 0; at <= tracesOwedMax; at++) traces.owes([mark.id], id, [`key ${at}`]);
    const handed = (): number =>
      traces.notesOf(mark.id)!.filter((note) => 'what' in note && note.what === 'handedOff').length;
    traces.handedOff(id, ['key 0'], [id]);
    expect(handed()).toBe(0);
    traces.handedOff(id, ['key 1', `key ${tracesOwedMax}`], [id]);
    expect(handed()).toBe(2);
    traces.handedOff(id, ['key 1'], [id]);
    expect(handed()).toBe(2);
  });

  test('of several keys in one message it is handed off with the last: nobody says which is its own', () => {
    const mark = traces.begin(request('k'), traceId(1));
    traces.owes([mark.id], id, ['one', 'two', 'three']);
    const handed = (): number =>
      traces.notesOf(mark.id)!.filter((note) => 'what' in note && note.what === 'handedOff').length;
    traces.handedOff(id, ['one', 'two'], [id]);
    expect(handed()).toBe(0);
    traces.handedOff(id, ['three'], [id]);
    expect([handed(), traces.owesSome]).toEqual([1, false]);
  });
});
