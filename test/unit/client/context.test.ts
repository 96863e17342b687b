import { expect, test } from '@jest/globals';
import { Context } from '../../../src/client/context.js';

test.each(['nonsense', '', ' ', 'AA', 'AAA='])(
  'what is no context (%j) is called that, not by what it would be if it were one',
  (text) => {
    expect(() => Context.parse(text)).toThrow(/none that a get or put has given/);
  },
);

test('"-" and what a context says of itself are read', () => {
  expect(Context.parse('-').equals(Context.empty)).toBe(true);
  expect(Context.parse(Context.empty.toString()).equals(Context.empty)).toBe(true);
});
