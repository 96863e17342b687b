import { expect, test } from '@jest/globals';
import { History, type Write } from './history.js';
import { checkCompared, checkInstead, checkRead, type ReadRules } from './read-oracle.js';
import { Violations } from './violations.js';

const name = 'users/ada';
const N = 3;

function write(token: string, how: { askedUs: number; quorum: number }): Write {
  return {
    token,
    name,
    isDelete: false,
    seen: [],
    maySeen: [],
    strict: true,
    askedUs: how.askedUs,
    quorum: how.quorum,
    vanishesUs: Infinity,
    goneUs: Infinity,
    mintByUs: Infinity,
    outcome: 'done',
    endedUs: how.askedUs + 1,
  };
}

/** What a rule finds, of a key that was put once at 10. */
function found(check: (rules: ReadRules) => void, w = 2): string[] {
  const history = new History(0);
  const violations = new Violations(() => 0);
  history.begin(write('c1.1', { askedUs: 10, quorum: w }));
  check({
    history,
    violations,
    nOf: () => N,
    copies: {
      maybeMintedTwice: () => new Set(),
      toldByAuthor: () => new Set(),
      isGivenToTwo: () => false,
    },
    disksKeep: true,
  });
  return violations.list.map(({ rule }) => rule);
}

const later = { name, strict: true, quorum: 2, askedUs: 100, endedUs: 101 };

/** What is wrong with a strict read that shows nothing. */
function missed(how: { w: number; r: number }): string[] {
  return found((rules) => checkRead({ ...later, quorum: how.r, shown: [] }, rules), how.w);
}

test.each([
  [2, 2, true],
  [1, 3, true],
  [1, 2, false],
])('what W=%i acknowledged is to be shown to a strict read with R=%i: %s', (w, r, isDue) => {
  expect(missed({ w, r })).toEqual(isDue ? ['strict-read-misses'] : []);
});

function compared(shown: string[], more: Partial<typeof later> = {}): string[] {
  return found((rules) => checkCompared({ ...later, shown, ...more }, rules));
}

test('a strict put on a condition is compared with what was acknowledged before it was asked', () => {
  expect(compared([])).toEqual(['compared-misses']);
  expect(compared(['c1.1'])).toEqual([]);
  expect(compared([], { strict: false })).toEqual([]);
  expect(compared([], { askedUs: 5 })).toEqual([]);
});

function instead(token: string, shown: string[]): string[] {
  return found((rules) => checkInstead({ name, token, shown, askedUs: 100 }, rules));
}

test('a refusal shows what somebody put, and not what is refused', () => {
  expect(instead('c2.1', ['c1.1'])).toEqual([]);
  expect(instead('c1.1', ['c1.1'])).toEqual(['refused-by-itself']);
  expect(instead('c2.1', ['c9.9'])).toEqual(['invented']);
});
