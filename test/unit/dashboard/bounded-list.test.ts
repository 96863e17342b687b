import { expect, test } from '@jest/globals';
import { array, assert, integer, nat, property } from 'fast-check';
import { BoundedList } from '../../../src/dashboard/page/bounded-list.js';

test('a bounded list keeps the latest, by numbers that stay', () => {
  assert(
    property(
      integer({ min: 1, max: 7 }),
      array(array(nat(), { maxLength: 12 })),
      (lengthMax, batches) => {
        const list = new BoundedList<number>(lengthMax);
        const all: number[] = [];
        for (const batch of batches) {
          list.push(batch);
          all.push(...batch);
          const first = Math.max(0, all.length - lengthMax);
          expect([list.first, list.next, list.length]).toEqual([
            first,
            all.length,
            all.length - first,
          ]);
          expect(list.since(0)).toEqual(all.slice(first));
          expect(list.since(first + 1)).toEqual(all.slice(first + 1));
          expect([list.at(first - 1), list.at(first)]).toEqual([undefined, all[first]]);
          expect(list.last).toBe(all.at(-1));
        }
      },
    ),
  );
});

test('the first of a kind is found by halves', () => {
  const list = new BoundedList<number>(5);
  list.push([1, 3, 5, 7, 9, 11]);
  expect(list.firstWhere((value) => value > 5)).toBe(3);
  expect(list.firstWhere((value) => value > 100)).toBe(list.next);
  expect(list.firstWhere(() => true)).toBe(list.first);
});

test('a list that was cleared goes on counting', () => {
  const list = new BoundedList<number>(2);
  list.push([1, 2, 3]);
  list.clear();
  expect([list.first, list.next, list.last]).toEqual([3, 3, undefined]);
  list.push([4]);
  expect(list.at(3)).toBe(4);
});
