import { expect, test } from '@jest/globals';
import { agesOf, copyOfAge, type Copy } from '../../../src/wire/copy-age.js';

test('ages: what a row says it is, its reader takes it for', () => {
  const copies: Copy[] = ['first', 'any', 'later', 'first', 'later'];
  const ages = agesOf(
    copies.map((copy, i) => ({ copy, askedMs: 1_000 - i * 100.4 })),
    1_000,
  );
  expect(ages).toEqual([null, 0, 201, null, 402]);
  expect(ages!.map(copyOfAge)).toEqual(copies);
});

test('ages: a later copy of the same moment is none of which nobody says anything', () => {
  expect(agesOf([{ copy: 'later', askedMs: 5.2 }], 5)).toEqual([1]);
});

test('ages: first copies alone cost no column', () => {
  expect(agesOf([{ copy: 'first', askedMs: 0 }], 9)).toBeNull();
});
