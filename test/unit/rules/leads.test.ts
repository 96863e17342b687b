import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  leadOf,
  seesEnough,
  withoutPlace,
  withPlace,
  type Place,
} from '../../../actors/rules/leads.js';

const [a, b, c] = ['a', 'b', 'c'] as const;
const place = (node: string, position: number, partitions: number[], life = '1'): Place => ({
  node,
  life,
  position,
  partitions: new Set(partitions),
});
const everybody = (): boolean => true;

describe('whom a watch follows', () => {
  const readers = [a, b, c];
  const among = { self: 'z', readers, isHeard: everybody, places: [] as Place[] };

  test('a node at which it has a place, the own one first, then in the order of the readers', () => {
    const places = [place(c, 3, [1]), place(b, 2, [1])];
    expect(leadOf(1, { ...among, places })).toEqual({ node: b, from: places[1] });
    expect(leadOf(1, { ...among, self: c, places })).toEqual({ node: c, from: places[0] });
  });

  test('without a place the own node, or the first one; by all keys', () => {
    expect(leadOf(1, { ...among, places: [place(b, 2, [2])] })).toEqual({
      node: a,
      from: undefined,
    });
    expect(leadOf(1, { ...among, self: c })).toEqual({ node: c, from: undefined });
  });

  test('nobody who is not heard, or does not read the partition', () => {
    const places = [place('x', 9, [1]), place(a, 1, [1])];
    const isHeard = (node: string): boolean => node === b || node === 'x';
    expect(leadOf(1, { ...among, isHeard, places })).toEqual({ node: b, from: undefined });
    expect(leadOf(1, { ...among, isHeard: () => false, places })).toBeUndefined();
  });
});

const heard =
  (nodes: string): ((node: string) => boolean) =>
  (node) =>
    nodes.includes(node);

test('enough are heard when one of them has what W acknowledged', () => {
  const bucket = { n: 3, w: 2 };
  expect(seesEnough(bucket, [a, b, c], heard('ab'))).toBe(true);
  expect(seesEnough(bucket, [a, b, c], heard('a'))).toBe(false);
  expect(seesEnough({ n: 3, w: 3 }, [a, b, c], heard('a'))).toBe(true);
  expect(seesEnough(bucket, [a], heard('a'))).toBe(true);
});

describe('places', () => {
  const one = fc.record({
    node: fc.constantFrom(a, b),
    life: fc.constantFrom('1', '1', '1', '2'),
    position: fc.nat(100),
    partitions: fc.uniqueArray(fc.nat(5), { minLength: 1 }),
  });

  test('none says more than was told, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), (added) => {
        let places: Place[] = [];
        const told = new Map<string, number[]>();
        for (const { node, life, position, partitions } of added) {
          places = withPlace(places, place(node, position, partitions, life), 3);
          for (const partition of partitions) {
            const name = `${node} ${life} ${partition}`;
            told.set(name, [...(told.get(name) ?? []), position]);
          }
        }
        for (const node of [a, b])
          expect(places.filter((kept) => kept.node === node).length).toBeLessThanOrEqual(3);
        for (const { node, life, position, partitions } of places)
          for (const partition of partitions) {
            const all = told.get(`${node} ${life} ${partition}`) ?? [];
            expect(all.some((one) => position <= one)).toBe(true);
          }
      }),
    );
  });

  test('the newest of a partition comes first; those of another life are gone', () => {
    let places = withPlace([], place(a, 5, [1, 2]), 4);
    places = withPlace(places, place(a, 9, [1]), 4);
    expect(leadOf(1, { self: a, readers: [a], isHeard: everybody, places })!.from!.position).toBe(
      9,
    );
    expect(leadOf(2, { self: a, readers: [a], isHeard: everybody, places })!.from!.position).toBe(
      5,
    );
    places = withPlace(places, place(a, 1, [2], '2'), 4);
    expect(places).toEqual([place(a, 1, [2], '2')]);
  });

  test('what turned out to be too old goes with all that is older', () => {
    const places = [place(a, 9, [1]), place(a, 5, [2]), place(a, 3, [3]), place(b, 1, [1])];
    expect(withoutPlace(places, places[1]!)).toEqual([places[0], places[3]]);
  });
});
