import { expect, test } from '@jest/globals';
import { mutants } from './mutants.js';
import { countFailures } from './with-mutant.js';

const mutant = mutants.find(({ crashes }) => crashes === undefined)!;
const crashing = { ...mutant, crashes: true } as const;

function failures(of: typeof mutant, stdout: string): number {
  return countFailures(of, 'unit/some', {
    stdout,
    stderr: 'a warning\nlast words\n',
    end: 'code 7',
  });
}

test('tests that fail are counted, and a file that ended by an error where that is what is wrong', () => {
  const json = '{"numFailedTests":2,"numRuntimeErrorTestSuites":1}';
  expect(failures(mutant, json)).toBe(2);
  expect(failures(crashing, json)).toBe(3);
  expect(failures(mutant, `nats-server is old\n${json}`)).toBe(2);
});

test('a test that says nothing proves nothing, and what is known of its end is told', () => {
  const told = `unit/some with ${mutant.name} said nothing of its tests: code 7\na warning\nlast words`;
  for (const one of [mutant, crashing]) expect(() => failures(one, '')).toThrow(told);
});
