import { expect, test } from '@jest/globals';
import { History, type Write } from './history.js';
import { checkListing } from './listing-oracle.js';
import { Violations } from './violations.js';

function write(token: string, how: Partial<Write> & { askedUs: number }): Write {
  const usual = { name: 'b/k', isDelete: false, seen: [], maySeen: [], strict: true, quorum: 2 };
  const times = { vanishesUs: Infinity, goneUs: Infinity, mintByUs: Infinity };
  return { ...usual, ...times, token, outcome: 'done', endedUs: how.askedUs + 1, ...how };
}

/** What a strict listing at 100 is told, with R of 2 and N of 3. */
function found(writes: readonly Write[], keys: readonly string[], strict = true): string[] {
  const history = new History(0);
  const violations = new Violations(() => 0);
  for (const one of writes) history.begin(one);
  const copies = {
    maybeMintedTwice: () => new Set<string>(),
    toldByAuthor: () => new Set<string>(),
    isGivenToTwo: () => false,
  };
  const listing = { bucket: 'b', strict, quorum: 2, askedUs: 100, endedUs: 110, keys };
  checkListing(listing, { history, violations, nOf: () => 3, copies, disksKeep: true });
  return violations.list.map(({ rule }) => rule);
}

const put = write('c1.1', { askedUs: 10 });
const deleted = write('c1.2', { askedUs: 20, isDelete: true, seen: ['c1.1'], vanishesUs: 0 });

test('what was acknowledged before is listed', () => {
  expect(found([put], ['k'])).toEqual([]);
  expect(found([put], [])).toEqual(['listing-misses']);
  expect(found([put], [], false)).toEqual([]);
  expect(found([{ ...put, quorum: 1 }], [])).toEqual([]);
  expect(found([{ ...put, askedUs: 105, endedUs: 106 }], [])).toEqual([]);
});

test('what was deleted is not, unless it was put again', () => {
  expect(found([put, deleted], [])).toEqual([]);
  expect(found([put, deleted], ['k'])).toEqual(['listing-goes-back']);
  expect(found([put, deleted], ['k'], false)).toEqual([]);
  expect(found([put, deleted, write('c2.1', { askedUs: 105 })], ['k'])).toEqual([]);
  expect(found([put, { ...deleted, askedUs: 105, endedUs: 106 }], [])).toEqual([]);
  expect(found([{ ...put, goneUs: 50, vanishesUs: 40 }], ['k'])).toEqual(['listing-goes-back']);
});

test('nothing that nobody put, nothing twice', () => {
  expect(found([put], ['k', 'x'])).toEqual(['listing-invents']);
  expect(found([{ ...put, outcome: 'none' }], ['k'])).toEqual(['listing-invents']);
  expect(found([put], ['k', 'k'])).toEqual(['listed-twice']);
  expect(found([put], ['k', 'progress'])).toEqual([]);
});
