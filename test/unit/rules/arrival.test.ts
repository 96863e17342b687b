import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type Arrival,
  areTogether,
  arrivalObjection,
  intakeOf,
  replacedBy,
} from '../../../actors/rules/arrival.js';
import { chainLimits } from '../../../actors/rules/limits/chain.js';
import type { JoinWish } from '../../../actors/rules/membership.js';
import { planned } from '../../../actors/rules/plan.js';
import { begin, foundingConfiguration } from '../../../actors/rules/steps.js';
import {
  histories,
  idOf,
  placeOf,
  placesOf,
  settled,
  taken,
} from '../../support/configurations.js';

const founded = foundingConfiguration(placesOf(1, 2, 3), 8);
/** n3 leaves. */
const leaving = settled(taken(begin(founded, { members: placesOf(1, 2), ring: 1, removed: [] })));
const auto: JoinWish = { join: 'auto', replaces: '' };

function arrival(number: number, wish: Partial<JoinWish> = {}, name = `n${number}`): Arrival {
  return { place: placeOf(number, { name }), wish: { ...auto, ...wish } };
}

describe('nodes that are started together', () => {
  const { waitingMsMin: least, togetherMsMax: most } = chainLimits;

  test('come when the last one has been here for a while, and nobody waits longer than that for others', () => {
    expect(areTogether([least], false)).toBe(true);
    expect(areTogether([least - 1], false)).toBe(false);
    expect(areTogether([most - 1, least - 1], false)).toBe(false);
    expect(areTogether([most - 1, least], false)).toBe(true);
    expect(areTogether([most, 0], false)).toBe(true);
  });

  test('wait as well for one of whom it is asked whether it may replace another', () => {
    expect(areTogether([most - 1, least], true)).toBe(false);
    expect(areTogether([most, least], true)).toBe(true);
    expect(areTogether([], true)).toBe(false);
  });
});

describe('the member that a node replaces', () => {
  test('is named by its name or its id; one that leaves by its id', () => {
    expect(replacedBy(founded, { ...auto, replaces: 'n2' })).toBe(idOf(2));
    expect(replacedBy(founded, { ...auto, replaces: idOf(2) })).toBe(idOf(2));
    expect(replacedBy(leaving, { ...auto, replaces: idOf(3) })).toBe(idOf(3));
  });

  test('is nobody where none is named, none has the name, several have, or it was removed', () => {
    expect(replacedBy(founded, auto)).toBeUndefined();
    expect(replacedBy(founded, { ...auto, replaces: 'n9' })).toBeUndefined();
    const twins = foundingConfiguration([placeOf(1), placeOf(2, { name: 'n1' })], 8);
    expect(replacedBy(twins, { ...auto, replaces: 'n1' })).toBeUndefined();
    const without = { ...foundingConfiguration(placesOf(1, 2, 3), 8), removed: [idOf(2)] };
    expect(replacedBy(without, { ...auto, replaces: 'n2' })).toBeUndefined();
  });
});

describe('a node that waits', () => {
  test.each<[string, Arrival, RegExp]>([
    ['asks first', arrival(4, { join: 'ask' }), /operator.*quorate ring plan --add n4/],
    [
      'replaces, and asks first',
      arrival(4, { join: 'ask', replaces: 'n2' }),
      /quorate replace n2 n4/,
    ],
    [
      'has the name of a member',
      arrival(4, {}, 'n2'),
      /named n2 already: start it with --replaces n2/,
    ],
    ['replaces one there is not', arrival(4, { replaces: 'n9' }), /no such member/],
    ['replaces one, and has the name of another', arrival(4, { replaces: 'n1' }, 'n2'), /named n2/],
  ])('%s: it is not taken in by itself, and says why', (_, waiting, why) => {
    expect(arrivalObjection(founded, waiting)).toMatch(why);
    expect(intakeOf(founded, [waiting], () => true)).toEqual({ come: [], gone: [] });
  });

  test('of two with one name the first comes, and of two that replace one', () => {
    const { come } = intakeOf(founded, [arrival(5), arrival(6, {}, 'n5')], () => false);
    expect(come).toEqual([placeOf(5)]);
    const both = [arrival(5, { replaces: 'n3' }), arrival(6, { replaces: 'n3' })];
    const { come: one, gone } = intakeOf(founded, both, () => true);
    expect([one, gone]).toEqual([[placeOf(5)], [idOf(3)]]);
  });

  test('may have the name of the one it replaces, or of one that was removed', () => {
    const waiting = arrival(4, { replaces: 'n2' }, 'n2');
    expect(arrivalObjection(founded, waiting)).toBeUndefined();
    expect(intakeOf(founded, [waiting], () => false)).toEqual({ come: [], gone: [] });
    expect(intakeOf(founded, [waiting], () => true).gone).toEqual([idOf(2)]);
    const without = { ...foundingConfiguration(placesOf(1, 2, 3), 8), removed: [idOf(2)] };
    expect(intakeOf(without, [arrival(4, {}, 'n2')], () => false).come).toHaveLength(1);
  });
});

test('what is taken in is what an operator could plan, if anything can begin', () => {
  const arrivals = fc.array(
    fc
      .tuple(
        fc.integer({ min: 13, max: 17 }),
        fc.constantFrom('auto', 'ask'),
        fc.constantFrom('', 'n1', 'n2', idOf(3), 'n9'),
        fc.constantFrom('n1', 'n2', 'x', 'y'),
      )
      .map(([number, join, replaces, name]) => arrival(number, { join, replaces }, name)),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(histories, arrivals, (history, waiting) => {
      const from = history.at(-1)!;
      const unique = waiting.filter(
        ({ place }, i) => waiting.findIndex((other) => other.place.id === place.id) === i,
      );
      const { come, gone } = intakeOf(from, unique, () => true);
      const names = come.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(new Set(gone).size).toBe(gone.length);
      for (const { wish } of unique.filter(({ place }) => come.includes(place)))
        expect(wish.join).toBe('auto');
      if (come.length === 0 || from.move !== undefined) return;
      const add = come.filter(
        (place) => unique.find((one) => one.place === place)!.wish.replaces === '',
      );
      const by = come.filter((place) => !add.includes(place));
      const replace = by.map((place, i) => ({ old: gone[i]!, by: place }));
      const to = planned(from, { add, replace }, gone);
      if (typeof to === 'string')
        expect(to).toMatch(/no member would be left|nobody would hold anything/);
      else
        expect(to.removed.filter((id) => !from.removed.includes(id))).toEqual(
          gone.filter((id) => !from.leaving.includes(id)).sort(),
        );
    }),
  );
});
