import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { KeyPattern } from '../../../actors/rules/key-pattern.js';
import { limits } from '../../../actors/rules/limits.js';

const tokens = fc.array(fc.constantFrom('a', 'b', 'ab', '*', '>', ''), {
  minLength: 1,
  maxLength: 4,
});
const keys = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 5 });

function means(pattern: readonly string[], key: readonly string[]): boolean {
  if (pattern.length === 1 && pattern[0] === '>') return true;
  for (const [i, token] of pattern.entries()) {
    if (token === '>') return key.length > i;
    if (i >= key.length || (token !== '*' && token !== key[i])) return false;
  }
  return key.length === pattern.length;
}

test('a pattern means what it means to NATS', () => {
  fc.assert(
    fc.property(tokens, keys, (pattern, key) => {
      const text = pattern.join('.');
      const read = KeyPattern.of(text);
      const open = pattern.indexOf('>');
      if (text === '' || (open >= 0 && open < pattern.length - 1)) expect(read).toBeUndefined();
      else expect(read!.matches(key.join('.'))).toBe(means(pattern, key));
    }),
    { numRuns: 2_000 },
  );
});

test('keys of any bytes, and no pattern longer than a key', () => {
  expect(KeyPattern.of('>')!.matches('\0\xff\n')).toBe(true);
  expect(KeyPattern.of('a.*')!.matches('a.\xff')).toBe(true);
  expect(KeyPattern.of('x'.repeat(limits.keyBytesMax + 1))).toBeUndefined();
});
