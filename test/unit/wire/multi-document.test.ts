import { describe, expect, test } from '@jest/globals';
import msgpack from 'msgpack-lite';
import { limits } from '../../../actors/rules/limits.js';
import { multiLimits } from '../../../actors/rules/limits/multi.js';
import { MalformedError } from '../../../src/errors.js';
import {
  encodeMultiAnswer,
  encodeMultiRow,
  type MultiRow,
} from '../../../src/wire/multi-answer.js';
import { multiQuestionOf, type MultiQuestion } from '../../../src/wire/multi-document.js';

const json = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

const forms = { json, messagePack: (document: unknown): Buffer => msgpack.encode(document) };

describe.each(['json', 'messagePack'] as const)('a question in %s', (form) => {
  const asked = (document: unknown): MultiQuestion => multiQuestionOf(forms[form](document));

  test('for values names keys', () => {
    expect(asked({ get: ['a', 'b.c', 'ä'] })).toEqual({
      form,
      kind: 'get',
      keys: ['a', 'b.c', Buffer.from('ä').toString('latin1')],
    });
  });

  test('that puts has a value of each key; null deletes', () => {
    const rows = [
      { key: 'a', value: '1' },
      { key: 'b', value: null },
      { key: 'c', value: '', context: 'AAEC', ttl: 5 },
      { key: 'd', value: 'ö', ttl: 'none' },
    ];
    const usual = { context: undefined, ttlMs: undefined };
    expect(asked({ put: rows })).toEqual({
      form,
      kind: 'put',
      rows: [
        { ...usual, key: 'a', value: Buffer.from('1') },
        { ...usual, key: 'b', value: null },
        { key: 'c', value: Buffer.alloc(0), context: 'AAEC', ttlMs: 5 },
        { ...usual, key: 'd', value: Buffer.from('ö'), ttlMs: limits.ttlMsNone },
      ],
    });
  });

  const many = Array.from({ length: multiLimits.rowsMax + 1 }, (_, i) => `k${i}`);

  test.each([
    [{}, '{"get":'],
    [[], '{"get":'],
    [null, '{"get":'],
    ['get', '{"get":'],
    [{ get: ['a'], put: [] }, '{"get":'],
    [{ del: ['a'] }, '{"get":'],
    [{ get: ['a'], limit: 3 }, '{"get":'],
    [{ get: 'a' }, 'a list of 1 to 512'],
    [{ get: [] }, 'a list of 1 to 512'],
    [{ get: many }, 'send more messages'],
    [{ get: ['a', 7] }, 'get[1] is text'],
    [{ get: ['a', ''] }, 'get[1]: a key has 1 to'],
    [{ get: ['a'.repeat(limits.keyBytesMax + 1)] }, 'get[0]: a key has 1 to'],
    [{ get: [{ key: 'a' }] }, 'get[0] is text'],
    [{ put: ['a'] }, 'put[0] is {"key":'],
    [{ put: [{ value: 'v' }] }, 'put[0].key is text'],
    [{ put: [{ key: 'a' }] }, 'put[0].value is text'],
    [{ put: [{ key: 'a', value: 1 }] }, 'put[0].value is text'],
    [{ put: [{ key: 'a', value: 'v', if: 'absent' }] }, 'kv.put with Kv-If'],
    [{ put: [{ key: 'a', value: 'v', tll: 3 }] }, 'and no "tll"'],
    [{ put: [{ key: 'a', value: 'v', ttl: 0 }] }, 'put[0].ttl is a number'],
    [{ put: [{ key: 'a', value: 'v', ttl: 1.5 }] }, 'put[0].ttl is a number'],
    [{ put: [{ key: 'a', value: 'v', context: 1 }] }, 'put[0].context is a text'],
    [{ put: ['a', 'b', 'a'].map((key) => ({ key, value: 'v' })) }, 'put[2] is of a key'],
  ])('%j is refused: %s', (document, text) => {
    expect(() => asked(document)).toThrow(MalformedError);
    expect(() => asked(document)).toThrow(text);
  });
});

describe('bytes that are no text', () => {
  const bytes = Buffer.from([0xff, 0, 0x80]);

  test('are base64url in JSON', () => {
    const base64url = bytes.toString('base64url');
    expect(multiQuestionOf(json({ put: [{ key: { base64url }, value: { base64url } }] }))).toEqual({
      form: 'json',
      kind: 'put',
      rows: [{ key: '\xff\0\x80', value: bytes, context: undefined, ttlMs: undefined }],
    });
  });

  test('are bin in MessagePack', () => {
    const rows = [{ key: bytes, value: bytes }];
    expect(multiQuestionOf(msgpack.encode({ put: rows }))).toMatchObject({
      rows: [{ key: '\xff\0\x80', value: bytes }],
    });
  });

  test.each([
    ['a JSON text of half a character', Buffer.from(String.raw`{"get":["\ud800"]}`)],
    ['JSON that is no UTF-8', Buffer.from([...Buffer.from('{"get":["'), 0xff, 0x22, 0x5d, 0x7d])],
    ['base64url that is none', json({ get: [{ base64url: '!' }] })],
    ['base64url and more', json({ get: [{ base64url: 'AA', key: 'a' }] })],
    ['a MessagePack text that is no UTF-8', Buffer.from('81a367657491a1ff', 'hex')],
    ['a MessagePack text cut short', Buffer.from('81a367657491a9ff', 'hex')],
    ['an array that says more than it has', Buffer.from('81a3676574ddffffffff', 'hex')],
    ['MessagePack with bytes behind it', Buffer.from('81a367657491a16100', 'hex')],
    ['an extension type', Buffer.from('81a367657491d40000', 'hex')],
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('get a')],
  ])('%s is refused', (_name, data) => {
    expect(() => multiQuestionOf(data)).toThrow(MalformedError);
  });

  test('a JSON text may have the replacement character as any other', () => {
    const [row] = (
      multiQuestionOf(json({ put: [{ key: 'k', value: '\ufffd' }] })) as never as {
        rows: [{ value: Buffer }];
      }
    ).rows;
    expect(row.value).toEqual(Buffer.from('\ufffd'));
  });
});

describe('an answer', () => {
  const rows: MultiRow[] = [
    { value: Buffer.from('text'), context: 'AAEC', receipt: 'r=2/2', expires: 70_000 },
    { value: Buffer.from([0xff]), context: 'AAEC', receipt: 'r=2/2' },
    { values: [Buffer.from('a'), null, { size: 5, digest: 'SHA-256=x' }] },
    { value: { size: 5, digest: 'SHA-256=x' } },
    { absent: true },
    { error: { code: 503, message: 'no "quorum"', outcome: 'unknown' } },
  ];

  test('in JSON has text, or base64url', () => {
    const answer = encodeMultiAnswer(
      rows.map((row) => encodeMultiRow(row, 'json')),
      'json',
    );
    expect(JSON.parse(answer.toString())).toEqual({
      rows: [
        { ...rows[0], value: 'text' },
        { ...rows[1], value: { base64url: '_w' } },
        { values: ['a', null, { size: 5, digest: 'SHA-256=x' }] },
        ...rows.slice(3),
      ],
    });
  });

  test('in MessagePack has bins', () => {
    const answer = encodeMultiAnswer(
      rows.map((row) => encodeMultiRow(row, 'messagePack')),
      'messagePack',
    );
    expect(msgpack.decode(answer)).toEqual({ rows });
  });
});
