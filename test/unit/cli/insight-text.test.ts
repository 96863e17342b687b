/** What `quorate where`, `explain` and `put --trace` print, also of nodes that answer nonsense. */
import { expect, test } from '@jest/globals';
import { copyIn } from '../../../src/cli/insight/copy-answer.js';
import { copiesText } from '../../../src/cli/insight/copies-text.js';
import { traceText } from '../../../src/cli/insight/trace-text.js';
import { checkName, placeOf, type KeyRow } from '../../../src/cli/key-place.js';
import type { RingMessage } from '../../../src/wire/ring-message.js';
import type { Note } from '../../../src/insight/notes.js';
import { idOf, ringWith } from '../../support/cluster-pictures.js';

const dot = { node: idOf('n1'), epoch: 1, counter: 2 };
const sibling = { dot, bytes: 5, value: 'value', tombstone: false };
const copy = { held: true, dots: [dot], context: [dot], siblings: [sibling], owedTo: [] };
const row: KeyRow = {
  role: 'primary',
  name: 'n1',
  host: 'h',
  zone: '',
  reachability: 'alive',
  id: idOf('n1'),
};

test.each<[string, Record<string, unknown>]>([
  ['without fields', { held: undefined }],
  ['with an error', { error: 'no' }],
  ['of dots that are none', { dots: [{ ...dot, counter: '2' }] }],
  ['of dots of no node', { context: [{ ...dot, node: '\u001b[2J' }] }],
  ['of no list', { siblings: {} }],
  ['of siblings that are none', { siblings: [null] }],
  ['of a value that is none', { siblings: [{ ...sibling, value: 7 }] }],
  ['that is owed to nobody', { owedTo: [1] }],
])('an answer %s is none', (_, fields) => {
  expect(copyIn({ ...copy, ...fields })).toBeUndefined();
});

test('an answer of a node is one, and a tombstone has no value', () => {
  const tombstone = { dot, bytes: 0, tombstone: true };
  expect(copyIn(copy)).toEqual(copy);
  expect(copyIn({ ...copy, siblings: [tombstone] })).toBeDefined();
});

test('values of others write nothing to the terminal', () => {
  const value = '\u009b2J\u001b[2J\u007f';
  const held = { ...copy, siblings: [{ ...sibling, value }] };
  const text = copiesText([{ row, copy: copyIn(held) }], () => 'n1');
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text).toContain('\\u009b2J');
  const trace = '0'.repeat(16);
  const note: Note = {
    kind: 'step',
    atUs: 1,
    node: 'client',
    trace,
    what: 'received',
    text: 'a\u001b[2J\nb',
    detail: { value },
  };
  const told = traceText([note], (id) => id);
  expect(told).not.toMatch(/\p{Cc}/u);
  expect(told).toContain('a\\u001b[2J\\u000ab');
});

test('of what a note shows, nothing is said of what is not there', () => {
  const seat = { node: 'n1', standing: 'asked', owedTo: 'undefined', why: '' };
  const base = { kind: 'step', node: 'n2', trace: '0'.repeat(16), atUs: 5 } as const;
  const note: Note = { ...base, what: 'verdict', text: 'quorum.met', detail: { seats: [seat] } };
  expect(traceText([note], (id) => id)).toBe(
    '    0.00 ms  n2  verdict: quorum.met (seats [node=n1 standing=asked])',
  );
});

test('where no owner says anything, nothing is claimed of them', () => {
  const text = copiesText([{ row, copy: undefined }], (id) => id);
  expect(text).toContain('None of its owners says what it holds. n1 did not answer.');
});

test.each([
  ['', 'k'],
  ['b', ''],
  ['a.b', 'k'],
  ['a b', 'k'],
  ['b', 'x'.repeat(1_025)],
])('name %# is that of no key', (bucket, key) => {
  expect(() => checkName({ bucket, key })).toThrow(/bucket name|a key/);
});

test('a cluster that is not founded yet holds nothing', () => {
  const ring = ringWith({ names: ['n1'], lists: () => [] }) as RingMessage;
  expect(() => placeOf(ring, { bucket: 'b', key: 'k' })).toThrow(/not founded yet/);
});
