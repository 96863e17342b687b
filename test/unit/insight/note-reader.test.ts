import { describe, expect, test } from '@jest/globals';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { MalformedError } from '../../../src/errors.js';
import { noteOf, readTraceFile, TraceFileReader } from '../../../src/insight/note-reader.js';
import { headLine, noteLine, traceFileText } from '../../../src/insight/note-writer.js';
import type { Note, TraceHead } from '../../../src/insight/notes.js';

const trace = '0123456789abcdef';
const head: TraceHead = {
  quorateTrace: 1,
  nodes: [{ id: 'a1', name: 'n1', host: 'h1', zone: '' }],
  startedMs: 1_700_000_000_000,
  about: 'seed 7',
};
const ofChart = { node: 'a1', kind: 'chart', chart: 'peer', instance: 'peer-2' } as const;
const state = { reach: { heard: 'suspect' }, place: 'there' };
const context = { counts: [1, 'two', null], so: true };
const notes: readonly Note[] = [
  { ...ofChart, atUs: 1, event: 'silent', state: null },
  { ...ofChart, atUs: 2, event: 'heard', state, context, isFinal: true, trace },
];
const others: readonly Note[] = [
  {
    atUs: 3,
    node: 'a1',
    kind: 'message',
    way: 'sent',
    peer: 'b2',
    verb: 'merge',
    bytes: 9,
    call: 7,
  },
  {
    atUs: 4,
    node: 'b2',
    kind: 'message',
    way: 'received',
    peer: 'a1',
    verb: 'merge',
    bytes: 9,
    answers: true,
    trace,
  },
  { atUs: 5, node: 'b2', kind: 'disk', what: 'sync', bytes: 4096, tookUs: 400, trace },
  {
    atUs: 6,
    node: 'a1',
    kind: 'step',
    trace,
    what: 'asked',
    about: 'b2',
    text: 'b2',
    detail: { w: 2 },
  },
  { atUs: 7, node: 'a1', kind: 'event', what: 'suspect', about: 'b2', text: 'b2 is suspect' },
  { atUs: 8, node: '', kind: 'fault', text: 'n2 is killed' },
  { atUs: 9, node: '', kind: 'violated', rule: 'durable', text: 'k lost its value' },
];
const all = [...notes, ...others];

test('a trace file is read as it was written', () => {
  expect(readTraceFile(traceFileText(head, all))).toEqual({ head, notes: all });
});

test('notes of several nodes come in the order of their times', () => {
  const mixed = [all[4]!, all[0]!, all[8]!, all[2]!];
  expect(traceFileText(head, mixed)).toBe(
    traceFileText(head, [all[0]!, all[2]!, all[4]!, all[8]!]),
  );
  const file = headLine(head) + mixed.map(noteLine).join('');
  expect(readTraceFile(file).notes.map(({ atUs }) => atUs)).toEqual([1, 3, 5, 9]);
});

test('fields that are not known are left out', () => {
  expect(noteOf({ ...all[7]!, colour: 'red', __proto__: { text: 'x' } })).toEqual(all[7]);
  const file = `${JSON.stringify({ ...head, more: 1 })}\r\n\n${noteLine(all[7]!)}`;
  expect(readTraceFile(file)).toEqual({ head, notes: [all[7]] });
});

describe('what is no note is refused', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  test.each<[string, unknown]>([
    ['nothing', null],
    ['a list', [all[0]]],
    ['no kind', { atUs: 1, node: '' }],
    ['an inherited kind', { ...all[7]!, kind: 'toString' }],
    ['another kind', { ...all[7]!, kind: 'rumour' }],
    ['no time', { ...all[7]!, atUs: undefined }],
    ['half a microsecond', { ...all[7]!, atUs: 1.5 }],
    ['a time before 1970', { ...all[7]!, atUs: -1 }],
    ['a long text', { ...all[7]!, text: 'x'.repeat(insightLimits.textCharsMax + 1) }],
    ['a long name', { ...all[7]!, node: 'x'.repeat(insightLimits.nameCharsMax + 1) }],
    ['a step of no request', { ...all[5]!, trace: undefined }],
    ['another id', { ...all[5]!, trace: '0123456789ABCDEF' }],
    ['another step', { ...all[5]!, what: 'guessed' }],
    ['a deep detail', { ...all[5]!, detail: deep(insightLimits.depthMax + 1) }],
    ['bytes in a detail', { ...all[5]!, detail: { value: new Uint8Array(2) } }],
    ['no state', { ...all[0]!, state: 3 }],
    ['a state of lists', { ...all[0]!, state: { a: ['b'] } }],
    ['an end that is none', { ...all[0]!, isFinal: false }],
  ])('%s', (_, value) => {
    expect(() => noteOf(value)).toThrow(MalformedError);
  });
});

describe('what is too much is refused', () => {
  const { fileCharsMax, fileTraceNotesMax } = insightLimits;

  test('of one trace', () => {
    const file = headLine(head) + noteLine(all[5]!).repeat(fileTraceNotesMax);
    expect(readTraceFile(file).notes).toHaveLength(fileTraceNotesMax);
    expect(() => readTraceFile(file + noteLine(all[5]!))).toThrow(/notes of one trace$/);
  });

  test('in all', () => {
    const reader = new TraceFileReader();
    const piece = ' '.repeat(1_000).concat('\n').repeat(1_000);
    expect(() => {
      for (let chars = 0; chars <= fileCharsMax; chars += piece.length) reader.take(piece);
    }).toThrow(/^it has more than the \d\d \d{3} \d{3} characters that are read$/);
  });
});

describe('what is no trace file is refused, with its line', () => {
  test.each([
    ['nothing', '', /first line/],
    ['no head', noteLine(all[0]!), /line 1: .*version/],
    ['another version', headLine({ ...head, quorateTrace: 2 as 1 }), /line 1/],
    ['no nodes', '{"quorateTrace":1,"startedMs":1}', /line 1/],
    ['a node without a name', '{"quorateTrace":1,"startedMs":1,"nodes":[{"id":"a"}]}', /line 1/],
    ['no JSON', `${headLine(head)}\n{"atUs":`, /line 3: no JSON/],
    ['a long line', headLine(head) + ' '.repeat(insightLimits.lineCharsMax + 1), /line 2/],
  ])('%s', (_, file, message) => {
    expect(() => readTraceFile(file)).toThrow(message);
    expect(() => readTraceFile(file)).toThrow(MalformedError);
  });
});
