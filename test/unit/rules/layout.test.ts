import { describe, expect, test } from '@jest/globals';
import { assert, property } from 'fast-check';
import type { Configuration } from '../../../actors/rules/configuration.js';
import { directionOf, layoutOf } from '../../../actors/rules/layout.js';
import { isMoving, placementOf, replicasOf } from '../../../actors/rules/placement.js';
import { ringOf } from '../../../actors/rules/ring.js';
import {
  begin,
  cancelled,
  foundingConfiguration,
  moved,
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

const partitions = 64;
const three = placesOf(1, 2, 3);
const four = placesOf(1, 2, 3, 4);
const founded = foundingConfiguration(three, partitions);
const growing = taken(begin(founded, { members: four, ring: 1, removed: [] }));

function placementsOf(configuration: Configuration, n: number) {
  const layout = layoutOf(configuration);
  return allOf(configuration).map((partition) => placementOf(layout, partition, n));
}

function sorted(nodes: readonly string[]): string[] {
  return [...nodes].sort();
}

describe('a layout', () => {
  test('that is stable is the ring of its members', () => {
    const ring = ringOf(three, partitions);
    placementsOf(founded, 2).forEach(({ primaries, incoming, fallbacks }, partition) => {
      expect([...primaries, ...fallbacks]).toEqual(ring.preferenceList(partition));
      expect(incoming).toEqual([]);
    });
  });

  test('that moves has the owners of both rings; what has moved is read of the new ones', () => {
    const [before, after] = [ringOf(three, partitions), ringOf(four, partitions)];
    const some = taken(moved(growing, [0, 5, 9, 40, 41, 42]));
    let moving = 0;
    placementsOf(some, 3).forEach((placement, partition) => {
      const from = before.preferenceList(partition).slice(0, 3);
      const to = after.preferenceList(partition).slice(0, 3);
      expect(placement.primaries).toEqual(from);
      if (!to.includes(idOf(4))) return expect(isMoving(placement)).toBe(false);
      moving++;
      expect(placement.incoming).toEqual(to);
      expect(placement.readers).toEqual(some.move!.moved.includes(partition) ? to : from);
    });
    expect(moving).toBeGreaterThan(partitions / 2);
  });

  test('of which the move is over is the one it moved to', () => {
    expect(placementsOf(settled(growing), 3)).toEqual(
      placementsOf(foundingConfiguration(four, partitions), 3),
    );
  });

  test('has members of weight 0 nowhere', () => {
    const idle = placeOf(3, { weight: 0 });
    const draining = taken(
      begin(founded, { members: [...placesOf(1, 2), idle], ring: 1, removed: [] }),
    );
    for (const { incoming } of placementsOf(draining, 3))
      expect(sorted(incoming)).toEqual([1, 2].map(idOf));
    for (const { primaries, fallbacks } of placementsOf(settled(draining), 3))
      expect(sorted([...primaries, ...fallbacks])).toEqual([1, 2].map(idOf));
  });

  test('moves in a direction, which a cancel turns and nothing else: also where rings alone differ', () => {
    expect(directionOf(founded)).toBeUndefined();
    const turned = begin(founded, { members: three, ring: 2, removed: [] });
    for (const begun of [growing, taken(turned)]) {
      const some = taken(moved(begun, [1]));
      const gone = taken(removal(some, [idOf(3)]));
      const back = taken(cancelled(gone));
      const forth = taken(cancelled(taken(moved(back, [1]))));
      const first = directionOf(begun)!;
      expect([some, gone, forth].map(directionOf)).toEqual([first, first, first]);
      expect(directionOf(back)).toBe(1 - first);
    }
  });

  test('takes the rings of the one before it as far as they are the same', () => {
    const first = layoutOf(founded);
    const begun = layoutOf(growing, first);
    expect(begun.rings[0]).toBe(first.rings[0]);
    const later = layoutOf(taken(moved(growing, [1])), begun);
    expect(later.rings).toEqual(begun.rings);
    expect(later.rings[1]!.ring).toBe(begun.rings[1]!.ring);
    const back = layoutOf(taken(cancelled(taken(moved(growing, [1])))), later);
    expect(back.rings.map(({ ring }) => ring)).toEqual(
      begun.rings.map(({ ring }) => ring).toReversed(),
    );
    const over = layoutOf(settled(growing), later);
    expect(over.rings[0]!.ring).toBe(begun.rings[1]!.ring);
    const other = { ...founded, partitions: partitions * 2 };
    expect(layoutOf(other, first).preferenceList(partitions)).toHaveLength(3);
  });
});

describe('whatever was done', () => {
  test('partitions of one group have equal placements; of other groups or not', () => {
    const holds = property(histories, (history) => {
      for (const configuration of history) {
        const layout = layoutOf(configuration);
        for (const n of [1, 3]) {
          const seen = new Map<number, unknown>();
          for (const partition of allOf(configuration)) {
            const placement = placementOf(layout, partition, n);
            const group = layout.groupOf(partition);
            expect(placement).toEqual(seen.get(group) ?? placement);
            seen.set(group, placement);
          }
        }
      }
    });
    assert(holds, { seed: 5, numRuns: 15 });
  });

  test('a layout made of the one before it is the same as one made anew', () => {
    const holds = property(histories, (history) => {
      let before = layoutOf(history[0]!);
      for (const configuration of history) {
        before = layoutOf(configuration, before);
        const anew = layoutOf(configuration);
        for (const partition of allOf(configuration))
          expect(placementOf(before, partition, 2)).toEqual(placementOf(anew, partition, 2));
      }
    });
    assert(holds, { seed: 6, numRuns: 15 });
  });

  test('under one layout number the same nodes are written; readers change with what moved alone', () => {
    const holds = property(histories, (history) => {
      history.slice(1).forEach((after, i) => {
        const before = history[i]!;
        if (before.layout !== after.layout) return;
        const isSwapped = before.move !== undefined && before.members !== after.members;
        const [old, now] = [placementsOf(before, 3), placementsOf(after, 3)];
        for (const partition of allOf(before)) {
          const [then, here] = [old[partition]!, now[partition]!];
          expect(sorted(replicasOf(here))).toEqual(sorted(replicasOf(then)));
          const stands =
            isSwapped ||
            before.move?.moved.includes(partition) === after.move?.moved.includes(partition);
          if (stands) expect(sorted(here.readers)).toEqual(sorted(then.readers));
        }
      });
    });
    assert(holds, { seed: 7, numRuns: 40 });
  });
});
