/** What follows where survivors go on without a majority. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Configuration, membersOf } from '../../../actors/rules/configuration.js';
import { areForked, eraOf, firstNumberOf, hasParted } from '../../../actors/rules/era.js';
import { chainLimits } from '../../../actors/rules/limits/chain.js';
import {
  isRecoveredFrom,
  isRecoveryOf,
  lostOf,
  mayHaveBegun,
  recovered,
  recoveryObjection,
  takenUp,
} from '../../../actors/rules/recovery.js';
import { lossOf } from '../../../actors/rules/recovery-loss.js';
import {
  begin,
  cancelled,
  foundingConfiguration,
  mayFollow,
  moved,
  removal,
} from '../../../actors/rules/steps.js';
import { votersOf } from '../../../actors/rules/voters.js';
import { decodeConfiguration, encodeConfiguration } from '../../../src/wire/configuration-codec.js';
import { allOf, histories, idOf, placeOf, placesOf, taken } from '../../support/configurations.js';

const seed = 20_261_130;
const era = 2 ** 20;
const ids = (...numbers: readonly number[]): string[] => numbers.map(idOf);
const founded = foundingConfiguration(placesOf(1, 2, 3, 4, 5), 16);
/** n4 and n5 go, n6 and n7 come. */
const moving = taken(begin(founded, { members: placesOf(1, 2, 3, 6, 7), ring: 1, removed: [] }));
const half = taken(moved(moving, [0, 3]));

function lastRecovery({ recoveries }: Configuration): number {
  return recoveries.at(-1)?.name ?? 0;
}

const doVote = (): boolean => true;

function said(of: Configuration): { readonly number: number; readonly recovery: number } {
  return { number: of.number, recovery: lastRecovery(of) };
}

/** To what each has agreed. */
function agreed(
  ...entries: readonly [number, Configuration | undefined][]
): Map<string, Configuration | undefined> {
  return new Map(entries.map(([number, to]) => [idOf(number), to]));
}

describe('a recovery', () => {
  test('removes all others, in a configuration that is the first of the next era and a layout of its own', () => {
    const after = taken(recovered(founded, ids(2, 5)));
    expect(after).toEqual({
      ...founded,
      number: era,
      layout: era,
      removed: ids(1, 3, 4),
      recoveries: [{ from: 1, name: lastRecovery(after) }],
    });
    expect(votersOf(after)).toEqual(ids(2, 5));
    const again = taken(recovered(taken(removal(after, ids(2))), ids(5)));
    expect(again).toMatchObject({ number: 2 * era, removed: ids(1, 2, 3, 4) });
    expect(again.recoveries.map(({ from }) => from)).toEqual([1, era + 1]);
  });

  test('of nobody who owns anything, of a stranger, and where no era is left: none', () => {
    expect(recovered(founded, [])).toMatch(/nobody survives/);
    expect(recovered(founded, ids(1, 9))).toMatch(/no member 0+9/);
    const light = foundingConfiguration([placeOf(1, { weight: 0 }), placeOf(2)], 4);
    expect(recovered(light, ids(1))).toMatch(/nobody survives/);
    let last = founded;
    for (let i = 0; i < chainLimits.recoveriesMax; i++) last = taken(recovered(last, ids(1, 2)));
    expect(decodeConfiguration(encodeConfiguration(last))).toEqual(last);
    expect(recovered(last, ids(1, 2))).toMatch(/recovered 64 times: no era is left/);
  });

  test('a step never leads into the next era, which is of survivors alone', () => {
    const last = { ...founded, number: era - 1, layout: 7 };
    expect(removal(last, ids(1))).toMatch(/no number is left/);
    expect(taken(recovered(last, ids(1))).number).toBe(era);
  });

  test('a move goes on while both sides have somebody; else it is over with the side that is left', () => {
    const both = taken(recovered(half, ids(4, 6)));
    expect(both.move).toEqual(half.move);
    expect(both.removed).toEqual(ids(1, 2, 3, 5, 7));
    const before = taken(recovered(half, ids(4, 5)));
    expect(before).toMatchObject({ members: founded.members, removed: ids(1, 2, 3) });
    expect(before.move).toBeUndefined();
    const after = taken(recovered(half, ids(6, 7)));
    expect(after).toMatchObject({ members: half.move!.members, removed: ids(1, 2, 3) });
    expect(after.move).toBeUndefined();
    // Who stays and owns nothing has still to hand on what it holds.
    const weightless = foundingConfiguration(
      [placeOf(1), placeOf(2), placeOf(4, { weight: 0 })],
      4,
    );
    const going = taken(begin(weightless, { members: placesOf(3, 5), ring: 1, removed: [] }));
    expect(taken(recovered(going, ids(4, 3)))).toMatchObject({
      members: placesOf(3, 5),
      leaving: ids(4),
      removed: ids(5),
    });
  });

  test('a move that has come somewhere goes back partition by partition, though its layout has just begun', () => {
    const after = taken(recovered(half, ids(1, 4, 6)));
    expect(after.layout).toBe(after.number);
    const back = taken(cancelled(after));
    expect(back.move?.moved).toEqual(
      allOf(half).filter((partition) => ![0, 3].includes(partition)),
    );
    const early = taken(cancelled(taken(recovered(moving, ids(1, 4, 6)))));
    expect(early.move).toBeUndefined();
  });

  test('of any configuration and any survivors: only they are members, all know it from its number, and it is found to follow, by no step', () => {
    let some = 0;
    fc.assert(
      fc.property(
        histories,
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        (history, stays) => {
          const base = history.at(-1)!;
          const survivors = membersOf(base).filter((_, i) => stays[i]!);
          const after = recovered(base, survivors);
          if (typeof after === 'string') return;
          some++;
          expect(membersOf(after)).toEqual(survivors);
          expect(lostOf(base, survivors)).toEqual(
            membersOf(base).filter((id) => !survivors.includes(id)),
          );
          expect(eraOf(after.number)).toBe(eraOf(base.number) + 1);
          expect(votersOf(after).length).toBeGreaterThan(0);
          expect(votersOf(after).every((id) => survivors.includes(id))).toBe(true);
          expect(isRecoveryOf(base, after)).toBe(true);
          expect(mayFollow(base, after)).toBe(false);
          expect(decodeConfiguration(encodeConfiguration(after))).toEqual(after);
          // In any order, and by whoever asks for it.
          expect(recovered(base, survivors.toReversed())).toEqual(after);
        },
      ),
      { seed, numRuns: 300 },
    );
    expect(some).toBeGreaterThan(100);
  });

  test('anything else is no recovery', () => {
    const after = taken(recovered(founded, ids(1, 2)));
    const name = lastRecovery(after);
    for (const other of [
      { ...after, number: 2 * era, layout: 2 * era },
      { ...after, layout: 1 },
      { ...after, removed: ids(3, 4) },
      { ...after, recoveries: [] },
      { ...after, recoveries: [{ from: 1, name: name ^ 1 }] },
      { ...after, members: placesOf(1, 2) },
      { ...founded, number: 2 },
    ])
      expect(isRecoveryOf(founded, other)).toBe(false);
    expect(isRecoveryOf(moving, after)).toBe(false);
  });

  test('needs none where a majority is there and votes', () => {
    expect(recoveryObjection(founded, ids(1, 2, 3), doVote)).toMatch(/3 of the 5 .* a majority/);
    expect(recoveryObjection(founded, ids(1, 2), doVote)).toBeUndefined();
    // Disks that were put back from copies.
    expect(recoveryObjection(founded, ids(1, 2, 3), (id) => id !== idOf(3))).toBeUndefined();
  });
});

describe('recoveries that knew nothing of each other', () => {
  const [one, other] = [taken(recovered(founded, ids(1, 2))), taken(recovered(founded, ids(4, 5)))];

  test('have one number and two names, and neither follows the other, nor what follows it', () => {
    expect(one.number).toBe(other.number);
    expect(lastRecovery(one)).not.toBe(lastRecovery(other));
    const later = taken(removal(other, ids(4)));
    const second = taken(recovered(later, ids(5)));
    for (const theirs of [other, later, second]) {
      expect(areForked(one, theirs)).toBe(true);
      expect(areForked(theirs, one)).toBe(true);
    }
  });

  test('by what a beat says: where it is of an era that is known here; else the configuration tells', () => {
    const second = taken(recovered(other, ids(4)));
    expect(hasParted(one, said(other))).toBe(true);
    expect(hasParted(second, said(one))).toBe(true);
    expect(hasParted(one, said(second))).toBe(false);
    for (const mine of [founded, one, second])
      for (const theirs of [founded, taken(removal(founded, ids(3)))])
        expect(hasParted(mine, said(theirs))).toBe(false);
    expect(hasParted(second, said(other))).toBe(false);
    expect(hasParted(founded, said(one))).toBe(false);
  });

  test('a configuration and what came before it in the same chain are not forked', () => {
    const second = taken(recovered(one, ids(1)));
    for (const [some, others] of [
      [founded, one],
      [one, second],
      [founded, second],
    ] as const) {
      expect(areForked(some, others)).toBe(false);
      expect(areForked(others, some)).toBe(false);
    }
  });
});

describe('what an earlier try may have come to', () => {
  const one = taken(recovered(founded, ids(1, 2)));
  const two = taken(recovered(founded, ids(2, 3)));
  test('it may have come about where all of it who are here have agreed', () => {
    expect(mayHaveBegun(agreed([1, one], [2, one]))).toEqual([one]);
    expect(mayHaveBegun(agreed([2, one], [3, undefined]))).toEqual([one]);
    expect(mayHaveBegun(agreed([1, undefined], [2, one]))).toEqual([]);
    expect(mayHaveBegun(agreed([1, one], [2, two]))).toEqual([two]);
    expect(mayHaveBegun(agreed([1, one], [2, two], [3, undefined]))).toEqual([]);
    expect(mayHaveBegun(agreed([1, one], [2, two], [3, two]))).toEqual([two]);
    expect(mayHaveBegun(agreed([1, one], [3, two]))).toEqual([one, two]);
    expect(mayHaveBegun(agreed([1, undefined]))).toEqual([]);
  });

  test('what was made of it counts for it; and where all have agreed to that, in its stead', () => {
    const made = taken(takenUp(one, ids(2, 3)));
    expect(made).toEqual(recovered(one, ids(2)));
    expect(taken(takenUp(one, ids(1, 2, 4)))).toBe(one);
    expect(mayHaveBegun(agreed([1, one], [2, made]))).toEqual([made]);
    expect(mayHaveBegun(agreed([2, made], [3, undefined]))).toEqual([made]);
    const first = taken(recovered(founded, ids(1, 2, 3)));
    const second = taken(recovered(first, ids(2, 3)));
    expect(mayHaveBegun(agreed([2, first], [3, second]))).toEqual([first]);
  });

  test('it counts until the cluster goes on without it', () => {
    const made = taken(recovered(one, ids(2)));
    const on = taken(removal(founded, ids(5)));
    const is = (base: Configuration) => [one, made].map((after) => isRecoveredFrom(base, after));
    expect(is(founded)).toEqual([true, true]);
    expect(is(one)).toEqual([false, true]);
    expect(is(on)).toEqual([false, false]);
    expect(is(made)).toEqual([false, false]);
  });
});

describe('what it costs', () => {
  test('a partition without an owner is gone; one whose lost owners alone may have acknowledged a put is exposed', () => {
    const three = foundingConfiguration(placesOf(1, 2, 3), 8);
    const all = allOf(three);
    const loss = (w: number, ...left: readonly number[]) => {
      const { gone, exposed } = lossOf(three, new Set(ids(...left)), { n: 3, w });
      return [gone, exposed];
    };
    expect(loss(2, 1)).toEqual([[], all]);
    expect(loss(3, 1)).toEqual([[], []]);
    expect(loss(2, 1, 2)).toEqual([[], []]);
    expect(loss(2)).toEqual([all, []]);
  });

  test('with fewer replicas than members some partitions are gone, and those that moved are whole with the new owners', () => {
    const five = lossOf(founded, new Set(ids(1, 2)), { n: 2, w: 1 });
    expect(five.gone.length).toBeGreaterThan(0);
    expect(five.exposed.length).toBeGreaterThan(0);
    const to = taken(begin(founded, { members: placesOf(6, 7, 8), ring: 1, removed: [] }));
    const some = taken(moved(to, [1, 4]));
    const left = lossOf(some, new Set(ids(6, 7, 8)), { n: 3, w: 2 });
    expect(left.gone).toEqual([]);
    expect(left.exposed).toEqual(allOf(some).filter((p) => ![1, 4].includes(p)));
  });
});

test('numbers of an era begin where those of the one before end', () => {
  expect([0, 1, era - 1, era, 2 * era + 3].map(eraOf)).toEqual([0, 0, 0, 1, 2]);
  expect(firstNumberOf(3)).toBe(3 * era);
});
