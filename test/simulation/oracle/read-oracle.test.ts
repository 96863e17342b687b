import { expect, test } from '@jest/globals';
import { History, type Write } from './history.js';
import { checkRead } from './read-oracle.js';
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

/** What is wrong with a strict read that shows nothing, of a key that was put once at 10. */
function missed(how: { w: number; r: number }): string[] {
  const history = new History(0);
  const violations = new Violations(() => 0);
  history.begin(write('c1.1', { askedUs: 10, quorum: how.w }));
  checkRead(
    { name, strict: true, quorum: how.r, askedUs: 100, endedUs: 101, shown: [] },
    {
      history,
      violations,
      nOf: () => N,
      copies: {
        maybeMintedTwice: () => new Set(),
        toldByAuthor: () => new Set(),
        isGivenToTwo: () => false,
      },
      disksKeep: true,
    },
  );
  return violations.list.map(({ rule }) => rule);
}

test.each([
  [2, 2, true],
  [1, 3, true],
  [1, 2, false],
])('what W=%i acknowledged is to be shown to a strict read with R=%i: %s', (w, r, isDue) => {
  expect(missed({ w, r })).toEqual(isDue ? ['strict-read-misses'] : []);
});
