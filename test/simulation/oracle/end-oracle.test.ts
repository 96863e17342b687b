import { expect, test } from '@jest/globals';
import { checkEnd } from './end-oracle.js';
import { History, type Write } from './history.js';
import { Violations } from './violations.js';

const name = 'siblings/k0';
const twice = 'c1.1';

function write(token: string, seen: readonly string[] | undefined, askedUs: number): Write {
  return {
    token,
    name,
    isDelete: false,
    seen,
    maySeen: [],
    strict: false,
    quorum: 2,
    askedUs,
    vanishesUs: Infinity,
    goneUs: Infinity,
    mintByUs: askedUs,
    outcome: 'done',
    endedUs: askedUs + 1,
  };
}

/** Of a put that its client tried again, and that shows in the end. */
function shows(
  later: readonly Write[],
  readable: string,
  toldByAuthor = [twice],
  maybeMintedTwice = [twice],
): string[] {
  const history = new History(0);
  const violations = new Violations(() => 0);
  for (const one of [{ ...write(twice, [], 10), outcome: 'unknown' as const }, ...later])
    history.begin(one);
  checkEnd(name, [twice, readable], {
    history,
    violations,
    copiesMin: 1,
    nowUs: 1000,
    mayBeCut: () => false,
    copies: {
      maybeMintedTwice: () => new Set(maybeMintedTwice),
      toldByAuthor: () => new Set(toldByAuthor),
      isGivenToTwo: (token) => token === twice,
    },
  });
  return violations.list.map(({ rule }) => rule);
}

test('what its author tried again and replaced does not come back; what nobody told of may', () => {
  const own = write('c1.2', [twice], 20);
  expect(shows([own], 'c1.2')).toEqual(['resurrected']);
  expect(shows([own], 'c1.2', [])).toEqual([]);
});

test('nor when others replaced what its author put in its place, if they were told that it was found', () => {
  const own = write('c1.2', [twice], 20);
  const next = write('c2.1', ['c1.2'], 30);
  expect(shows([own, next], 'c2.1')).toEqual(['resurrected']);
  expect(shows([own, { ...next, maySeen: ['c1.2'] }], 'c2.1')).toEqual([]);
  expect(shows([own, { ...next, outcome: 'unknown' }], 'c2.1')).toEqual([]);
});

test('nor must it be away when its author was told that it was not found', () => {
  const own = { ...write('c1.2', [], 20), maySeen: [twice] };
  const next = { ...write('c1.3', [twice, 'c1.2'], 30), maySeen: [twice] };
  expect(shows([own, next], 'c1.3')).toEqual([]);
});

test('of a put that two nodes did and know of, one copy may be lost with its node, and the other stand', () => {
  const own = { ...write('c1.2', [], 20), maySeen: [twice] };
  const next = { ...write('c1.3', [twice, 'c1.2'], 30), maySeen: [twice] };
  expect(shows([own, next], 'c1.3', [], [])).toEqual([]);
  expect(shows([write('c1.2', [twice], 20)], 'c1.2', [], [])).toEqual(['resurrected']);
});

test('another client may have replaced it, who knew of one copy', () => {
  const own = write('c1.2', [twice, 'c2.1'], 20);
  expect(shows([write('c2.1', [twice], 15), own], 'c1.2')).toEqual([]);
  expect(shows([write('c2.1', undefined, 15), own], 'c1.2')).toEqual([]);
  expect(shows([{ ...write('c2.1', [twice], 15), outcome: 'none' }, own], 'c1.2')).toEqual([
    'resurrected',
  ]);
});

test('who replaced one of two copies need not have replaced what the other had seen', () => {
  const history = new History(0);
  const writes = [write('c1.1', [], 10), write('c1.2', ['c1.1'], 20), write('c1.3', ['c1.2'], 30)];
  for (const one of writes) history.begin(one);
  const covered = (given: string) => [
    ...history.coveredBy(writes.slice(2), { isGivenToTwo: (token) => token === given }).keys(),
  ];
  expect(covered('none')).toEqual(['c1.2', 'c1.1']);
  expect(covered('c1.2')).toEqual(['c1.2']);
  // Its own acknowledgement is of a copy that had found what it had seen.
  expect(covered('c1.3')).toEqual(['c1.2', 'c1.1']);
});
