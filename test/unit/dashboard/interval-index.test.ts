/** What covers a time, found without looking at all of it. */
import { expect, test } from '@jest/globals';
import { IntervalIndex } from '../../../src/dashboard/page/parts/interval-index.js';

function intervals(count: number): { fromUs: number; toUs: number }[] {
  let state = 7;
  const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  return Array.from({ length: count }, () => {
    const fromUs = next(10_000);
    return { fromUs, toUs: next(20) === 0 ? Number.POSITIVE_INFINITY : fromUs + next(300) };
  }).sort((a, b) => a.fromUs - b.fromUs);
}

test.each([0, 1, 2, 3, 100, 1_000])('of %d: as looking at each finds it', (count) => {
  const all = intervals(count);
  const index = new IntervalIndex(all);
  for (let from = -100; from < 10_500; from += 333) {
    const to = from + (from % 5) * 40;
    const each = all.flatMap(({ fromUs, toUs }, number) =>
      fromUs <= to && toUs >= from ? number : [],
    );
    expect(index.within({ from, to, most: Number.POSITIVE_INFINITY })).toEqual(each);
    expect(index.within({ from, to, most: 5 })).toEqual(each.slice(-5));
  }
});

test('a hundred thousand that never end take no more room than others', () => {
  const all = Array.from({ length: 100_000 }, (_, fromUs) => {
    return { fromUs, toUs: Number.POSITIVE_INFINITY };
  });
  const index = new IntervalIndex(all);
  expect(index.within({ from: 5, to: 5, most: 10 })).toEqual([0, 1, 2, 3, 4, 5]);
  expect(index.within({ from: 1e9, to: 1e9, most: 2 })).toEqual([99_998, 99_999]);
});
