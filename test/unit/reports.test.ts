/** What nodes say of themselves counts for the life in which they say it. */
import { beforeEach, expect, test } from '@jest/globals';
import { Reports } from '../../src/membership/reports.js';
import type { NewsOfChain } from '../../src/wire/protocol/news.js';

const layout = 4;
const told: NewsOfChain = {
  cluster: 1,
  number: 5,
  recovery: 0,
  progress: { layout, received: [2, 3], isEmpty: true, emptied: ['shop'] },
};

let lives: Map<string, number>;
let reports: Reports;

beforeEach(() => {
  lives = new Map([['a', 7]]);
  reports = new Reports((node) => lives.get(node));
});

const said = (node: string): unknown[] => [
  reports.numberOf(node),
  reports.hasReceived(node, 2, { layout, since: 5 }),
  reports.isEmpty(node, layout),
  reports.hasEmptied(node, 'shop', layout),
];
const nothing = [undefined, false, false, false];

test('it counts by its layout, until something else is said', () => {
  reports.hear('a', 7, told);
  expect(said('a')).toEqual([5, true, true, true]);
  expect(reports.hasReceived('a', 1, { layout, since: 5 })).toBe(false);
  expect(reports.hasReceived('a', 2, { layout: layout + 1, since: 5 })).toBe(false);
  expect(reports.isEmpty('a', layout + 1)).toBe(false);
  expect(reports.hasEmptied('a', 'shop', layout + 1)).toBe(false);
  expect(reports.hasEmptied('a', 'other', layout)).toBe(false);
  // Something else is to be received since then.
  expect(reports.hasReceived('a', 2, { layout, since: 6 })).toBe(false);
  reports.hear('a', 7, { ...told, progress: undefined });
  expect(said('a')).toEqual([5, false, false, false]);
});

test('who lives anew has said nothing yet, by whomever that was told: its disk may be another one', () => {
  reports.hear('a', 7, told);
  lives.set('a', 8);
  expect(said('a')).toEqual(nothing);
  reports.hear('a', 8, { ...told, number: 6 });
  expect(said('a')).toEqual([6, true, true, true]);
});

test('what a former life said and came late does not count, and puts nothing out of the way', () => {
  lives.set('a', 8);
  reports.hear('a', 7, told);
  expect(said('a')).toEqual(nothing);
  reports.hear('a', 8, { ...told, number: 6 });
  reports.hear('a', 7, told);
  expect(said('a')).toEqual([6, true, true, true]);
});

test('of nodes that nobody knows nothing is kept', () => {
  reports.hear('b', 1, told);
  lives.set('b', 1);
  expect(said('b')).toEqual(nothing);
  reports.hear('b', 1, told);
  lives.delete('b');
  reports.keepOnlyKnown();
  lives.set('b', 1);
  expect(said('b')).toEqual(nothing);
});
