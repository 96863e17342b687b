import { describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { nothingSeen, seenAll, type Dot } from '../../../actors/rules/versions.js';
import {
  contextText,
  errorHeaders,
  getHeaders,
  putHeaders,
  getDemands,
  putDemands,
} from '../../../src/api/headers.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import { checkBucket, checkKey, keySubjectOf } from '../../../src/api/names.js';
import { DeadlineError, MalformedError } from '../../../src/errors.js';
import type { Receipt } from '../../../src/wire/receipt.js';
import { byteStringOf } from '../../../src/wire/text.js';

const bucket = { quorumMax: 3, r: 2, w: 1 };
const context = [{ actor: actorOf('0123456789abcdef', 7), counter: 9 }];
const entries = (count: number): Dot[] =>
  Array.from({ length: count }, (_, i) => ({
    actor: actorOf('0123456789abcdef', i + 1),
    counter: 1,
  }));
const receipt: Receipt = {
  kind: 'w',
  acked: 2,
  needed: 2,
  primaries: 2,
  fallbacks: 0,
  hints: 0,
  durability: { kind: 'sync' },
};

function message(headers: Record<string, string>) {
  return { header: (name: string): string | undefined => headers[name] };
}

describe('request headers', () => {
  test('none: the terms of the bucket', () => {
    expect(putDemands(message({}), bucket)).toEqual({
      untilWallMs: Infinity,
      quorum: 1,
      strict: false,
      timeoutMs: 5000,
      context: undefined,
      onlyIf: undefined,
      ttlMs: 0,
      operation: '',
      ageMs: 0,
    });
    expect(getDemands(message({}), bucket)).toEqual({ quorum: 2, strict: false, timeoutMs: 5000 });
  });

  test('all of them', () => {
    const headers = {
      'Kv-W': '3',
      'Kv-R': '1',
      'Kv-Quorum': 'strict',
      'Kv-Timeout': '250',
      'Kv-TTL': '60000',
      'Kv-Op': 'ö-1',
      'Kv-Age': '300',
      'Kv-Context': contextText(encodeContext(context)),
      'Kv-Deadline': '1795862400000',
      'Kv-If': 'context',
    };
    expect(putDemands(message(headers), bucket)).toEqual({
      untilWallMs: 1_795_862_400_000,
      quorum: 3,
      strict: true,
      timeoutMs: 250,
      context: seenAll(context),
      onlyIf: { is: 'context', r: 1 },
      ttlMs: 60_000,
      operation: '\xc3\xb6-1',
      ageMs: 300,
    });
    expect(getDemands(message(headers), bucket)).toMatchObject({ quorum: 2, strict: true });
  });

  test('an age without an operation, or of 0, is refused', () => {
    for (const headers of [{ 'Kv-Age': '5' }, { 'Kv-Age': '0', 'Kv-Op': 'x' }])
      expect(() => putDemands(message(headers), bucket)).toThrow(MalformedError);
  });

  test('the empty context, as - and as bytes', () => {
    for (const text of ['-', contextText(encodeContext([]))])
      expect(putDemands(message({ 'Kv-Context': text }), bucket).context).toEqual(nothingSeen);
  });

  test.each([
    ['Kv-If', ''],
    ['Kv-If', 'Absent'],
    ['Kv-W', '0'],
    ['Kv-W', '4'],
    ['Kv-W', '2.0'],
    ['Kv-W', ''],
    ['Kv-W', '-1'],
    ['Kv-Quorum', 'yes'],
    ['Kv-Timeout', '0'],
    ['Kv-Timeout', '60001'],
    ['Kv-TTL', '0'],
    ['Kv-TTL', '1e3'],
    ['Kv-TTL', '99999999999999999999'],
    ['Kv-Op', 'x'.repeat(65)],
    ['Kv-Context', ''],
    ['Kv-Context', '!!!!'],
    ['Kv-Context', 'AAAA'],
    ['Kv-Context', `${contextText(encodeContext(context))}AA`],
    ['Kv-Context', contextText(encodeContext(entries(limits.contextEntriesMax + 1)))],
    ['Kv-Context', contextText(encodeContext([{ ...entries(1)[0]!, counter: 0xffff_ffff }]))],
  ])('%s: %s is refused by name', (name, value) => {
    const read = (): unknown => putDemands(message({ [name]: value }), bucket);
    expect(read).toThrow(MalformedError);
    expect(read).toThrow(new RegExp(`^${name} `));
  });
});

describe('reply headers', () => {
  test('a put', () => {
    expect(putHeaders({ ok: true, context: encodeContext(context), receipt })).toEqual({
      'Kv-Context': 'AAEBI0VniavN7wAAAAAABwAAAAk',
      'Kv-Receipt': 'w=2/2 primaries=2 fallbacks=0 durability=sync',
    });
  });

  test('siblings are counted when there is more than one', () => {
    const value = Buffer.from('x');
    const reply = { ok: true, context: encodeContext(context), receipt } as const;
    expect(getHeaders({ ...reply, values: [value] })).not.toHaveProperty('Kv-Siblings');
    expect(getHeaders({ ...reply, values: [value, null] })).toHaveProperty('Kv-Siblings', '2');
  });

  test('an error is one line, whatever its text', () => {
    const error = new DeadlineError('late\r\nKv-Outcome: none');
    expect(errorHeaders(error, { write: true })).toEqual({
      'Nats-Service-Error-Code': '504',
      'Nats-Service-Error': 'late Kv-Outcome: none',
      'Kv-Outcome': 'unknown',
    });
    expect(errorHeaders(error, { write: false })).not.toHaveProperty('Kv-Outcome');
  });
});

describe('names', () => {
  test.each(['b', 'B-1_ä', 'x'.repeat(64)])('bucket %s', (name) => {
    expect(() => checkBucket(byteStringOf(name))).not.toThrow();
  });

  test.each(['', 'a.b', '*', 'a>', 'a b', 'a\n', 'x'.repeat(65), 'ä'.repeat(33)])(
    'no bucket: %j',
    (name) => {
      expect(() => checkBucket(byteStringOf(name))).toThrow(MalformedError);
    },
  );

  test('keys are any bytes, 1 to 1024', () => {
    for (const key of ['x', '\0', ' * ', 'x'.repeat(1024)])
      expect(() => checkKey(key)).not.toThrow();
    for (const key of ['', 'x'.repeat(1025)]) expect(() => checkKey(key)).toThrow(MalformedError);
  });

  test.each([
    ['a', 'a'],
    ['a.b.c', 'a.b.c'],
    [byteStringOf('à'), 'à'],
    ['a..b', undefined],
    ['.a', undefined],
    ['a.', undefined],
    ['a b', undefined],
    ['a.>', undefined],
    ['a.*', undefined],
    ['\xff', undefined],
    ['a\r\nPUB x', undefined],
  ])('key %j as a subject: %j', (key, subject) => {
    expect(keySubjectOf(key)).toBe(subject);
  });
});
