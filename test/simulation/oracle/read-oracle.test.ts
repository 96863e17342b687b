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
function missed(how: { w: number; r: number; movedUs: number }): string[] {
  const history = new History(0);
  const violations = new Violations(() => 0);
  history.begin(write('c1.1', { askedUs: 10, quorum: how.w }));
  checkRead(
    { name, strict: true, quorum: how.r, askedUs: 100, endedUs: 101, shown: [] },
    {
      history,
      violations,
      nOf: () => N,
      movedUs: () => how.movedUs,
      leastW: 2,
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

test('a strict read misses what was acknowledged, whoever owned its key by then and owns it now', () => {
  for (const movedUs of [-Infinity, 5, 50])
    expect(missed({ w: 2, r: 2, movedUs })).toEqual(['strict-read-misses']);
  expect(missed({ w: 1, r: 2, movedUs: -Infinity })).toEqual([]);
});

test('what fewer than any bucket asks for have acknowledged is promised until its key may have moved', () => {
  expect(missed({ w: 1, r: 3, movedUs: 5 })).toEqual(['strict-read-misses']);
  expect(missed({ w: 1, r: 3, movedUs: 50 })).toEqual([]);
});
