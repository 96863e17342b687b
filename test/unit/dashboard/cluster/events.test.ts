/** The time line: which events there are, of whom, and where they stand. */
import { describe, expect, test } from '@jest/globals';
import { clusterViewLimits } from '../../../../actors/rules/limits/cluster-view.js';
import { BoundedList } from '../../../../src/dashboard/page/bounded-list.js';
import {
  countsOf,
  EventBook,
  eventOf,
  everything,
  filtered,
} from '../../../../src/dashboard/page/views/cluster/event-book.js';
import { laneMarks, ticksOf } from '../../../../src/dashboard/page/views/cluster/lanes.js';
import type { Note } from '../../../../src/dashboard/wire.js';
import { eventWith, idOf } from '../../../support/cluster-pictures.js';

const [n1, n2, n3] = [idOf('n1'), idOf('n2'), idOf('n3')];

describe('events', () => {
  test('of notes those that are events, faults and violations; with whom they are about', () => {
    expect(eventOf(eventWith(5, 'n1', 'down', { about: n2, text: 'n2 is down' }))).toMatchObject({
      atMs: 5,
      kind: 'down',
      node: n1,
      nodes: [n1, n2],
      text: 'n2 is down',
    });
    const fault: Note = { kind: 'fault', atUs: 7_000, node: '', text: 'link cut' };
    expect(eventOf(fault)).toMatchObject({ kind: 'fault', nodes: [] });
    const violated: Note = { kind: 'violated', atUs: 1, node: n1, rule: 'acks', text: 'lost' };
    expect(eventOf(violated)).toMatchObject({ kind: 'violated', text: 'acks: lost', nodes: [n1] });
    expect(eventOf({ kind: 'fault', atUs: 1, node: n1, text: '' })?.nodes).toEqual([n1]);
    const disk: Note = { kind: 'disk', atUs: 1, node: n1, what: 'sync', bytes: 1, tookUs: 1 };
    expect(eventOf(disk)).toBeUndefined();
  });

  test('of a kind that this page does not know, as of a newer node: none', () => {
    const odd = { ...eventWith(1, 'n1', 'down'), what: 'toString' } as unknown as Note;
    expect(eventOf(odd)).toBeUndefined();
  });

  test('by their times, each once, whichever way they were heard of', () => {
    const notes = new BoundedList<Note>(100);
    const book = new EventBook();
    notes.push([eventWith(30, 'n1', 'down', { about: n3 }), eventWith(20, 'n2', 'suspect')]);
    book.read(notes);
    const before = book.events;
    book.read(notes);
    expect(book.events).toBe(before);
    book.take([eventWith(10, 'n1', 'start'), eventWith(20, 'n2', 'suspect')]);
    notes.push([eventWith(40, 'n2', 'alive', { about: n3 })]);
    book.read(notes);
    expect(book.events.map(({ atMs }) => atMs)).toEqual([10, 20, 30, 40]);
    expect(book.events).not.toBe(before);
  });

  test('the oldest go, and may come again', () => {
    const book = new EventBook();
    const { eventsKeptMax } = clusterViewLimits;
    const notes = Array.from({ length: eventsKeptMax + 10 }, (_, i) => eventWith(i, 'n1', 'hint'));
    book.take(notes);
    expect(book.events).toHaveLength(eventsKeptMax);
    expect(book.events[0]!.atMs).toBe(10);
    book.take([notes[0]!]);
    expect(book.events[0]!.atMs).toBe(10);
  });

  test('filters: a node is whoever an event is about; kinds; both; counts of kinds', () => {
    const book = new EventBook();
    book.take([
      eventWith(1, 'n1', 'down', { about: n3 }),
      eventWith(2, 'n2', 'hint', { about: n3 }),
      eventWith(3, 'n2', 'hint', { about: n1 }),
    ]);
    const times = (nodes: string[], kinds: ('down' | 'hint')[]): number[] =>
      filtered(book.events, { nodes: new Set(nodes), kinds: new Set(kinds) }).map(
        ({ atMs }) => atMs,
      );
    expect(filtered(book.events, everything)).toBe(book.events);
    expect(times([n3], [])).toEqual([1, 2]);
    expect(times([n1, n2], [])).toEqual([1, 2, 3]);
    expect(times([n3], ['hint'])).toEqual([2]);
    expect(times([], ['hint'])).toEqual([2, 3]);
    expect([...countsOf(book.events)]).toEqual([
      ['down', 1],
      ['hint', 2],
    ]);
  });

  test('notes that were forgotten before they were read leave a gap', () => {
    const notes = new BoundedList<Note>(2);
    notes.push([1, 2, 3].map((atMs) => eventWith(atMs, 'n1', 'hint')));
    const book = new EventBook();
    book.read(notes);
    expect([book.gaps, book.events.length]).toEqual([0, 2]);
    notes.push([eventWith(4, 'n1', 'hint')]);
    book.read(notes);
    expect(book.gaps).toBe(0);
    notes.push([5, 6, 7].map((atMs) => eventWith(atMs, 'n1', 'hint')));
    book.read(notes);
    expect([book.gaps, book.events.at(-1)!.atMs]).toEqual([1, 7]);
  });
});

const book = new EventBook();

/** Of each mark of the second before, what it stands for. */
function togetherUntil(toMs: number): string[][] {
  const lanes = laneMarks(book.events, { fromMs: toMs - 1_000, toMs }, 10);
  return [...lanes.values()].flat().map(({ events }) => events.map(({ key }) => key));
}

describe('lanes', () => {
  book.take([
    eventWith(900, 'n1', 'start'),
    eventWith(1_000, 'n1', 'suspect', { about: n3 }),
    eventWith(1_010, 'n1', 'down', { about: n3 }),
    eventWith(1_012, 'n1', 'hint', { about: n3 }),
    eventWith(1_500, 'n2', 'hint', { about: n3 }),
    eventWith(2_000, 'n2', 'handoff', { about: n3 }),
    eventWith(2_001, 'n2', 'alive', { about: n3 }),
  ]);

  test('a lane for each node, what is close together one mark of the gravest kind', () => {
    const lanes = laneMarks(book.events, { fromMs: 1_000, toMs: 2_000 }, 10);
    expect([...lanes.keys()]).toEqual([n1, n2]);
    const [mark, ...more] = lanes.get(n1)!;
    expect(more).toEqual([]);
    expect(mark).toMatchObject({ at: 0.05, kind: 'down' });
    expect(mark!.events.map(({ kind }) => kind)).toEqual(['down', 'suspect', 'hint']);
    expect(lanes.get(n2)!.map(({ at, kind }) => [at, kind])).toEqual([
      [0.55, 'hint'],
      [0.95, 'handoff'],
    ]);
  });

  test('while time goes on, what is together stays together', () => {
    const now = togetherUntil(2_100);
    for (const toMs of [2_117, 2_199, 2_350, 2_480])
      expect(now).toEqual(expect.arrayContaining(togetherUntil(toMs)));
  });

  test('a span in which nothing happened', () => {
    expect(laneMarks(book.events, { fromMs: 5_000, toMs: 6_000 }, 10).size).toBe(0);
    expect(laneMarks([], { fromMs: 0, toMs: 1 }, 10).size).toBe(0);
  });

  test('ticks are round times, no more than fit', () => {
    const ticks = ticksOf({ fromMs: 61_500, toMs: 121_500 }, 6);
    expect(ticks.map(({ atMs }) => atMs)).toEqual([
      70_000, 80_000, 90_000, 100_000, 110_000, 120_000,
    ]);
    expect(ticks[0]!.at).toBeCloseTo(8.5 / 60);
    for (const lengthMs of [1, 900, 60_000, 3_600_000, 1e9])
      expect(ticksOf({ fromMs: 7, toMs: 7 + lengthMs }, 6).length).toBeLessThanOrEqual(7);
  });
});
