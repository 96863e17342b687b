import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  base64urlLength,
  textBytes,
  writeBase64url,
  writeDecimal,
  writeText,
} from '../../../src/wire/short-text.js';

const parameters = { seed: 20_261_123, numRuns: 2_000 };
const offset = 3;

/** What was written behind `offset`, up to where the writer says it ends. */
function written(write: (target: Buffer, offset: number) => number): Buffer {
  const target = Buffer.alloc(4096, '!');
  const end = write(target, offset);
  expect(target.subarray(0, offset).toString()).toBe('!!!');
  expect(target.subarray(end).every((byte) => byte === 0x21)).toBe(true);
  return target.subarray(offset, end);
}

describe('short texts as bytes: what the runtime makes of them', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '\ud800', 'a\udc00b', 'key-17'),
  );

  test('text is UTF-8', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = written((target, at) => writeText(text, target, at));
        expect(bytes).toEqual(Buffer.from(text, 'utf8'));
        expect(textBytes(text)).toBe(bytes.length);
      }),
      parameters,
    );
  });

  test('numbers', () => {
    const near = [0, 9, 10, 99, 100, 1_000_000, 2 ** 31 - 1];
    fc.assert(
      fc.property(fc.oneof(fc.nat(), fc.constantFrom(...near)), (value) => {
        expect(written((target, at) => writeDecimal(value, target, at)).toString()).toBe(
          String(value),
        );
      }),
      parameters,
    );
  });

  test('base64url, without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
        const text = written((target, at) => writeBase64url(value, target, at)).toString();
        expect(text).toBe(Buffer.from(value).toString('base64url'));
        expect(text).toHaveLength(base64urlLength(value.length));
      }),
      parameters,
    );
  });
});
