/** The ring of the page: what is drawn is what placements say. */
import { describe, expect, test } from '@jest/globals';
import { clusterViewLimits } from '../../../../actors/rules/limits/cluster-view.js';
import { placementOf } from '../../../../actors/rules/placement.js';
import {
  partitionFacts,
  partitionText,
  ringDrawing,
} from '../../../../src/dashboard/page/views/cluster/ring-model.js';
import {
  bandPath,
  nodePoint,
  partitionAt,
  ringRadius,
} from '../../../../src/dashboard/page/views/cluster/ring-paths.js';
import { layoutOf } from '../../../../src/wire/ring-message.js';
import { idOf, ringWith } from '../../../support/cluster-pictures.js';

const names = ['n1', 'n2', 'n3', 'n4'];
const turned = (by: number): string[] => names.map((_, i) => names[(i + by) % names.length]!);
const still = ringWith({ names, lists: (partition) => turned(Math.floor(partition / 2)) });
/** Partitions 0 to 3 go from n1, n2, n3 to n4, n2, n3; 0 and 1 have gone. */
const moving = ringWith({
  names,
  lists: () => names,
  next: (partition) => (partition < 4 ? ['n4', 'n2', 'n3', 'n1'] : names),
  moved: [0, 1],
});

const nameOf = (id: string): string => `n${Number(id)}`;

test('a band holds the readers of one place, those side by side as one arc', () => {
  const { bands, partitions, n } = ringDrawing(still);
  expect({ partitions, n }).toEqual({ partitions: 8, n: 3 });
  expect(bands).toHaveLength(3);
  expect(bands[0]!.map(({ first, last, what }) => [first, last, nameOf(what)])).toEqual([
    [0, 1, 'n1'],
    [2, 3, 'n2'],
    [4, 5, 'n3'],
    [6, 7, 'n4'],
  ]);
  for (const [place, band] of bands.entries())
    for (const { first, last, what } of band)
      for (let partition = first; partition <= last; partition++)
        expect(placementOf(layoutOf(still), partition, 3).readers[place]).toBe(what);
});

test('nothing moves: no arc says so, and no partition changes hands', () => {
  const { moving: arcs, progress, handovers } = ringDrawing(still);
  expect({ arcs, progress, handovers }).toEqual({ arcs: [], progress: undefined, handovers: [] });
});

test('while partitions move: which move, which have, from whom to whom, and who is read', () => {
  const drawing = ringDrawing(moving);
  expect(drawing.moving).toEqual([
    { first: 0, last: 1, what: 'moved' },
    { first: 2, last: 3, what: 'moves' },
  ]);
  expect(drawing.progress).toMatchObject({ done: 2, total: 4 });
  expect(drawing.handovers).toEqual([{ from: idOf('n1'), to: idOf('n4'), done: 2, total: 4 }]);
  expect(drawing.bands[0]!.map(({ what }) => nameOf(what))).toEqual(['n4', 'n1']);
  expect(drawing.shares.get(idOf('n4'))).toEqual({ all: 2, first: 2 });
});

test('the facts of a partition are those of its placement', () => {
  const facts = partitionFacts(moving, 1);
  const { primaries, incoming, readers, fallbacks } = placementOf(layoutOf(moving), 1, 3);
  expect(facts).toEqual({
    partition: 1,
    course: 'moved',
    primaries,
    incoming,
    readers,
    fallbacks,
  });
  expect(partitionText(facts, nameOf)).toBe('partition 1: n4, n2, n3, has moved');
  const text = (partition: number): string =>
    partitionText(partitionFacts(moving, partition), nameOf);
  expect(text(2)).toBe('partition 2: n1, n2, n3, moves to n4, n2, n3');
  expect(text(7)).toBe('partition 7: n1, n2, n3');
  expect(partitionFacts(moving, 7).fallbacks.map(nameOf)).toEqual(['n4']);
});

test('no cluster is founded: an empty ring, and partitions of nobody', () => {
  const empty = ringWith({ names, lists: () => [] });
  expect(ringDrawing(empty).bands).toEqual([]);
  expect(partitionText(partitionFacts(empty, 3), nameOf)).toBe('partition 3: nobody');
});

test('more partitions than can be drawn: as many arcs as may be, over the whole ring', () => {
  const partitions = 65_536;
  const many = ringWith({ names, partitions, lists: (partition) => turned(partition >> 6) });
  const { bands } = ringDrawing(many);
  for (const band of bands) {
    expect(band.length).toBeLessThanOrEqual(clusterViewLimits.arcsMax);
    expect([band[0]!.first, band.at(-1)!.last]).toEqual([0, partitions - 1]);
    for (const [i, { first }] of band.entries())
      if (i > 0) expect(first).toBe(band[i - 1]!.last + 1);
  }
});

const at = (x: number, y: number): number | undefined => partitionAt({ x, y }, 8);

describe('where the ring is', () => {
  test('partition 0 begins at the top and they go on clockwise', () => {
    expect(at(5, -150)).toBe(0);
    expect(at(150, 5)).toBe(2);
    expect(at(-5, 150)).toBe(4);
    expect(at(-5, -150)).toBe(7);
    expect(at(0, 0)).toBeUndefined();
    expect(at(0, -ringRadius)).toBeUndefined();
  });

  test('each arc is a path of its own, also the one that is the whole ring', () => {
    const paths = [0, 1, 2, 3].map((first) => bandPath({ first, last: first }, 4, 0, 3));
    expect(new Set(paths).size).toBe(4);
    for (const path of [...paths, bandPath({ first: 0, last: 3 }, 4, 2, 3)])
      expect(path).toMatch(/^M[-\d.e,ALMZ]+Z$/);
  });

  test('nodes stand around the middle, one alone in it', () => {
    expect(nodePoint(0, 1)).toEqual({ x: 0, y: 0 });
    const points = Array.from({ length: 5 }, (_, i) => nodePoint(i, 5));
    expect(new Set(points.map(({ x, y }) => Math.round(Math.hypot(x, y)))).size).toBe(1);
    expect(points[0]!.y).toBeLessThan(0);
  });
});
