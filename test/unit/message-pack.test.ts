import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import msgpack from 'msgpack-lite';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../../src/errors.js';
import {
  decode,
  decodeDocument,
  encode,
  encodeArrayOf,
  encodeDocument,
  type WireValue,
} from '../../src/wire/message-pack.js';

const { value } = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: limits.messageDepthMax - 1 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.integer(),
    fc.nat({ max: 2 ** 40 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 20 }),
  ),
}));

describe('message-pack', () => {
  test('any value of the protocol comes back as it was (1000 values)', () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  test('another encoder and decoder understand it, and the other way round (500 values)', () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(msgpack.decode(encode(value))).toEqual(value);
        expect(decode(msgpack.encode(value))).toEqual(value);
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32])(
    'numbers around %i keep their value, in as few bytes as another encoder takes',
    (edge) => {
      for (const number of [edge, 0 - edge, edge + 1, -edge - 1, edge + 0.5, 2 ** 53 - 1 - edge]) {
        expect(decode(encode([number]))).toEqual([number]);
        expect(encode(number).length).toBe(msgpack.encode(number).length);
      }
    },
  );

  test.each([0, 15, 16, 65_534])('an array of %i elements', (length) => {
    const array = Array.from({ length }, (_, i) => i % 7);
    expect(decode(encode(array))).toEqual(array);
  });

  test.each([0, 31, 32, 255, 256, 65_535, 65_536, 500_000])('strings and bins of %i bytes', (n) => {
    const text = 'x'.repeat(n);
    const [gotText, gotBytes] = decode(encode([text, Buffer.alloc(n, 7)])) as [string, Buffer];
    expect(gotText === text && gotBytes.equals(Buffer.alloc(n, 7))).toBe(true);
  });

  test.each<[string, string, WireValue]>([
    [
      'uint 8 … 64',
      '94cc80cd8000ce80000000cf0000000100000000',
      [2 ** 7, 2 ** 15, 2 ** 31, 2 ** 32],
    ],
    [
      'int 8 … 64',
      '94d080d18000d280000000d3ffffffff00000000',
      [-128, -32768, -(2 ** 31), -(2 ** 32)],
    ],
    ['float 32 and 64', '92ca3fc00000cb3ff8000000000000', [1.5, 1.5]],
    ['the short forms', '95007fe0ffa161', [0, 127, -32, -1, 'a']],
    [
      'long headers of short things',
      '93dc0001c0c60000000107db0000000162',
      [[null], Buffer.from([7]), 'b'],
    ],
  ])('%s as other encoders write them', (_what, hex, value) => {
    expect(decode(Buffer.from(hex, 'hex'))).toEqual(value);
  });

  test('bins are views into the message', () => {
    const message = encode([Buffer.from('before')]);
    const [bin] = decode(message) as [Buffer];
    message.write('after!', message.length - 6);
    expect(bin.toString()).toBe('after!');
  });

  test('a Uint8Array that is not a Buffer is a bin too, at any depth', () => {
    const bytes = new Uint8Array([0, 1, 2, 3]).subarray(1);
    expect(decode(encode([1, [bytes], bytes]))).toEqual([
      1,
      [Buffer.from(bytes)],
      Buffer.from(bytes),
    ]);
  });

  test('encoded elements make one array', () => {
    const elements: WireValue[] = [1, 'two', [3, Buffer.from('4')]];
    expect(decode(encodeArrayOf(elements.map(encode)))).toEqual(elements);
  });

  test('garbage of any kind is malformed or a value, never another error (5000 runs)', () => {
    // Starts of real messages get deeper into the walk than uniform bytes do.
    const start = fc.oneof(value.map(encode), fc.constant(Buffer.alloc(0)));
    fc.assert(
      fc.property(
        start,
        fc.nat(),
        fc.uint8Array({ maxLength: 64 }),
        fc.nat({ max: 3 }),
        (whole, cut, noise, flips) => {
          const bytes = Buffer.concat([whole.subarray(0, cut % (whole.length + 1)), noise]);
          for (let i = 0; i < flips && bytes.length > 0; i++)
            bytes[(cut * (i + 1)) % bytes.length]! ^= 1 << i;
          for (const read of [decode, decodeDocument]) {
            try {
              read(bytes);
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedError);
            }
          }
        },
      ),
      { seed: 11, numRuns: 5_000 },
    );
  });

  test.each([
    ['nothing', ''],
    ['bytes behind the message', 'c0c0'],
    ['an array of 4 billion elements in 5 bytes', 'ddffffffff'],
    ['an array that ends early', '92c0'],
    ['a bin that ends early', 'c405aabb'],
    ['a bin whose length ends early', 'c600'],
    ['an extension', 'd40100'],
    ['an extension of 16 bit length', 'c8000001'],
    ['the type that is never used', 'c1'],
    ['a map', '80'],
    ['a map of 16 bit length', 'de0000'],
    ['nine arrays in one another', '919191919191919190'],
  ])('%s is malformed', (_what, hex) => {
    expect(() => decode(Buffer.from(hex, 'hex'))).toThrow(MalformedError);
  });

  test('eight arrays in one another are a value', () => {
    expect(decode(Buffer.from('9191919191919190', 'hex'))).toEqual([[[[[[[[]]]]]]]]);
  });

  test('more elements than allowed are malformed, as many as allowed are not', () => {
    const nils = Array.from({ length: limits.messageElementsMax - 1 }, () => null);
    expect(decode(encode(nils))).toHaveLength(nils.length);
    expect(() => decode(encode([...nils, null]))).toThrow(MalformedError);
  });

  test('a message over the limit is malformed', () => {
    expect(() => decode(encode(Buffer.alloc(limits.messageBytesMax)))).toThrow(MalformedError);
  });
});

describe('documents', () => {
  test('maps come back as they were', () => {
    const document = { epoch: 7, members: [{ name: 'a', zone: null }], nested: { deep: true } };
    expect(decodeDocument(encodeDocument(document))).toEqual(document);
  });

  test.each([
    ['a __proto__ key', '81a9' + Buffer.from('__proto__').toString('hex') + '80'],
    ['a __proto__ key, second', '82a161c0a9' + Buffer.from('__proto__').toString('hex') + '80'],
    ['a __proto__ key in str 8', '81d909' + Buffer.from('__proto__').toString('hex') + '80'],
    ['a key that is a number', '8101c0'],
    ['a key that is a map', '8180c0'],
    ['a key without its value', '81a161'],
  ])('%s is malformed', (_what, hex) => {
    expect(() => decodeDocument(Buffer.from(hex, 'hex'))).toThrow(MalformedError);
  });
});
