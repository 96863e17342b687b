import { expect, test } from '@jest/globals';
import { History, type Write } from './history.js';
import { Violations } from './violations.js';
import { WatchOracle, type Told } from './watch-oracle.js';

function write(token: string, askedUs: number, how: Partial<Write> = {}): Write {
  const usual = { name: 'b/k', isDelete: false, seen: [], maySeen: [], strict: true, quorum: 2 };
  const times = { vanishesUs: Infinity, goneUs: Infinity, mintByUs: Infinity };
  return { ...usual, ...times, token, askedUs, outcome: 'done', endedUs: askedUs + 1, ...how };
}

/** Of somebody whose watch began after ten seconds; `told`: of the key. */
function missing(
  writes: readonly Write[],
  holds: readonly string[],
  told: readonly string[] | 'leftOut' | undefined,
  how: Partial<Told> = {},
): string | undefined {
  const history = new History(0);
  for (const one of writes) history.begin(one);
  const oracle = new WatchOracle();
  const watcher = oracle.watcher('b');
  Object.assign(watcher, { begunUs: 10e6, ...how });
  if (told !== undefined) watcher.last.set('k', told);
  return oracle.missing(history, new Map([['b/k', holds]]))?.rule;
}

const before = write('c1.1', 1e6);
const after = write('c1.2', 11e6);

test('what was acknowledged after a watch began is told, as the key holds it', () => {
  expect(missing([before], ['c1.1'], undefined)).toBeUndefined();
  expect(missing([before, after], ['c1.2'], ['c1.2'])).toBeUndefined();
  expect(missing([before, after], ['c1.2'], undefined)).toBe('watch-missed');
  expect(missing([before, after], ['c1.2'], ['c1.1'])).toBe('watch-missed');
  expect(missing([before, after], ['c1.2'], 'leftOut')).toBeUndefined();
  expect(missing([after, write('c2.1', 11e6)], ['c1.2', 'c2.1'], ['c2.1', 'c1.2'])).toBeUndefined();
  expect(missing([after, write('c2.1', 11e6)], ['c1.2', 'c2.1'], ['c2.1'])).toBe('watch-missed');
});

test('a deletion is told, too; what may have expired since need not be told in time', () => {
  const deletion = write('c1.3', 12e6, { isDelete: true, vanishesUs: 0 });
  expect(missing([after, deletion], [], [])).toBeUndefined();
  expect(missing([after, deletion], [], ['c1.2'])).toBe('watch-missed');
  const fleeting = write('c1.4', 12e6, { vanishesUs: 13e6 });
  expect(missing([fleeting], ['c1.4'], [])).toBeUndefined();
  expect(missing([fleeting], ['c1.4'], undefined)).toBe('watch-missed');
});

test('it begins, and does not end by itself', () => {
  expect(missing([], [], undefined, { begunUs: undefined })).toBe('watch-never-begins');
  expect(missing([], [], undefined, { failed: 'why' })).toBe('watch-ended');
});

test('nothing that nobody wrote is told', () => {
  const history = new History(0);
  history.begin(after);
  const oracle = new WatchOracle();
  const violations = new Violations(() => 0);
  for (const token of ['c1.2', 'progress.1']) oracle.watcher('b').tokens.add(token);
  oracle.checkInvented(history, violations);
  expect(violations.list).toEqual([]);
  oracle.watcher('b').tokens.add('c9.9');
  oracle.checkInvented(history, violations);
  expect(violations.list.map(({ rule }) => rule)).toEqual(['watch-invents']);
});
