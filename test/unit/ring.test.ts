import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadMax, type Ring, type RingMember, ringOf } from '../../actors/rules/ring.js';
import { sharesOf } from '../../actors/rules/ring-shares.js';

const seed = 20_240_807;
const partitions = 256;

const nodeId = fc
  .array(fc.integer({ min: 0, max: 15 }), { minLength: 16, maxLength: 16 })
  .map((digits) => digits.map((digit) => digit.toString(16)).join(''));

interface Shape {
  readonly nodesMax: number;
  readonly weights: readonly number[];
}

/** Hosts lie within zones, several nodes may share a host. */
function clusters({ nodesMax, weights }: Shape): fc.Arbitrary<RingMember[]> {
  return fc
    .record({
      ids: fc.uniqueArray(nodeId, { minLength: 1, maxLength: nodesMax }),
      hosts: fc.integer({ min: 1, max: nodesMax }),
      zones: fc.integer({ min: 1, max: 4 }),
      weights: fc.array(fc.constantFrom(...weights), { minLength: 1, maxLength: nodesMax }),
    })
    .map(({ ids, hosts, zones, weights }) =>
      ids.map((id, i) => ({
        id,
        host: `host${i % hosts}`,
        zone: `zone${(i % hosts) % zones}`,
        weight: weights[i % weights.length]!,
      })),
    );
}

function alone(ids: readonly string[]): RingMember[] {
  return ids.map((id, i) => ({ id, host: `host${i}`, zone: '', weight: 1 }));
}

function lists(ring: Ring): (readonly string[])[] {
  return Array.from({ length: ring.partitions }, (_, p) => ring.preferenceList(p));
}

function loads(ring: Ring, n: number): Map<string, number> {
  const load = new Map<string, number>();
  for (const list of lists(ring))
    for (const node of list.slice(0, n)) load.set(node, (load.get(node) ?? 0) + 1);
  return load;
}

/** Replicas the second ring places where the first has none, with N=n. */
function moved(from: Ring, to: Ring, n: number): number {
  const before = lists(from);
  return lists(to)
    .map((list, p) => list.slice(0, n).filter((node) => !before[p]!.slice(0, n).includes(node)))
    .reduce((total, added) => total + added.length, 0);
}

/** The largest excess over the bound, in parts of the share. */
function excess(members: readonly RingMember[], n: number): number {
  const nodes = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const load = loads(ringOf(nodes, partitions), n);
  const excesses = sharesOf(nodes, { depth: n, partitions }).map(
    (share, i) => ((load.get(nodes[i]!.id) ?? 0) - loadMax(share)) / share,
  );
  return Math.max(...excesses);
}

describe('ring', () => {
  test('no members: empty preference lists, one group', () => {
    const ring = ringOf([], partitions);
    expect(ring.preferenceList(255)).toEqual([]);
    expect(ring.groupOf(255)).toBe(0);
  });

  test('equal members in any order: equal rings, epochs and groups', () => {
    fc.assert(
      fc.property(
        clusters({ nodesMax: 12, weights: [0.5, 1, 3] }).chain((members) =>
          fc.tuple(
            fc.constant(members),
            fc.shuffledSubarray(members, { minLength: members.length }),
          ),
        ),
        ([members, shuffled]) => {
          const [a, b] = [ringOf(members, 64), ringOf(shuffled, 64)];
          expect(lists(b)).toEqual(lists(a));
          expect(b.epoch).toBe(a.epoch);
        },
      ),
      { seed, numRuns: 100 },
    );
  });

  test('the epoch changes with anything the ring is computed from', () => {
    const [a, b] = alone(['00000000000000aa', '00000000000000bb']) as [RingMember, RingMember];
    const variants = [
      [a],
      [a, b],
      [a, { ...b, weight: 2 }],
      [a, { ...b, zone: 'z' }],
      [a, { ...b, host: 'h' }],
      [{ ...a, host: 'h' }, b],
    ];
    const epochs = variants.map((members) => ringOf(members, 16).epoch);
    expect(new Set([...epochs, ringOf([a, b], 17).epoch]).size).toBe(variants.length + 1);
  });

  test('every list names every node once: distinct hosts first, distinct zones among those while there are any', () => {
    fc.assert(
      fc.property(clusters({ nodesMax: 14, weights: [0.25, 1, 8] }), (members) => {
        const ring = ringOf(members, 16);
        const of = new Map(members.map((member) => [member.id, member]));
        const hosts = new Set(members.map((member) => member.host)).size;
        const zones = new Set(members.map((member) => member.zone)).size;
        for (const list of lists(ring)) {
          expect([...list].sort()).toEqual(members.map((member) => member.id).sort());
          expect(new Set(list.slice(0, hosts).map((node) => of.get(node)!.host)).size).toBe(hosts);
          expect(new Set(list.slice(0, zones).map((node) => of.get(node)!.zone)).size).toBe(zones);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test('groups: partitions share one exactly when their lists are equal', () => {
    fc.assert(
      fc.property(clusters({ nodesMax: 6, weights: [1] }), (members) => {
        const ring = ringOf(members, partitions);
        const listOf = new Map<number, string>();
        const groupOf = new Map<string, number>();
        lists(ring).forEach((list, p) => {
          const group = ring.groupOf(p);
          expect(listOf.get(group) ?? list.join()).toBe(list.join());
          expect(groupOf.get(list.join()) ?? group).toBe(group);
          listOf.set(group, list.join());
          groupOf.set(list.join(), group);
        });
        expect([...listOf.keys()]).toEqual([...listOf.keys()].map((_, i) => i));
      }),
      { seed, numRuns: 50 },
    );
  });

  test.each([1, 2, 3, 4, 5])(
    'balance, N=%i, 1 … 20 equal nodes on hosts of their own: nobody above the share by more than 4 % and one partition',
    (n) => {
      fc.assert(
        fc.property(fc.uniqueArray(nodeId, { minLength: 1, maxLength: 20 }), (ids) => {
          expect(excess(alone(ids), n)).toBeLessThanOrEqual(0);
        }),
        { seed, numRuns: 60 },
      );
    },
  );

  test.each([
    { n: 1, atMost: 0 },
    { n: 2, atMost: 0 },
    { n: 3, atMost: 0.2 },
  ])(
    'balance, N=$n, weights 1 … 4, shared hosts and zones: at most $atMost of the share above that',
    ({ n, atMost }) => {
      fc.assert(
        fc.property(clusters({ nodesMax: 16, weights: [1, 2, 3, 4] }), (members) => {
          expect(excess(members, n)).toBeLessThanOrEqual(atMost);
        }),
        { seed, numRuns: 100 },
      );
    },
  );

  test.each([3, 5, 10, 20])(
    'movement, N=3: a node joining or leaving %i others moves little more than its own share',
    (count) => {
      fc.assert(
        fc.property(
          fc.uniqueArray(nodeId, { minLength: count + 1, maxLength: count + 1 }),
          (ids) => {
            const all = alone(ids);
            const [with_, without] = [
              ringOf(all, partitions),
              ringOf(all.slice(0, -1), partitions),
            ];
            const share = (3 * partitions) / (count + 1);
            expect(moved(without, with_, 3)).toBeLessThanOrEqual(1.6 * share);
            expect(moved(with_, without, 3)).toBeLessThanOrEqual(1.6 * share);
          },
        ),
        { seed, numRuns: 15 },
      );
    },
  );
});

describe('shares', () => {
  test('add up to all places, within what distinct hosts and zones allow', () => {
    fc.assert(
      fc.property(
        clusters({ nodesMax: 14, weights: [0.1, 1, 50] }),
        fc.integer({ min: 1, max: 5 }),
        (members, depth) => {
          const shares = sharesOf(members, { depth, partitions });
          const total = shares.reduce((sum, share) => sum + share, 0);
          expect(total).toBeCloseTo(Math.min(depth, members.length) * partitions, 3);
          for (const share of shares) expect(share).toBeLessThanOrEqual(partitions + 1e-6);
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  test('weights 1, 1, 2 on three hosts: half of the first places, and every partition once with N=3', () => {
    const members = [1, 1, 2].map((weight, i) => ({ host: `host${i}`, zone: '', weight }));
    expect(sharesOf(members, { depth: 1, partitions }).map(Math.round)).toEqual([64, 64, 128]);
    expect(sharesOf(members, { depth: 3, partitions }).map(Math.round)).toEqual([256, 256, 256]);
  });
});
