/** Values made of the parts of one before them. */
import { expect, test } from '@jest/globals';
import { assert, jsonValue, property } from 'fast-check';
import { shared } from '../../../src/dashboard/page/parts/kept-picture.js';

test('what is shared is equal to what was told, whatever was before', () => {
  assert(
    property(jsonValue(), jsonValue(), (before, now) => {
      expect(shared(before, now)).toEqual(now);
    }),
  );
});

test('what is equal is the same object', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(shared(value, structuredClone(value))).toBe(value);
    }),
  );
});

test('in what is not equal, the parts that are', () => {
  const before = { a: [1, { b: 2 }], c: { d: 3 }, e: 4 };
  const now = shared(before, { a: [1, { b: 2 }, 5], c: { d: 3 } });
  expect(now).toEqual({ a: [1, { b: 2 }, 5], c: { d: 3 } });
  expect([now.a[1], now.c]).toEqual([before.a[1], before.c]);
  expect(now.a[1]).toBe(before.a[1]);
  expect(now.c).toBe(before.c);
});
