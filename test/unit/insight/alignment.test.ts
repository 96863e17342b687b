/** Notes of machines whose clocks differ: nothing is received before it was sent. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { aligned } from '../../../src/insight/alignment.js';
import type { MessageNote, Note } from '../../../src/insight/notes.js';

const trace = '0123456789abcdef';
const reference = 'coordinator';
const peers = ['b', 'c', 'd'];

interface Exchange {
  readonly peer: string;
  readonly atUs: number;
  readonly thereUs: number;
  readonly worksUs: number;
  readonly backUs: number;
}

/** What happened in true time, as the four who note it do. */
function truth(exchanges: readonly Exchange[]): MessageNote[] {
  return exchanges.flatMap(({ peer, atUs, thereUs, worksUs, backUs }, call): MessageNote[] => {
    const base = { kind: 'message', verb: 'merge', bytes: 1, call, trace } as const;
    const there = { ...base, node: peer, peer: reference };
    const here = { ...base, node: reference, peer };
    const cameUs = atUs + thereUs;
    const saidUs = cameUs + worksUs;
    return [
      { ...here, way: 'sent', atUs },
      { ...there, way: 'received', atUs: cameUs },
      { ...there, way: 'sent', answers: true, atUs: saidUs },
      { ...here, way: 'received', answers: true, atUs: saidUs + backUs },
    ];
  });
}

const exchangesOf = fc.array(
  fc.record({
    peer: fc.constantFrom(...peers),
    atUs: fc.integer({ min: 10_000_000, max: 11_000_000 }),
    thereUs: fc.integer({ min: 0, max: 5_000 }),
    worksUs: fc.integer({ min: 0, max: 20_000 }),
    backUs: fc.integer({ min: 0, max: 5_000 }),
  }),
  { minLength: 1, maxLength: 12 },
);
const offsetsOf = fc.tuple(...peers.map(() => fc.integer({ min: -5_000_000, max: 5_000_000 })));

function asNoted(notes: readonly MessageNote[], offsets: readonly number[]): MessageNote[] {
  return notes.map((note) => ({
    ...note,
    atUs: note.atUs + (offsets[peers.indexOf(note.node)] ?? 0),
  }));
}

/** Times by what was noted: way, who, call, whether it answers. */
function timesOf(notes: readonly Note[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const note of notes)
    if (note.kind === 'message')
      times.set([note.way, note.node, note.call, note.answers].join(' '), note.atUs);
  return times;
}

test('however far clocks lie apart, each message is received no earlier than it was sent', () => {
  fc.assert(
    fc.property(exchangesOf, offsetsOf, (exchanges, offsets) => {
      const noted = asNoted(truth(exchanges), offsets);
      const times = timesOf(aligned(noted, reference));
      for (const [call, { peer }] of exchanges.entries()) {
        const at = (way: string, node: string, answers?: true): number =>
          times.get([way, node, call, answers].join(' '))!;
        expect(at('sent', reference)).toBeLessThanOrEqual(at('received', peer));
        expect(at('sent', peer, true)).toBeLessThanOrEqual(at('received', reference, true));
      }
    }),
  );
});

test('they come in order, none is lost, the reference stays, and what lies within a node keeps its distance', () => {
  fc.assert(
    fc.property(exchangesOf, offsetsOf, (exchanges, offsets) => {
      const noted = asNoted(truth(exchanges), offsets);
      const moved = aligned(noted, reference);
      expect(moved).toHaveLength(noted.length);
      expect(moved.map(({ atUs }) => atUs)).toEqual(
        moved.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
      );
      const [before, after] = [timesOf(noted), timesOf(moved)];
      for (const node of [reference, ...peers]) {
        const shifts = [...before]
          .filter(([name]) => name.split(' ')[1] === node)
          .map(([name, atUs]) => after.get(name)! - atUs);
        expect(new Set(shifts).size).toBeLessThanOrEqual(1);
        if (node === reference) expect(shifts.every((shift) => shift === 0)).toBe(true);
      }
    }),
  );
});

test('clocks that no message shows to differ are left as they are', () => {
  fc.assert(
    fc.property(exchangesOf, (exchanges) => {
      const noted = truth(exchanges).sort((a, b) => a.atUs - b.atUs);
      expect(aligned(noted, reference)).toEqual(noted);
    }),
  );
});

test('who exchanged nothing with the reference is not moved, nor anybody by a call of another', () => {
  const base = { kind: 'message', verb: 'read', bytes: 1 } as const;
  const notes: Note[] = [
    { ...base, node: reference, way: 'sent', peer: 'b', call: 1, atUs: 1_000 },
    { ...base, node: 'b', way: 'received', peer: reference, call: 2, atUs: 100 },
    { ...base, node: 'c', way: 'received', peer: 'b', call: 1, atUs: 50 },
    { kind: 'fault', node: '', text: 'a link is cut', atUs: 10 },
  ];
  expect(aligned(notes, reference)).toEqual(notes.toSorted((a, b) => a.atUs - b.atUs));
});

test('where a clock was set meanwhile, it is moved to the middle of what can’t all be', () => {
  const base = { kind: 'message', verb: 'read', bytes: 1, call: 1 } as const;
  const notes: Note[] = [
    { ...base, node: reference, way: 'sent', peer: 'b', atUs: 1_000 },
    { ...base, node: 'b', way: 'received', peer: reference, atUs: 600 },
    { ...base, node: 'b', way: 'sent', peer: reference, answers: true, atUs: 1_800 },
    { ...base, node: reference, way: 'received', peer: 'b', answers: true, atUs: 1_500 },
  ];
  const ofB = aligned(notes, reference).filter(({ node }) => node === 'b');
  expect(ofB.map(({ atUs }) => atUs)).toEqual([650, 1_850]);
});
