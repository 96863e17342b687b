/** Who watches a node: leases, batches and their bounds, and what is shown of much. */
import 'reflect-metadata';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createActor, setup } from 'xstate';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import type { Note } from '../../../src/insight/notes.js';
import { noteOf } from '../../../src/insight/note-reader.js';
import { Watchers } from '../../../src/insight/watchers.js';
import { Inspection } from '../../../src/seams/inspection.js';
import { decodeDocument } from '../../../src/wire/message-pack.js';
import { ManualClock } from '../../support/manual-clock.js';

const self = 'a'.repeat(16);
const payloadBytesMax = 256 * 1024;
const { batchIntervalMs, batchBytesMax, leaseMsMax, roundsShownPerSecond } = insightLimits;

interface Batch {
  readonly to: string;
  readonly bytes: number;
  readonly notes: readonly Note[];
  readonly dropped: number;
  readonly unshown: number;
}

const lamp = setup({}).createMachine({
  id: 'lamp',
  initial: 'dark',
  states: {
    dark: { on: { pressed: 'lit' } },
    lit: { on: { pressed: 'spent' } },
    spent: { type: 'final' },
  },
});

let clock: ManualClock;
let inspection: Inspection;
let watchers: Watchers;
let batches: Batch[];

beforeEach(() => {
  clock = new ManualClock();
  inspection = new Inspection(clock);
  batches = [];
  const bus = {
    payloadBytesMax,
    publish: (to: string, data: Uint8Array) => {
      const { notes, dropped, unshown } = decodeDocument(data) as unknown as Batch;
      batches.push({ to, bytes: data.length, notes: notes.map(noteOf), dropped, unshown });
    },
  };
  watchers = new Watchers({ clock, bus, inspection, self });
});

const event = (text: string): Note => ({ atUs: 1, node: self, kind: 'event', what: 'ill', text });
const textsTo = (name: string): string[] =>
  batches
    .filter(({ to }) => to === name)
    .flatMap(({ notes }) => notes.map((note) => (note.kind === 'event' ? note.text : note.kind)));
const sumOf = (field: 'dropped' | 'unshown', name = 'one'): number =>
  batches.filter(({ to }) => to === name).reduce((sum, batch) => sum + batch[field], 0);

/** A round, as a coordinator makes one. */
function round(name: string): void {
  const actor = createActor(lamp, { ...inspection.actorOptions, id: name });
  actor.start();
  for (let i = 0; i < 2; i++) actor.send({ type: 'pressed' });
}

describe('leases', () => {
  test('one is told until it ends, and then forgotten', () => {
    watchers.watch('one', false, 1_000);
    watchers.tell(event('first'));
    clock.advance(batchIntervalMs);
    expect(textsTo('one')).toEqual(['first']);
    clock.advance(1_000);
    expect(watchers.count).toBe(0);
    watchers.tell(event('late'));
    clock.advance(1_000);
    expect(textsTo('one')).toEqual(['first']);
    expect(clock.pending).toBe(0);
  });

  test('one that is renewed goes on, with what waits for it', () => {
    watchers.watch('one', false, 100);
    clock.advance(90);
    watchers.tell(event('waits'));
    watchers.watch('one', false, leaseMsMax);
    clock.advance(leaseMsMax - 1);
    expect(watchers.count).toBe(1);
    expect(textsTo('one')).toEqual(['waits']);
    clock.advance(batchIntervalMs + 1);
    expect(watchers.count).toBe(0);
  });

  test('so many watch and no more, until one is gone; who watches already may renew', () => {
    for (let i = 0; i < insightLimits.watchersMax; i++)
      watchers.watch(`w${i}`, false, i === 0 ? 100 : leaseMsMax);
    expect(() => watchers.watch('one more', false, 100)).toThrow('watch this node already');
    expect(() => watchers.watch('w1', false, leaseMsMax)).not.toThrow();
    clock.advance(200);
    watchers.watch('one more', false, 100);
    expect(watchers.count).toBe(insightLimits.watchersMax);
  });

  test('a watcher that is gone takes nothing from the others, and is not told for ever', () => {
    watchers.watch('gone', true, 200);
    watchers.watch('there', false, leaseMsMax);
    for (let at = 0; at < 20; at++) {
      watchers.tell(event(`${at}`));
      clock.advance(batchIntervalMs);
    }
    expect(textsTo('there')).toHaveLength(20);
    expect(textsTo('gone').length).toBeLessThan(5);
    expect(inspection.watching).toBe(false);
  });

  test('charts are followed while somebody wants them, and not a moment longer', () => {
    expect(inspection.watching).toBe(false);
    watchers.watch('one', false, leaseMsMax);
    expect(inspection.watching).toBe(false);
    watchers.watch('two', true, 500);
    expect(inspection.watching).toBe(true);
    watchers.watch('two', false, 500);
    expect(inspection.watching).toBe(false);
    watchers.watch('two', true, 500);
    watchers.stop();
    expect([inspection.watching, watchers.count, clock.pending]).toEqual([false, 0, 0]);
  });
});

describe('batches', () => {
  test('have a size, leave so often, and come in the order of what happened', () => {
    watchers.watch('one', false, leaseMsMax);
    const texts = Array.from({ length: 400 }, (_, at) => `${at} `.padEnd(1_000, 'x'));
    for (const text of texts) watchers.tell(event(text));
    clock.advance(batchIntervalMs);
    expect(batches).toHaveLength(1);
    clock.advance(100 * batchIntervalMs);
    expect(textsTo('one')).toEqual(texts);
    expect(Math.max(...batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(batchBytesMax);
    expect(sumOf('dropped')).toBe(0);
  });

  test('a queue has a bound: what is beyond is left out, counted, and said', () => {
    watchers.watch('one', false, leaseMsMax);
    const { waitingNotesMax } = insightLimits;
    for (let at = 0; at < waitingNotesMax + 7; at++) watchers.tell(event('x'));
    clock.advance(1_000);
    expect(textsTo('one')).toHaveLength(waitingNotesMax);
    expect(batches[0]!.dropped).toBe(7);
    expect(sumOf('dropped')).toBe(7);
  });

  test('a note that no message holds is left out and said', () => {
    watchers.watch('one', false, leaseMsMax);
    const base = { atUs: 1, node: self, kind: 'chart', chart: 'c', instance: 'i' } as const;
    const context = { long: 'x'.repeat(payloadBytesMax) };
    watchers.tell({ ...base, event: 'e', state: 's', context, trace: '0'.repeat(16) });
    watchers.tell(event('after it'));
    clock.advance(1_000);
    expect(sumOf('dropped')).toBe(1);
    expect(textsTo('one')).toEqual(['after it']);
  });

  test('what waits when the node stops is sent', () => {
    watchers.watch('one', false, leaseMsMax);
    watchers.tell(event('the node stops'));
    watchers.stop();
    expect(textsTo('one')).toEqual(['the node stops']);
    expect(clock.pending).toBe(0);
  });

  test('nothing is sent where nothing happens', () => {
    watchers.watch('one', true, leaseMsMax);
    clock.advance(1_000);
    expect(batches).toEqual([]);
  });
});

/** The states of each chart that was told of. */
function rounds(): Map<string, unknown[]> {
  const states = new Map<string, unknown[]>();
  for (const note of batches.flatMap(({ notes }) => notes))
    if (note.kind === 'chart')
      states.set(note.instance, [...(states.get(note.instance) ?? []), note.state]);
  return states;
}

describe('what is shown of much', () => {
  test('of many rounds a second so many, whole; the others are counted', () => {
    watchers.watch('one', true, leaseMsMax);
    const begun = 2_000;
    for (let at = 0; at < begun; at++) {
      round(`round-${at}`);
      clock.advance(1);
    }
    clock.advance(1_000);
    const seen = rounds();
    const seconds = begun / 1_000;
    expect(seen.size).toBeLessThanOrEqual((seconds + 1) * roundsShownPerSecond);
    expect(seen.size).toBeGreaterThanOrEqual(seconds * roundsShownPerSecond);
    for (const states of seen.values()) expect(states).toEqual(['dark', 'lit', 'spent']);
    expect(sumOf('unshown')).toBe(begun - seen.size);
    expect(sumOf('dropped')).toBe(0);
  });

  test('few rounds are all shown', () => {
    watchers.watch('one', true, leaseMsMax);
    for (let at = 0; at < 40; at++) {
      round(`round-${at}`);
      clock.advance(100);
    }
    expect(rounds().size).toBe(40);
    expect(sumOf('unshown')).toBe(0);
  });

  test('who watches no charts hears of no rounds that are not shown; who begins now of none before', () => {
    watchers.watch('one', false, leaseMsMax);
    watchers.watch('two', true, leaseMsMax);
    for (let at = 0; at < 3 * roundsShownPerSecond; at++) round(`round-${at}`);
    clock.advance(100);
    expect([sumOf('unshown', 'one'), sumOf('unshown', 'two')]).toEqual([
      0,
      2 * roundsShownPerSecond,
    ]);
    watchers.watch('one', true, leaseMsMax);
    clock.advance(100);
    expect(sumOf('unshown', 'one')).toBe(0);
  });

  test('of many traces so many, and none while nobody watches', () => {
    expect(watchers.showsTrace()).toBe(false);
    watchers.watch('one', false, leaseMsMax);
    const shown = Array.from({ length: 100 }, () => watchers.showsTrace());
    expect(shown.filter(Boolean)).toHaveLength(insightLimits.tracesShownPerSecond);
    clock.advance(100);
    expect(sumOf('unshown')).toBe(100 - insightLimits.tracesShownPerSecond);
  });
});
