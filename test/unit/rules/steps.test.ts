import { describe, expect, test } from '@jest/globals';
import { assert, property } from 'fast-check';
import {
  type Configuration,
  isMember,
  membersOf,
  type Place,
  placeOf as placeIn,
} from '../../../actors/rules/configuration.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  begin,
  cancelled,
  finish,
  foundingConfiguration,
  mayFollow,
  moved,
  released,
  removal,
} from '../../../actors/rules/steps.js';
import {
  allOf,
  histories,
  idOf,
  placeOf,
  placesOf,
  settled,
  taken,
} from '../../support/configurations.js';

const founded = foundingConfiguration(placesOf(3, 1, 2), 4);
const ring = 1;

/** n3 goes, n4 comes. */
const moving = taken(begin(founded, { members: placesOf(4, 1, 2), ring, removed: [] }));

/** n3 is gone for good, n4 comes. */
const replacing = taken(begin(founded, { members: placesOf(1, 2, 4), ring, removed: [idOf(3)] }));

describe('founding', () => {
  test('in any order the same one, of other founders another cluster', () => {
    expect(foundingConfiguration(placesOf(1, 2, 3), 4)).toEqual(founded);
    expect(founded).toMatchObject({ number: 1, layout: 1, leaving: [], removed: [] });
    expect(founded.members.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    const { cluster } = foundingConfiguration(placesOf(1, 2, 4), 4);
    expect(cluster).not.toBe(founded.cluster);
    expect(Number.isInteger(cluster) && cluster >= 0).toBe(true);
  });

  test('with names of its own it is followed by all that follow it', () => {
    const otherwise = [1, 2, 3].map((number) => placeOf(number, { name: `n${number}.old` }));
    const other = foundingConfiguration(otherwise, 4);
    expect(mayFollow(other, moving)).toBe(true);
    expect(mayFollow(other, taken(removal(founded, [idOf(3)])))).toBe(true);
    const again = { ...moving, members: otherwise, number: 3, layout: 3 };
    expect(mayFollow(taken(removal(founded, [idOf(3)])), again)).toBe(false);
    const elsewhere = [1, 2, 3].map((number) => placeOf(number, { host: 'x' }));
    expect(mayFollow(foundingConfiguration(elsewhere, 4), moving)).toBe(false);
  });
});

describe('a move', () => {
  test('begins, goes on, is over: who went has still to hand on what it holds', () => {
    expect(moving).toMatchObject({ number: 2, layout: 2, members: founded.members });
    expect(moving.move).toEqual({ members: placesOf(1, 2, 4), ring: 1, moved: [] });
    const some = taken(moved(moving, [2, 0]));
    expect(some).toMatchObject({ number: 3, layout: 2, move: { moved: [0, 2] } });
    const all = taken(moved(some, [0, 1, 3]));
    expect(all).toMatchObject({ number: 4, layout: 2, move: { moved: [0, 1, 2, 3] } });
    const over = taken(finish(all));
    expect(over).toEqual({
      ...founded,
      number: 5,
      layout: 5,
      members: placesOf(1, 2, 4),
      leaving: [idOf(3)],
    });
    expect(taken(released(over, [idOf(3)]))).toEqual({ ...over, number: 6, leaving: [] });
  });

  test('everybody of both sides is a member, and who leaves', () => {
    expect(membersOf(moving)).toEqual([1, 2, 3, 4].map(idOf));
    expect(membersOf(settled(moving))).toEqual([1, 2, 3, 4].map(idOf));
    expect(isMember(settled(moving), idOf(3))).toBe(true);
    expect(isMember(moving, idOf(5))).toBe(false);
    const heavier = placeOf(1, { weight: 2 });
    const heavy = taken(
      begin(founded, { members: [heavier, ...placesOf(2, 3)], ring, removed: [] }),
    );
    expect(placeIn(heavy, idOf(1))).toEqual(heavier);
    expect(placeIn(moving, idOf(3))).toEqual(placeOf(3));
    expect(placeIn(moving, idOf(9))).toBeUndefined();
  });

  test('without one that was removed: nothing is taken from it at once, and it is a stranger after', () => {
    expect(replacing.removed).toEqual([idOf(3)]);
    expect(isMember(replacing, idOf(3))).toBe(false);
    expect(membersOf(replacing)).toEqual([1, 2, 4].map(idOf));
    const over = settled(replacing);
    expect(over).toMatchObject({ leaving: [], removed: [] });
    expect(isMember(over, idOf(3))).toBe(false);
  });

  test('who leaves comes back before it has handed on everything', () => {
    const over = settled(moving);
    const back = taken(begin(over, { members: placesOf(1, 2, 3), ring, removed: [] }));
    expect(back.leaving).toEqual([]);
    expect(isMember(back, idOf(3))).toBe(true);
    expect(settled(back)).toMatchObject({ members: founded.members, leaving: [idOf(4)] });
  });

  test('who leaves and is gone for good is waited for no longer', () => {
    const over = settled(moving);
    const without = taken(
      begin(over, { members: placesOf(1, 2, 5), ring, removed: [idOf(3), idOf(4)] }),
    );
    expect(without).toMatchObject({ leaving: [], removed: [idOf(4)] });
    expect(mayFollow(over, without)).toBe(true);
  });

  test('to another ring of the same members', () => {
    const { members } = founded;
    const other = taken(begin(founded, { members, ring: 2, removed: [] }));
    expect(settled(other)).toMatchObject({ members, ring: 2, layout: 4 });
  });
});

describe('a removal', () => {
  test('at any time: from then on nothing is taken from it, and a move goes on', () => {
    expect(taken(removal(founded, [idOf(3)]))).toEqual({
      ...founded,
      number: 2,
      removed: [idOf(3)],
    });
    const some = taken(moved(moving, [1]));
    for (const gone of [3, 4]) {
      const without = taken(removal(some, [idOf(gone)]));
      expect(without).toEqual({ ...some, number: 4, removed: [idOf(gone)] });
      expect(isMember(without, idOf(gone))).toBe(false);
      expect(mayFollow(some, without)).toBe(true);
      expect(mayFollow(without, taken(moved(without, [2])))).toBe(true);
    }
  });

  test('of one that goes anyway: it hands on nothing; of one that comes: it goes with the next move', () => {
    const left = settled(taken(removal(moving, [idOf(3)])));
    expect(left).toMatchObject({ members: placesOf(1, 2, 4), leaving: [], removed: [] });
    const came = settled(taken(removal(moving, [idOf(4)])));
    expect(came).toMatchObject({ leaving: [idOf(3)], removed: [idOf(4)] });
    const next = taken(begin(came, { members: placesOf(1, 2), ring, removed: [] }));
    expect(settled(next)).toMatchObject({ members: placesOf(1, 2), removed: [] });
  });

  test('of the one that was removed before and of another that was to come in its stead', () => {
    const both = taken(removal(taken(moved(replacing, [1])), [idOf(4)]));
    expect(both.removed).toEqual([3, 4].map(idOf));
    const over = settled(both);
    expect(over).toMatchObject({ members: placesOf(1, 2, 4), removed: [idOf(4)], leaving: [] });
  });

  test('of several members at once, whichever side they are of', () => {
    expect(taken(removal(moving, [4, 3].map(idOf))).removed).toEqual([3, 4].map(idOf));
  });
});

describe('a cancelled move', () => {
  test('goes back with the sides swapped; what has not moved is where it belongs', () => {
    const back = taken(cancelled(taken(moved(moving, [1, 2]))));
    expect(back).toMatchObject({ number: 4, layout: 2, members: placesOf(1, 2, 4) });
    expect(back.move).toEqual({ members: founded.members, ring: 1, moved: [0, 3] });
    const over = settled(back);
    expect(over).toMatchObject({ members: founded.members, leaving: [idOf(4)] });
    expect(over.move).toBeUndefined();
  });

  test('that has only begun is over at once; who came leaves, and who was removed is nobody', () => {
    const over = taken(cancelled(moving));
    expect(over).toEqual({ ...founded, number: 3, layout: 3, leaving: [idOf(4)] });
    expect(mayFollow(moving, over)).toBe(true);
  });

  test('once something has happened to it not at once: by that layout some may have moved', () => {
    const there = taken(moved(moving, allOf(moving)));
    const back = taken(moved(taken(cancelled(there)), allOf(moving)));
    // Of n1, n2, n4 again, and nothing has moved; some nodes may not know that yet.
    const again = taken(cancelled(back));
    expect(again.move?.moved).toEqual([]);
    expect(taken(cancelled(again)).move).toBeDefined();
    expect(taken(cancelled(taken(removal(moving, [idOf(4)])))).move).toBeDefined();
  });

  test('the rings go back with the members', () => {
    const other = taken(begin(founded, { members: placesOf(1, 2, 4), ring: 2, removed: [] }));
    const some = taken(moved(other, [1]));
    const back = taken(cancelled(some));
    expect(back).toMatchObject({ ring: 2, move: { ring: 1 } });
    expect(cancelled(back)).toEqual({ ...some, number: 5 });
  });

  test('goes back to where one was that was removed; it keeps its place until the next move', () => {
    const over = settled(taken(cancelled(taken(moved(replacing, [1])))));
    expect(over).toMatchObject({ members: founded.members, removed: [idOf(3)] });
    expect(over.leaving).toEqual([idOf(4)]);
    expect(taken(cancelled(replacing))).toMatchObject({
      members: founded.members,
      removed: [idOf(3)],
      leaving: [idOf(4)],
    });
  });
});

describe('objections', () => {
  const to = { members: placesOf(1, 2), ring: 1, removed: [] } as const;
  const without3 = taken(removal(founded, [idOf(3)]));
  const last = { ...founded, number: limits.configurationNumberMax };
  const many = Array.from({ length: limits.membersMax - 2 }, (_, i) => placeOf(i + 4));

  test.each([
    ['a second move', () => begin(taken(moved(moving, [1])), to), 'a move is under way, 1 of 4'],
    ['nobody', () => begin(founded, { ...to, members: [] }), 'nobody would hold anything'],
    [
      'nobody who holds anything',
      () => begin(founded, { ...to, members: [placeOf(1, { weight: 0 })] }),
      'nobody would hold anything',
    ],
    [
      'the same again',
      () => begin(founded, { ...to, members: placesOf(3, 2, 1) }),
      'nothing would',
    ],
    ['the removed', () => begin(without3, { ...to, members: placesOf(1, 3) }), 'n3 was removed'],
    ['those it removes', () => begin(founded, { ...to, removed: [idOf(2)] }), 'n2 was removed'],
    ['a stranger removed', () => begin(founded, { ...to, removed: [idOf(7)] }), 'no member 0000'],
    [
      'everybody removed',
      () => begin(founded, { ...to, members: placesOf(4), removed: [1, 2, 3].map(idOf) }),
      'no member would be left',
    ],
    [
      'one of them twice',
      () => begin(founded, { ...to, members: placesOf(1, 2, 2) }),
      'n2 is named',
    ],
    [
      'no weight',
      () => begin(founded, { ...to, members: [placeOf(1, { weight: Number.NaN })] }),
      'weight of n1: from 0 to 64, not NaN',
    ],
    ['too many', () => begin(founded, { ...to, members: many }), '257 nodes would be members'],
    ['no number is left', () => begin(last, to), 'no number is left'],
    ['moved, while nothing moves', () => moved(founded, [1]), 'nothing is moving'],
    ['finish, while nothing moves', () => finish(founded), 'nothing is moving'],
    ['cancel, while nothing moves', () => cancelled(founded), 'nothing is moving'],
    ['a partition there is not', () => moved(moving, [4]), 'the cluster has no partition 4'],
    ['moved twice', () => moved(taken(moved(moving, [1])), [1]), 'no other partition has moved'],
    ['finish too early', () => finish(taken(moved(moving, [0, 1, 2]))), '3 of 4 partitions have'],
    ['released, a member', () => released(founded, [idOf(1)]), `${idOf(1)} is not leaving`],
    ['removal of nobody', () => removal(founded, []), 'nobody is named'],
    ['removal of a stranger', () => removal(founded, [idOf(4)]), 'no member 0000'],
    ['removal of who leaves', () => removal(settled(moving), [idOf(3)]), 'no member 0000'],
    ['removal for the second time', () => removal(without3, [idOf(3)]), 'was removed before'],
    ['removal of all', () => removal(founded, [1, 2, 3].map(idOf)), 'no member would be left'],
    [
      'removal of all who come',
      () => removal(taken(begin(founded, { ...to, members: placesOf(4, 5) })), [4, 5].map(idOf)),
      'cancel the move first',
    ],
    [
      'cancel, where nobody is left to go back to',
      () => {
        const idle = placeOf(2, { weight: 0 });
        const some = foundingConfiguration([placeOf(1), idle], 4);
        const out = begin(some, { ...to, members: placesOf(4), removed: [idOf(1)] });
        return cancelled(taken(out));
      },
      'nobody is left to whom',
    ],
    ['released, nobody', () => released(settled(moving), []), 'nobody is named'],
  ])('%s', (_what, step, text) => {
    expect(step()).toContain(text);
  });
});

describe('what may follow', () => {
  test('each step, and nothing but one', () => {
    const holds = property(histories, (history) => {
      history.forEach((before, i) => {
        history.forEach((after, k) => {
          if (mayFollow(before, after) !== (k === i + 1))
            throw new Error(`${i} → ${k}: ${JSON.stringify([before, after])}`);
        });
      });
    });
    assert(holds, { seed: 1, numRuns: 300 });
  });

  const some = taken(moved(moving, [1]));
  test.each<[string, Configuration, Configuration]>([
    ['itself', founded, founded],
    ['another cluster', founded, { ...moving, cluster: moving.cluster ^ 1 }],
    ['a number left out', founded, { ...moving, number: 3 }],
    ['a layout of its own', moving, { ...some, layout: 3 }],
    ['no layout of its own', founded, { ...moving, layout: 1 }],
    ['more partitions', founded, { ...moving, partitions: 5 }],
    ['a partition not moved any more', some, { ...moving, number: 4 }],
    ['other members', founded, { ...founded, number: 2, members: placesOf(1, 2) }],
    [
      'a move to others meanwhile',
      moving,
      { ...some, move: { ...some.move!, members: placesOf(1) } },
    ],
    ['somebody removed on the way', moving, { ...some, removed: [idOf(1)] }],
    ['a stranger removed', moving, { ...moving, number: 3, removed: [idOf(9)] }],
    ['a removed one back', replacing, { ...taken(moved(replacing, [1])), removed: [] }],
    ['a stranger that leaves', founded, { ...moving, leaving: [idOf(9)] }],
    ['a removed one taken in', founded, { ...moving, removed: [idOf(4)] }],
  ])('not %s', (_what, before, after) => {
    expect(mayFollow(before, after)).toBe(false);
  });
});

test('whatever was done: every member has one part, and nobody removed is to hold anything', () => {
  const holds = property(histories, (history) => {
    for (const configuration of history) {
      const { members, move, leaving, removed, layout, number } = configuration;
      const sides = [...members, ...(move?.members ?? [])].map(({ id }) => id);
      expect(leaving.filter((id) => sides.includes(id))).toEqual([]);
      expect(removed.filter((id) => !sides.includes(id))).toEqual([]);
      expect([...new Set(members.map(({ id }) => id))].sort()).toEqual(members.map(({ id }) => id));
      expect(layout).toBeLessThanOrEqual(number);
      const left = (places: readonly Place[]) => places.some(({ id }) => !removed.includes(id));
      expect([members, ...(move === undefined ? [] : [move.members])].every(left)).toBe(true);
      for (const id of sides) expect(isMember(configuration, id)).toBe(!removed.includes(id));
      expect(membersOf(configuration).every((id) => isMember(configuration, id))).toBe(true);
    }
  });
  assert(holds, { seed: 2, numRuns: 300 });
});
