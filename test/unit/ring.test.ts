import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadMax, type Ring, type RingMember, ringOf } from '../../actors/rules/ring.js';
import type { RingVersion } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
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

/** Some of every kind: several on a host, three zones, weights below and above 1. */
function mixedMembers(count: number): RingMember[] {
  return Array.from({ length: count }, (_, i) => ({
    id: (((i + 1) * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0').repeat(2),
    host: `h${i % 7}`,
    zone: `z${(i % 7) % 3}`,
    weight: [1, 2, 0.5, 4][i % 4]!,
  }));
}

test.each<[RingVersion, number, number, number, string]>([
  [1, 3, 256, 634_204_099, 'a6b626dee311a2c8'],
  [1, 5, 64, 3_932_381_579, '83085dedd8e5b0c0'],
  [1, 10, 256, 1_020_914_908, '75dcc22966cb46bb'],
  [1, 14, 1000, 3_810_867_382, '38463fe9cfb75dcb'],
  [2, 10, 256, 832_620_110, '8991cce92451918b'],
  [2, 14, 1000, 2_469_474_646, '1a77912b1467dc65'],
])(
  'version %i, %i members, %i partitions: the ring that clusters have gone by since it was made',
  (version, count, partitions, epoch, hash) => {
    const ring = ringOf(mixedMembers(count), partitions, version);
    expect(ring.epoch).toBe(epoch);
    const digest = createHash('sha256')
      .update(JSON.stringify(lists(ring)))
      .digest('hex');
    expect(digest.slice(0, 16)).toBe(hash);
  },
);

/** How many loads by version 2 are neither next to the share nor within 4 % of it. */
function outside(members: readonly RingMember[], n: number): number {
  const nodes = [...members].sort((x, y) => (x.id < y.id ? -1 : 1));
  const load = loads(ringOf(nodes, partitions, 2), n);
  const small = 1e-6;
  return sharesOf(nodes, { depth: n, partitions }).filter((share, i) => {
    const own = load.get(nodes[i]!.id) ?? 0;
    const isNext = own >= Math.floor(share + small) && own <= Math.ceil(share - small);
    return !isNext && Math.abs(own - share) > share * limits.overloadMax + small;
  }).length;
}

describe('ring of version 2', () => {
  test('no members, one, two: all of them in every list', () => {
    expect(ringOf([], 16, 2).preferenceList(3)).toEqual([]);
    const two = alone(['00000000000000aa', '00000000000000bb']);
    expect(ringOf(two.slice(1), 16, 2).preferenceList(3)).toEqual(['00000000000000bb']);
    for (const list of lists(ringOf(two, 16, 2)))
      expect([...list].sort()).toEqual(two.map(({ id }) => id));
  });

  test('equal members in any order: equal rings; of another epoch than by version 1', () => {
    fc.assert(
      fc.property(
        clusters({ nodesMax: 12, weights: [0.5, 1, 3] }).chain((members) =>
          fc.tuple(
            fc.constant(members),
            fc.shuffledSubarray(members, { minLength: members.length }),
          ),
        ),
        ([members, shuffled]) => {
          const [a, b] = [ringOf(members, 64, 2), ringOf(shuffled, 64, 2)];
          expect(lists(b)).toEqual(lists(a));
          expect(b.epoch).toBe(a.epoch);
          expect(a.epoch).not.toBe(ringOf(members, 64).epoch);
        },
      ),
      { seed, numRuns: 20 },
    );
  });

  test('every list names every node once: distinct hosts first, distinct zones among those while there are any', () => {
    fc.assert(
      fc.property(clusters({ nodesMax: 14, weights: [0.25, 1, 8] }), (members) => {
        const of = new Map(members.map((member) => [member.id, member]));
        const hosts = new Set(members.map((member) => member.host)).size;
        const zones = new Set(members.map((member) => member.zone)).size;
        for (const list of lists(ringOf(members, 32, 2))) {
          expect([...list].sort()).toEqual(members.map((member) => member.id).sort());
          for (let n = 1; n <= list.length; n++) {
            const first = list.slice(0, n).map((node) => of.get(node)!);
            expect(new Set(first.map(({ host }) => host)).size).toBe(Math.min(n, hosts));
            expect(new Set(first.map(({ zone }) => zone)).size).toBe(Math.min(n, zones));
          }
        }
      }),
      { seed, numRuns: 40 },
    );
  });

  test.each([
    [1, [1, 2, 3, 4]],
    [2, [1, 2, 3, 4]],
    [3, [1, 2, 3, 4]],
    [4, [1]],
    [5, [1]],
  ])(
    'balance, N=%i, 1 … 14 nodes of weights %j on hosts of their own: nobody above or below the share by more than 4 %, or what makes it whole',
    (n, weights) => {
      const members = clusters({ nodesMax: 14, weights }).map((all) =>
        all.map((member, i) => ({ ...member, host: `host${i}`, zone: '' })),
      );
      fc.assert(
        fc.property(members, (all) => {
          expect(outside(all, n)).toBe(0);
        }),
        { seed, numRuns: 12 },
      );
    },
  );

  test('balance, N=3, shared hosts and zones: the same', () => {
    fc.assert(
      fc.property(clusters({ nodesMax: 16, weights: [1, 2, 3, 4] }), (members) => {
        expect(outside(members, 3)).toBe(0);
      }),
      { seed, numRuns: 20 },
    );
  });

  test.each([
    { n: 1, weights: [1] },
    { n: 2, weights: [1] },
    { n: 3, weights: [1] },
    // With N = 1 one of weight 1 has 10 or 17 partitions: one more is 5 % already.
    { n: 2, weights: [1, 2] },
    { n: 3, weights: [1, 2] },
    { n: 2, weights: [1, 2, 3, 4] },
    { n: 3, weights: [1, 2, 3, 4] },
    { n: 1, weights: [0.5, 1, 1.5] },
  ])(
    'balance, N=$n, 10 nodes of weights $weights, 256 partitions: load for weight within 5 %, where by version 1 it is not',
    ({ n, weights }) => {
      let worst = [0, 0];
      for (let trial = 0; trial < 8; trial++) {
        const ids = Array.from({ length: 10 }, (_, i) =>
          createHash('sha256').update(`${trial} ${i}`).digest('hex').slice(0, 16),
        );
        const members = ids
          .map((id, i) => {
            return { id, host: `host${i}`, zone: '', weight: weights[i % weights.length]! };
          })
          .sort((x, y) => (x.id < y.id ? -1 : 1));
        const shares = sharesOf(members, { depth: n, partitions: 256 });
        worst = ([1, 2] as const).map((version, i) => {
          const load = loads(ringOf(members, 256, version), n);
          const off = members.map(({ id }, at) => Math.abs((load.get(id) ?? 0) / shares[at]! - 1));
          return Math.max(worst[i]!, ...off);
        });
      }
      expect(worst[0]).toBeGreaterThan(0.05);
      expect(worst[1]).toBeLessThanOrEqual(0.05);
    },
  );

  test.each([
    [3, [1]],
    [4, [1]],
    [6, [1]],
    [10, [1]],
    [10, [1, 2, 3, 4]],
  ])(
    'movement, N=3, from %i members of weights %j to one more: 1.1 of its share at most, in the middle of several',
    (count, weights) => {
      let [all, ideal] = [0, 0];
      for (let trial = 0; trial < 12; trial++) {
        const members = Array.from({ length: count + 1 }, (_, i) => ({
          id: createHash('sha256').update(`${trial} ${count} ${i}`).digest('hex').slice(0, 16),
          host: `host${i}`,
          zone: '',
          weight: weights[i % weights.length]!,
        }));
        const before = ringOf(members.slice(0, -1), partitions, 2);
        all += moved(before, ringOf(members, partitions, 2), 3);
        ideal += sharesOf(members, { depth: 3, partitions }).at(-1)!;
      }
      expect(all / ideal).toBeLessThanOrEqual(1.1);
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
