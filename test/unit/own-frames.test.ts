import { describe, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../../src/errors.js';
import { encodeRefusal, type GetFrameReply } from '../../src/wire/frame-replies.js';
import { encodeFrame } from '../../src/wire/frames.js';
import { decode, encode, type WireValue } from '../../src/wire/message-pack.js';
import {
  decodeClientFrame,
  decodeOwnReply,
  encodeOwnFrame,
  encodeOwnReply,
} from '../../src/wire/own-frames.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const keys = [bytes('a'), Buffer.from([0, 255])];
const frame = { bucket: 'tiere', whole: true, keys, configuration: 7 };
const digests = Buffer.from('0123456789abcdef', 'latin1');
const shown: GetFrameReply = {
  kind: 'get',
  contexts: [bytes('x'), null],
  values: [bytes('1'), null],
  receipts: ['r=1/1'],
  receiptOf: null,
  errors: [{ index: 1, code: 404, outcome: 'none', message: 'no such key' }],
  clock: null,
};

function changed(message: Buffer, change: (columns: WireValue[]) => void): Buffer {
  const columns = [...(decode(message) as readonly WireValue[])];
  change(columns);
  return encode(columns);
}

describe('own reads', () => {
  test.each([
    ['of values', frame],
    ['of digests', { ...frame, whole: false }],
    ['of one side of a move', { ...frame, side: 1 as const }],
    ['in a bucket beyond ASCII', { ...frame, bucket: bytes('kätzchen').toString('latin1') }],
  ])('one %s comes back as it was', (_, own) => {
    expect(decodeClientFrame(encodeOwnFrame(own))).toEqual({ kind: 'own', ...own });
  });

  test('one of an older client says no configuration', () => {
    const bytes = changed(encodeOwnFrame(frame), (columns) => columns.pop());
    expect(decodeClientFrame(bytes)).toEqual({ kind: 'own', ...frame, configuration: null });
  });

  test('beside it, gets and puts are read as ever', () => {
    const terms = { quorum: 2, strict: true, timeoutMs: 700 };
    const { configuration } = frame;
    const get = { kind: 'get', bucket: 'tiere', ...terms, keys, configuration } as const;
    expect(decodeClientFrame(encodeFrame(get))).toEqual(get);
  });

  test.each<[string, (columns: WireValue[]) => void]>([
    ['another version', (columns) => (columns[0] = 2)],
    ['no bucket', (columns) => (columns[2] = null)],
    ['a number where it says whether the whole is asked for', (columns) => (columns[3] = 1)],
    ['a key that is text', (columns) => (columns[4] = ['a'])],
    ['no keys', (columns) => (columns[4] = [])],
    [
      'more keys than a frame has',
      (columns) =>
        (columns[4] = Array.from({ length: limits.frameRequestsMax + 1 }, () => bytes('k'))),
    ],
    ['a configuration below zero', (columns) => (columns[5] = -1)],
    ['a side there is not', (columns) => columns.push(2)],
    ['no side in its place', (columns) => columns.push(null)],
    ['a column too many', (columns) => columns.push(1, null)],
  ])('one with %s is malformed', (_, change) => {
    expect(() => decodeClientFrame(changed(encodeOwnFrame(frame), change))).toThrow(MalformedError);
  });

  test('a bucket that is no UTF-8 is not sent', () => {
    expect(() => encodeOwnFrame({ ...frame, bucket: '\xff' })).toThrow(MalformedError);
  });
});

describe('replies to own reads', () => {
  test.each([
    ['digests alone', undefined],
    ['the whole', shown],
  ])('%s: comes back as it was', (_, whole) => {
    const reply = decodeOwnReply(encodeOwnReply({ digests, shown: whole }, 10_000), 2);
    expect(reply).toEqual({ kind: 'own', digests, shown: whole });
  });

  test('a refusal comes back as it was', () => {
    const refusal = { code: 503, outcome: 'none', message: 'no primary', clock: null } as const;
    expect(decodeOwnReply(encodeRefusal(refusal), 2)).toEqual({ kind: 'refusal', ...refusal });
  });

  test('values that do not fit beside the digests: a 413 each, and the message keeps its bound', () => {
    const values = Array.from({ length: 20 }, () => Buffer.alloc(1000));
    const many = {
      ...shown,
      values,
      contexts: values.map(() => bytes('x')),
      errors: [],
    };
    const message = encodeOwnReply({ digests: Buffer.alloc(160), shown: many }, 10_000);
    expect(message.length).toBeLessThanOrEqual(10_000);
    const reply = decodeOwnReply(message, 20);
    const errors = reply.kind === 'own' ? reply.shown!.errors : [];
    expect(errors.length).toBeGreaterThan(10);
    expect(errors.every(({ code }) => code === 413)).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['too few digests', encodeOwnReply({ digests: digests.subarray(8), shown: undefined }, 1000)],
    [
      'rows of another frame',
      encodeOwnReply(
        { digests, shown: { ...shown, contexts: [null], values: [null], errors: [] } },
        1000,
      ),
    ],
    [
      'a put reply inside',
      changed(
        encodeOwnReply({ digests, shown: undefined }, 1000),
        (columns) => (columns[3] = [1, 0, [null, null], [], null, null]),
      ),
    ],
    ['an answer to a get', encode([1, 1, [null, null], [null, null], [], null, null])],
    ['noise', bytes('noise')],
  ])('%s: malformed', (_, message) => {
    expect(() => decodeOwnReply(message, 2)).toThrow(MalformedError);
  });
});
