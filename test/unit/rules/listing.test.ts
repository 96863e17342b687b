import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { mergedList, type NodeList } from '../../../actors/rules/listing.js';

type Row = readonly [key: string, digest: number, shows: boolean];

function listOf(rows: readonly Row[], isWhole = true): NodeList {
  return {
    keys: rows.map(([key]) => key),
    his: rows.map(() => 0),
    los: rows.map(([, digest]) => digest),
    shown: rows.map(([, , shows]) => shows),
    isWhole,
  };
}

describe('what nodes list becomes one list', () => {
  test('of one node, it is that', () => {
    const { keys, shown, upTo } = mergedList([listOf([['a', 1, true]])]);
    expect([keys, shown, upTo]).toEqual([['a'], [true], undefined]);
  });

  test('a key that one lacks, or holds otherwise, has to be read', () => {
    const ours = listOf([
      ['a', 1, true],
      ['b', 2, true],
      ['d', 4, false],
    ]);
    const theirs = listOf([
      ['a', 1, true],
      ['b', 3, false],
      ['c', 9, true],
      ['d', 4, false],
    ]);
    expect(mergedList([ours, theirs])).toEqual({
      keys: ['a', 'b', 'c', 'd'],
      shown: [true, undefined, undefined, false],
      upTo: undefined,
    });
  });

  test('it goes no further than each of them', () => {
    const ours = listOf(
      [
        ['a', 1, true],
        ['c', 2, true],
      ],
      false,
    );
    const theirs = listOf(
      [
        ['a', 1, true],
        ['b', 3, true],
        ['d', 4, true],
      ],
      false,
    );
    expect(mergedList([ours, theirs])).toEqual({
      keys: ['a', 'b', 'c'],
      shown: [true, undefined, undefined],
      upTo: 'c',
    });
  });

  test('as maps would be merged, whatever the lists', () => {
    const row = fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      fc.nat(2),
      fc.boolean(),
    );
    const list = fc
      .tuple(fc.uniqueArray(row, { selector: ([key]) => key, minLength: 1 }), fc.boolean())
      .map(([rows, isWhole]) =>
        listOf(
          rows.toSorted(([one], [other]) => (one < other ? -1 : 1)),
          isWhole,
        ),
      );
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 4 }), (lists) => {
        const { keys, shown, upTo } = mergedList(lists);
        const ends = lists.filter(({ isWhole }) => !isWhole).map((one) => one.keys.at(-1)!);
        const end = ends.length === 0 ? undefined : ends.toSorted()[0];
        expect(upTo).toBe(end);
        const all = [...new Set(lists.flatMap((one) => one.keys))].sort();
        expect(keys).toEqual(all.filter((key) => end === undefined || key <= end));
        for (const [i, key] of keys.entries()) {
          const held = lists.map((one) => one.los[one.keys.indexOf(key)]);
          const isSame = held.every((digest) => digest !== undefined && digest === held[0]);
          if (!isSame) expect(shown[i]).toBeUndefined();
          else expect(shown[i]).toBe(lists[0]!.shown[lists[0]!.keys.indexOf(key)]);
        }
      }),
    );
  });
});
