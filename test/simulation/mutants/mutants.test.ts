import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { mutants, passagesOf } from './mutants.js';

const dist = fileURLToPath(new URL('../../../', import.meta.url));

test(`${mutants.length} mutants: each has its passage exactly once, and a name of its own`, () => {
  const stale = mutants.filter(
    (mutant) => passagesOf(mutant, readFileSync(dist + mutant.file, 'utf8')) !== 1,
  );
  expect(stale.map(({ name }) => name)).toEqual([]);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test('what is to fail with a mutant is there', () => {
  const gone = mutants.filter(
    ({ test: named }) => named !== undefined && !existsSync(`${dist}test/${named}.test.js`),
  );
  expect(gone.map(({ name }) => name)).toEqual([]);
});
