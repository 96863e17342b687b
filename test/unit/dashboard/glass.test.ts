/** A request under the glass, of notes as nodes write them. */
import { describe, expect, test } from '@jest/globals';
import type { Note, StepNote, StepWhat } from '../../../src/dashboard/wire.js';
import { journeysOf } from '../../../src/dashboard/page/parts/journeys.js';
import { namesOf } from '../../../src/dashboard/page/parts/names.js';
import { timeAxisOf } from '../../../src/dashboard/page/parts/time-axis.js';
import { traceText } from '../../../src/dashboard/page/parts/trace-text.js';
import {
  chartsAt,
  glassOf,
  momentAt,
  type Glass,
} from '../../../src/dashboard/page/views/request/glass.js';
import { meanwhileIn } from '../../../src/dashboard/page/views/request/meanwhile.js';
import { perfettoOf, type TraceEvent } from '../../../src/dashboard/page/parts/perfetto.js';
import { sceneOf } from '../../../src/dashboard/page/views/request/scene.js';
import {
  sequenceLayoutOf,
  sequenceOf,
  sequenceSvg,
} from '../../../src/dashboard/page/views/request/sequence.js';
import { readTraceFile } from '../../../src/insight/note-reader.js';

const trace = '00112233445566aa';
const [n1, n2, n3, n4] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(16)) as [
  string,
  string,
  string,
  string,
];
const nodes = [n1, n2, n3, n4].map((id, index) => ({
  id,
  name: `n${index + 1}`,
  host: `h${index + 1}`,
  zone: '',
}));
const nameOf = namesOf(nodes);
const startUs = 1_790_000_000_000_000;

type More = Readonly<Record<string, unknown>>;
type StepMore = Omit<Partial<StepNote>, 'kind' | 'atUs' | 'node' | 'trace' | 'what'>;

function step(afterUs: number, node: string, what: StepWhat, more: StepMore = {}): Note {
  return { kind: 'step', atUs: startUs + afterUs, node, trace, what, ...more };
}

function message(
  afterUs: number,
  [way, node, peer]: readonly ['sent' | 'received', string, string],
  more: More = {},
): Note {
  const note = { kind: 'message', atUs: startUs + afterUs, node, way, peer, trace };
  return { ...note, verb: 'merge', bytes: 120, ...more } as Note;
}

function round(afterUs: number, state: string, event: string, more: More = {}): Note {
  const note = { kind: 'chart', atUs: startUs + afterUs, node: n1, trace };
  return { ...note, chart: 'putRound', instance: 'put-7', event, state, ...more } as Note;
}

/** n3 is not there, n4 stands in; the hint goes home two seconds later. */
const fallbackPut: readonly Note[] = [
  step(0, n1, 'received', { text: 'put', detail: { bucket: 'greetings', key: 'hello' } }),
  step(20, n1, 'planned', { detail: { primaries: [n1, n2, n3] } }),
  step(30, n1, 'minted', { detail: { dot: 'aa:7' } }),
  round(35, 'awaitingQuorum', 'xstate.init'),
  step(40, n1, 'stored', { about: n1 }),
  step(50, n1, 'asked', { about: n2, text: 'merge' }),
  message(51, ['sent', n1, n2], { call: 1 }),
  step(52, n1, 'asked', { about: n3, text: 'merge' }),
  message(53, ['sent', n1, n3], { call: 2 }),
  message(250, ['received', n2, n1], { call: 1 }),
  step(260, n2, 'stored', { about: n2, detail: { news: true } }),
  step(300, n1, 'outOfReach', { about: n3, text: 'nobody subscribes for it' }),
  step(310, n1, 'fallback', { about: n4, text: 'as a hint', detail: { owedTo: n3 } }),
  message(311, ['sent', n1, n4], { call: 3 }),
  { kind: 'disk', atUs: startUs + 480, node: n1, what: 'sync', bytes: 300, tookUs: 400, trace },
  step(481, n1, 'acked', { about: n1 }),
  message(500, ['received', n4, n1], { call: 3 }),
  step(505, n4, 'hintOwed', { about: n3 }),
  { kind: 'disk', atUs: startUs + 700, node: n2, what: 'sync', bytes: 300, tookUs: 420, trace },
  step(701, n2, 'acked', { about: n1 }),
  message(702, ['sent', n2, n1], { call: 1, answers: true }),
  message(900, ['received', n1, n2], { call: 1, answers: true }),
  step(901, n1, 'acked', { about: n2 }),
  step(905, n1, 'verdict', { text: 'quorum.met' }),
  round(906, 'settling', 'quorum.met'),
  step(910, n1, 'replied', { text: 'w=2 primaries=2' }),
  step(950, n4, 'acked', { about: n1 }),
  message(951, ['sent', n4, n1], { call: 3, answers: true }),
  message(1150, ['received', n1, n4], { call: 3, answers: true }),
  step(1151, n1, 'acked', { about: n4 }),
  round(1160, 'done', 'all.served', { isFinal: true }),
  step(1161, n1, 'settled'),
  step(2_100_000, n4, 'handedOff', { about: n3 }),
];

const glass = glassOf(fallbackPut, nameOf)!;

describe('a put that a fallback helps', () => {
  test('who takes part, in which role, with the disks that were heard of', () => {
    expect(glass.lanes.map(({ title, role }) => `${title}: ${role}`)).toEqual([
      'client: client',
      'NATS: network',
      'n1: coordinator',
      'disk of n1: disk',
      'n2: primary',
      'disk of n2: disk',
      'n3: primary',
      'n4: fallback',
    ]);
  });

  test('what was asked, what was told, and when', () => {
    expect(glass.asked).toBe('put of greetings/hello');
    expect(glass.told).toBe('w=2 primaries=2');
    expect(glass.toldUs! - glass.fromUs).toBe(910);
    expect(glass.toUs - glass.fromUs).toBe(2_100_000);
  });

  test('how long each was waited for, and what came of it', () => {
    const waiting = glass.spans.filter(({ kind }) => kind === 'waiting');
    const shown = waiting.map(({ lane, fromUs, toUs, text }) => [
      nameOf(lane),
      fromUs - startUs,
      toUs! - startUs,
      text,
    ]);
    expect(shown).toEqual([
      ['n2', 50, 901, 'hears yes from n2'],
      ['n3', 52, 300, 'can’t reach n3: nobody subscribes for it'],
      ['n4', 310, 1151, 'hears yes from n4'],
    ]);
    const disks = glass.spans.filter(({ kind }) => kind === 'disk');
    expect(disks.map(({ lane, fromUs, toUs }) => [lane, toUs! - fromUs])).toEqual([
      [`${n1}#disk`, 400],
      [`${n2}#disk`, 420],
    ]);
  });

  test('moment by moment: the sentence, and where the round’s chart is by then', () => {
    const at = (afterUs: number): string => {
      const { text, note } = glass.moments[momentAt(glass, startUs + afterUs)]!;
      return `${nameOf(note.node)} ${text}`;
    };
    expect(momentAt(glass, startUs - 1)).toBe(-1);
    expect(at(310)).toBe('n1 asks n4 to stand in for n3');
    expect(at(505)).toBe('n4 owes n3 a hint');
    expect(at(701)).toBe('n2 says yes to n1');
    expect(at(905)).toBe('n1 the quorum is met');
    expect(at(2_100_000)).toBe('n4 has brought its hint to n3');
    const states = [0, 100, 907, 2_000].map((afterUs) =>
      chartsAt(glass, startUs + afterUs).map(({ state }) => state),
    );
    expect(states).toEqual([[], ['awaitingQuorum'], ['settling'], ['done']]);
  });

  test('the seconds before the hint goes home are drawn short, and said to be', () => {
    const { axis } = glass;
    expect(axis.gaps).toHaveLength(1);
    expect(axis.gaps[0]!.toUs - axis.gaps[0]!.fromUs).toBeGreaterThan(2_000_000);
    expect(axis.length).toBeLessThan(1_500);
    const drawn = glass.moments.map(({ atUs }) => axis.drawn(atUs));
    expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  });

  test('as a sequence: questions, answers, what never came, what was decided', () => {
    const rows = sequenceOf(glass);
    const shown = rows.map(
      ({ from, to, look }) => `${nameOf(from)} ${to === undefined ? '' : nameOf(to)} ${look}`,
    );
    expect(shown[0]).toBe('client n1 asks');
    expect(shown.filter((row) => row === 'n1 n3 lost')).toHaveLength(1);
    expect(shown.filter((row) => row === 'n2 n1 answers')).toHaveLength(1);
    expect(shown.filter((row) => row === 'n1 client answers')).toHaveLength(1);
    expect(shown.filter((row) => row.endsWith('decides'))).toHaveLength(3);
    const times = rows.map(({ atUs }) => atUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('what a client notes of a frame arrives by the steps of the node, which notes none', () => {
    const frame = { verb: 'frame', call: 9 };
    const notes = [
      message(0, ['sent', 'client', n1], frame),
      step(40, n1, 'received', { about: 'client', text: 'put' }),
      step(90, n1, 'replied', { text: 'w=2/2' }),
      message(120, ['received', 'client', n1], { ...frame, answers: true }),
      step(130, n1, 'settled'),
      message(200, ['sent', n2, n1], { call: 4, answers: true }),
    ];
    const { journeys, spans, ...rest } = glassOf(notes, nameOf)!;
    expect(journeys.map(({ sentUs, arrivedUs }) => [sentUs - startUs, arrivedUs])).toEqual([
      [0, startUs + 40],
      [90, startUs + 120],
      [200, undefined],
    ]);
    expect(journeys.map(({ isUnawaited }) => isUnawaited)).toEqual([undefined, undefined, true]);
    expect(spans.filter(({ kind }) => kind === 'message').map(({ toUs }) => toUs)).toEqual([
      startUs + 40,
      startUs + 120,
    ]);
    const rows = sequenceOf({ ...rest, journeys });
    expect(rows.map(({ text, look }) => `${look}: ${text}`)).toEqual([
      'asks: frame, 40 µs',
      'own: is given the put',
      'own: says to the author: w=2/2',
      'answers: answer to frame, 30 µs',
      'own: is done with it',
      'answers: answer to merge, nobody waits for it any more',
    ]);
  });

  test('as an SVG of its own, in which texts are nothing but text', () => {
    const odd = fallbackPut.map((note) =>
      note.kind === 'step' && note.what === 'replied' ? { ...note, text: '<b>&"' } : note,
    );
    const layout = sequenceLayoutOf(glassOf(odd, nameOf)!);
    const svg = sequenceSvg(layout, startUs);
    expect(layout.columns.map(({ lane }) => lane.title)).toEqual([
      'client',
      'n1',
      'n2',
      'n3',
      'n4',
    ]);
    expect(svg).toContain('&#60;b&#62;&#38;&#34;');
    expect(svg).not.toContain('<b>');
    expect(svg.match(/<line /g)!.length).toBe(
      layout.columns.length + layout.rows.filter(({ toX }) => toX !== undefined).length,
    );
  });

  test('as a trace file that the reader of trace files takes', () => {
    const { head, notes } = readTraceFile(traceText(nodes, fallbackPut));
    expect(head.nodes).toEqual(nodes);
    expect(notes).toEqual(fallbackPut);
  });
});

describe('as Chrome and Perfetto read it', () => {
  const { traceEvents } = JSON.parse(perfettoOf(sceneOf(glass), trace)) as {
    traceEvents: TraceEvent[];
  };
  const of = (ph: string): TraceEvent[] => traceEvents.filter((event) => event.ph === ph);

  test('each node is a process with a name, and everything is of one', () => {
    const named = of('M').filter(({ name }) => name === 'process_name');
    expect(named.map(({ args }) => args!['name'])).toEqual([
      'client (client)',
      'n1 (coordinator)',
      'n2 (primary)',
      'n3 (primary)',
      'n4 (fallback)',
    ]);
    const pids = new Set(named.map(({ pid }) => pid));
    expect(traceEvents.every(({ pid }) => pids.has(pid))).toBe(true);
  });

  test('slices have a beginning and a length; a state of the chart lasts until the next', () => {
    for (const { ts, dur } of of('X')) expect([ts! > 0, dur! > 0]).toEqual([true, true]);
    const states = of('X').filter(({ args }) => args?.['event'] !== undefined);
    expect(states.map(({ name, dur }) => [name, dur])).toEqual([
      ['awaitingQuorum', 871],
      ['settling', 254],
    ]);
  });

  test('an arrow ends where it began, but for what never arrived', () => {
    const [begun, ended] = [of('s'), of('f')];
    expect(begun).toHaveLength(5);
    expect(ended).toHaveLength(4);
    for (const { id, ts } of ended)
      expect(begun.find((start) => start.id === id)!.ts).toBeLessThan(ts!);
  });
});

describe('other requests', () => {
  test('one that was passed on: who orders it coordinates it', () => {
    const shown = glassOf(
      [
        step(0, n3, 'received', { text: 'put' }),
        step(10, n3, 'forwarded', { about: n1 }),
        step(200, n1, 'received', { text: 'put', about: n3 }),
        step(210, n1, 'planned'),
        step(900, n1, 'replied', { text: 'ok' }),
        step(1200, n3, 'replied', { text: 'ok' }),
      ],
      nameOf,
    )!;
    expect(shown.coordinator).toBe(n1);
    expect(shown.lanes.find(({ id }) => id === n3)!.role).toBe('forwarder');
  });

  test('one that is not answered yet has no end, and none of what it waits for', () => {
    const shown = glassOf(fallbackPut.slice(0, 9), nameOf)!;
    expect(shown.toldUs).toBeUndefined();
    expect(shown.spans.find(({ kind }) => kind === 'request')!.toUs).toBeUndefined();
    expect(shown.spans.filter(({ kind }) => kind === 'waiting').map(({ toUs }) => toUs)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('of no notes there is nothing to see', () => {
    expect(glassOf([], nameOf)).toBeUndefined();
  });

  test('what nobody was asked to note is shown with what all did meanwhile', () => {
    const asked = { ...step(0, 'c1', 'asked', { text: 'put b/k' }) };
    const told = step(500, 'c1', 'replied', { text: 'done' });
    const meanwhile = [
      message(10, ['sent', n1, n2], { call: 9 }),
      message(20, ['sent', n1, n2], { verb: 'gossip' }),
      message(30, ['sent', 'c2', ''], { verb: 'put' }),
      message(40, ['received', n1, 'c1'], { verb: 'put' }),
    ];
    const late = message(600, ['sent', n1, n2]);
    const all = [asked, ...meanwhile, told, late];
    const shown = meanwhileIn([asked, told], all)!;
    expect(shown).toEqual([asked, told, meanwhile[0], meanwhile[3]]);
    expect(meanwhileIn(fallbackPut, all)).toBeUndefined();
    const names = glassOf(shown, nameOf)!.lanes.map(({ title }) => title);
    expect(names).toEqual(['c1', 'NATS', 'n1', 'n2']);
  });
});

function told(afterUs: number, ends: readonly ['sent' | 'received', string, string]): Note {
  return message(afterUs, ends, { verb: 'gossip' });
}

describe('messages on their way', () => {
  test('what goes to all arrives at several', () => {
    const journeys = journeysOf([
      told(0, ['sent', n1, 'all']),
      told(100, ['received', n2, n1]),
      told(120, ['received', n3, n1]),
    ]);
    expect(journeys.map(({ to, arrivedUs }) => [nameOf(to), arrivedUs! - startUs])).toEqual([
      ['n2', 100],
      ['n3', 120],
    ]);
  });

  test('where no number names a call, those before the last are more likely lost', () => {
    const journeys = journeysOf([
      told(0, ['sent', n1, n2]),
      told(5_000, ['sent', n1, n2]),
      told(5_100, ['received', n2, n1]),
    ]);
    expect(journeys.map(({ sentUs, arrivedUs }) => [sentUs - startUs, arrivedUs])).toEqual([
      [0, undefined],
      [5_000, startUs + 5_100],
    ]);
  });

  test('by its number a call is found however late it comes, and comes once', () => {
    const journeys = journeysOf([
      message(0, ['sent', n1, n2], { call: 1 }),
      message(10, ['sent', n1, n2], { call: 2 }),
      message(90, ['received', n2, n1], { call: 2 }),
      message(9_000, ['received', n2, n1], { call: 1 }),
    ]);
    expect(journeys.map(({ sentUs, arrivedUs }) => arrivedUs! - sentUs)).toEqual([9_000, 80]);
  });
});

test('a time axis: there and back, whatever was drawn shorter', () => {
  const axis = timeAxisOf([100, 200, 5_000_200, 5_000_300], 200);
  expect(axis.length).toBe(400);
  for (const us of [100, 150, 200, 2_500_000, 5_000_200, 5_000_250, 5_000_300])
    expect(axis.moment(axis.drawn(us))).toBeCloseTo(us, 3);
  expect([axis.drawn(0), axis.drawn(9e6), axis.moment(-1), axis.moment(1e9)]).toEqual([
    0, 400, 100, 5_000_300,
  ]);
  const still = timeAxisOf([7], 0);
  expect([still.drawn(7), still.moment(0), still.length]).toEqual([0, 7, 1]);
});

test('a glass keeps what it is given', () => {
  const { moments, journeys }: Glass = glass;
  expect(moments).toHaveLength(fallbackPut.length);
  expect(journeys).toHaveLength(5);
});
