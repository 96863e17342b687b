import { describe, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../../src/errors.js';
import {
  decodeFrameReply,
  encodeGetReply,
  encodePutReply,
  encodeRefusal,
  type GetFrameReply,
  type PutFrameReply,
} from '../../src/wire/frame-replies.js';
import { encodeManifest } from '../../src/wire/manifest.js';
import { encodeFrame, type GetFrame, type PutFrame } from '../../src/wire/frames.js';
import { decode, encode, type WireValue } from '../../src/wire/message-pack.js';
import { decodeClientFrame } from '../../src/wire/own-frames.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const head = {
  bucket: 'tiere',
  quorum: 2,
  strict: true,
  timeoutMs: 700,
  configuration: 2 ** 32 - 1,
};
const put: PutFrame = {
  kind: 'put',
  ...head,
  keys: [bytes('a'), Buffer.from([0, 255]), bytes('c')],
  values: [bytes('1'), null, Buffer.alloc(0)],
  contexts: [null, Buffer.alloc(0), bytes('ctx')],
  operations: ['op-1', '', '\x00\xff'],
  ttls: [0, 1, 60_000],
  until: { process: 2 ** 32 - 1, ms: 2 ** 40 },
  sooner: [0, 4, 900],
  ages: [null, 0, 900],
  copied: [[{ operation: 'a', leftMs: 0 }], null, [{ operation: '\x00\xff', leftMs: 60_000 }]],
};
const ifs = [null, { is: 'absent', r: 0 }, { is: 'context', r: 3 }] as const;
const get: GetFrame = { kind: 'get', ...head, keys: [bytes('a'), bytes('b')] };
const reply: GetFrameReply = {
  kind: 'get',
  contexts: [bytes('x'), null, bytes('y')],
  values: [bytes('1'), null, [bytes('2'), null]],
  receipts: ['r=2/2', 'r=1/2'],
  receiptOf: [0, 0, 1],
  errors: [{ index: 1, code: 503, outcome: 'none', message: 'no quorum' }],
  clock: { process: 7, ms: 1234 },
};

describe('frames', () => {
  test.each([
    ['a put with every column', put],
    [
      'a blind put without operations and ttls',
      {
        ...put,
        contexts: null,
        operations: null,
        ttls: null,
        until: null,
        sooner: null,
        ages: null,
        copied: null,
      },
    ],
    ['a put with conditions', { ...put, ifs }],
    [
      'one under the glass as well',
      { ...put, copied: null, traces: [null, '0'.repeat(16), null], ifs },
    ],
    ['a put of manifests alone', { ...put, copied: null, manifests: [true, false, false] }],
    [
      'a put with all that may stand last',
      { ...put, traces: [null, '0123456789abcdef', null], ifs, manifests: [false, false, true] },
    ],
    ['a get', get],
    ['a get that says no configuration', { ...get, configuration: null }],
    ['a bucket beyond ASCII', { ...get, bucket: Buffer.from('kätzchen').toString('latin1') }],
  ])('%s comes back as it was', (_what, frame) => {
    expect(decodeClientFrame(encodeFrame(frame))).toEqual(frame);
  });

  test.each<[string, WireValue]>([
    ['no number', 'absent'],
    ['neither', 0],
    ['both', 3],
    ['compared with more nodes than there may be', 4 * 100_000 + 1],
  ])('a condition that is %s is refused', (_what, row) => {
    const columns = [...(decode(encodeFrame({ ...put, ifs })) as readonly WireValue[])];
    columns[columns.length - 1] = [row, null, null];
    expect(() => decodeClientFrame(encode(columns))).toThrow(MalformedError);
  });

  const naming = (row: WireValue): Buffer => {
    const columns = [...(decode(encodeFrame(put)) as readonly WireValue[])];
    columns[columns.length - 1] = [row, null, null];
    return encode(columns);
  };

  test.each<[string, WireValue]>([
    ['nothing in a list', []],
    [
      'more than a put may name',
      Array.from({ length: limits.copiedPutsMax + 1 }, () => [bytes('a'), 1]),
    ],
    ['no pair', [bytes('a')]],
    ['a third', [[bytes('a'), 1, 1]]],
    ['text', [['a', 1]]],
    ['no operation', [[Buffer.alloc(0), 1]]],
    ['a long operation', [[Buffer.alloc(limits.operationIdBytesMax + 1), 1]]],
    ['a time that is over', [[bytes('a'), -1]]],
    ['longer than a request lives', [[bytes('a'), limits.requestTimeoutMsMax + 1]]],
    ['a number', 7],
  ])('of puts tried again, malformed: %s', (_what, row) => {
    expect(() => decodeClientFrame(naming(row))).toThrow(MalformedError);
    expect(() => decodeClientFrame(naming([[bytes('a'), 1]]))).not.toThrow();
  });

  test.each([{ ...put, copied: null }, get])(
    'of an older client it says no configuration: %#',
    (frame) => {
      const columns = [...(decode(encodeFrame(frame)) as readonly WireValue[])];
      columns.pop();
      expect(decodeClientFrame(encode(columns))).toEqual({ ...frame, configuration: null });
    },
  );

  test.each<[string, (columns: WireValue[]) => void]>([
    ['another version', (columns) => (columns[0] = 2)],
    ['a kind nobody knows', (columns) => (columns[1] = 7)],
    ['no bucket', (columns) => (columns[2] = null)],
    ['a negative quorum', (columns) => (columns[3] = -1)],
    ['half a node as quorum', (columns) => (columns[3] = 1.5)],
    ['a key that is text', (columns) => (columns[6] = ['a', bytes('b'), bytes('c')])],
    ['no keys', (columns) => columns.splice(6, 5, [], [], null, null, null)],
    ['half a moment', (columns) => (columns[11] = [1])],
    ['fewer values than keys', (columns) => (columns[7] = [bytes('1')])],
    ['more contexts than keys', (columns) => (columns[8] = [null, null, null, null])],
    ['a column missing', (columns) => columns.splice(-3)],
    ['a configuration that is text', (columns) => (columns[14] = '7')],
    ['a column too many', (columns) => columns.push(null, null, [true, true, true], null)],
    ['manifests by number', (columns) => columns.push(null, null, [1, 0, 1])],
    ['fewer manifests than rows', (columns) => columns.push(null, null, [true])],
  ])('a put with %s is malformed', (_what, change) => {
    const columns = [...(decode(encodeFrame(put)) as readonly WireValue[])];
    change(columns);
    expect(() => decodeClientFrame(encode(columns))).toThrow(MalformedError);
  });

  test('a frame has no more requests than allowed', () => {
    const keys = Array.from({ length: limits.frameRequestsMax + 1 }, () => bytes('k'));
    expect(() => decodeClientFrame(encodeFrame({ ...get, keys }))).toThrow(MalformedError);
    expect(decodeClientFrame(encodeFrame({ ...get, keys: keys.slice(1) })).keys).toHaveLength(512);
  });
});

describe('frame replies', () => {
  test('a get reply comes back as it was', () => {
    expect(decodeFrameReply(encodeGetReply(reply, 10_000), 3)).toEqual(reply);
  });

  const manifest = encodeManifest({
    size: 3,
    partBytes: 2,
    sha256: Buffer.alloc(32),
    upload: '0123456789abcdef',
  });
  const big: GetFrameReply = {
    ...reply,
    values: [manifest, null, [bytes('2'), manifest, null]],
    manifests: [
      [0, 0],
      [2, 1],
    ],
  };

  test('a get reply that shows manifests says which values they are', () => {
    expect(decodeFrameReply(encodeGetReply(big, 10_000), 3)).toEqual(big);
  });

  test('nor does it say so of a value that has no room', () => {
    const large = { ...big, values: [manifest, null, [Buffer.alloc(20_000), manifest]] };
    const got = decodeFrameReply(encodeGetReply(large, 10_000), 3);
    expect(got).toMatchObject({ errors: [{ index: 1 }, { index: 2, code: 413 }] });
    expect(got).toMatchObject({ manifests: [[0, 0]] });
  });

  test.each([
    ['of no row', [3, 0]],
    ['of a row without a value', [1, 0]],
    ['of a sibling that is none', [2, 3]],
    ['of a delete', [2, 2]],
    ['of a second of one', [0, 1]],
    ['of bytes that are none', [2, 0]],
    ['without a place', [0]],
  ])('a manifest %s is malformed', (_what, place) => {
    const columns = [...(decode(encodeGetReply(big, 10_000)) as readonly WireValue[])];
    columns[columns.length - 1] = [place];
    expect(() => decodeFrameReply(encode(columns), 3)).toThrow(MalformedError);
  });

  test('a put reply comes back as it was', () => {
    const { contexts, receipts, clock } = reply;
    const common = { contexts, receipts, receiptOf: null, clock };
    const puts: PutFrameReply = { kind: 'put', ...common, errors: [] };
    expect(decodeFrameReply(encodePutReply(puts, 10_000), 3)).toEqual(puts);
  });

  const refusedPuts: PutFrameReply = {
    kind: 'put',
    contexts: [bytes('x'), null, null],
    receipts: [],
    receiptOf: null,
    errors: [{ index: 0, code: 409, outcome: 'none', message: 'Kv-If: absent is not met' }],
    clock: null,
    found: [[bytes('1'), null], null, []],
  };

  test('what was found in the place of puts comes back as it was, as far as there is room', () => {
    expect(decodeFrameReply(encodePutReply(refusedPuts, 10_000), 3)).toEqual(refusedPuts);
    const large = [Buffer.alloc(20_000)];
    const reply = encodePutReply({ ...refusedPuts, found: [large, null, [bytes('2')]] }, 10_000);
    expect(reply.length).toBeLessThanOrEqual(10_000);
    const found = [null, null, [bytes('2')]];
    expect(decodeFrameReply(reply, 3)).toEqual({ ...refusedPuts, found });
  });

  test.each<[string, WireValue]>([
    ['text', ['1', null, null]],
    ['a value where a list of values is', [bytes('1'), null, null]],
    ['fewer rows', [null]],
  ])('found is %s: malformed', (_what, found) => {
    const columns = [...(decode(encodePutReply(refusedPuts, 10_000)) as readonly WireValue[])];
    columns[columns.length - 1] = found;
    expect(() => decodeFrameReply(encode(columns), 3)).toThrow(MalformedError);
  });

  test('a refusal comes back as it was', () => {
    const clock = { process: 1, ms: 0 };
    const refusal = { code: 429, outcome: 'none', message: 'busy', clock } as const;
    expect(decodeFrameReply(encodeRefusal(refusal), 99)).toEqual({ kind: 'refusal', ...refusal });
  });

  test('a reply for another number of rows is malformed', () => {
    expect(() => decodeFrameReply(encodeGetReply(reply, 10_000), 2)).toThrow(MalformedError);
  });

  test('20 values of 1 kB into 10 kB: some fit, each of the others is a 413, none is lost', () => {
    const values = Array.from({ length: 20 }, (_, i) => Buffer.alloc(1000, i));
    const contexts = values.map((_, i) => bytes(`context ${i}`));
    const large = { ...reply, contexts, values, receiptOf: null, errors: [] };
    const message = encodeGetReply(large, 10_000);
    expect(message.length).toBeLessThanOrEqual(10_000);
    const got = decodeFrameReply(message, 20);
    if (got.kind !== 'get') throw new Error('not a get reply');
    const fitted = got.values.filter((value) => value !== null).length;
    expect(fitted).toBeGreaterThan(5);
    expect(got.errors).toHaveLength(20 - fitted);
    for (const error of got.errors) {
      expect(error).toMatchObject({ code: 413, outcome: 'none' });
      expect(got.values[error.index]).toBeNull();
    }
  });

  test('a value that fits no reply does not keep the others out', () => {
    const values = [Buffer.alloc(20_000), bytes('small')];
    const contexts = [bytes('x'), bytes('y')];
    const large = { ...reply, contexts, values, receiptOf: null, errors: [] };
    const got = decodeFrameReply(encodeGetReply(large, 10_000), 2);
    expect(got).toMatchObject({
      values: [null, bytes('small')],
      errors: [{ index: 0, code: 413 }],
    });
  });

  test('contexts without room: the puts are done all the same', () => {
    const contexts = Array.from({ length: 100 }, () => Buffer.alloc(1000));
    const puts = {
      kind: 'put',
      contexts,
      receipts: ['w=2/2'],
      receiptOf: null,
      errors: [],
      clock: null,
    } as const;
    const message = encodePutReply(puts, 50_000);
    expect(message.length).toBeLessThanOrEqual(50_000);
    const got = decodeFrameReply(message, 100);
    expect(got).toMatchObject({ kind: 'put', errors: [] });
    expect(got.kind === 'put' && got.contexts.filter((context) => context !== null).length).toBe(
      49,
    );
  });
});
