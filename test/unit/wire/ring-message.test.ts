import { describe, expect, test } from '@jest/globals';
import { array, assert, integer, property, shuffledSubarray } from 'fast-check';
import { limits } from '../../../actors/rules/limits.js';
import { placementOf, type Layout } from '../../../actors/rules/placement.js';
import { MalformedError } from '../../../src/errors.js';
import { decodeDocument, encodeDocument } from '../../../src/wire/message-pack.js';
import { ringFromDocument } from '../../../src/wire/ring-document.js';
import type { RingNode } from '../../../src/wire/ring-message.js';
import { layoutOf, placementGroupsOf, ringMessageOf } from '../../../src/wire/ring-message.js';

const node = (index: number): RingNode => ({
  id: index.toString(16).padStart(16, '0'),
  name: `n${index}`,
  host: `h${index}`,
  zone: '',
  reachability: index === 1 ? 'down' : 'alive',
});

function ringOf(nodes: number, partitions: number) {
  const all = Array.from({ length: nodes }, (_, i) => node(i));
  return ringMessageOf({
    epoch: 0xfedcba98,
    partitions,
    nodes: all,
    n: 3,
    r: 2,
    buckets: [['wide', 5, 2]],
    layout: { preferenceList: (partition) => all.map((_, i) => all[(partition + i) % nodes]!.id) },
  });
}

/** Three nodes, the first of them with something else. */
function withFirst(change: Partial<RingNode>): RingNode[] {
  return [{ ...node(0), ...change }, node(1), node(2)];
}

describe('ring message', () => {
  test('3 nodes, 256 partitions: equal preference lists share a group and survive the wire', () => {
    const ring = ringOf(3, 256);
    expect(ring.groups).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ]);
    expect(ring.groupOf[255]).toBe(0);
    expect(ringFromDocument(JSON.parse(JSON.stringify(ring)))).toEqual(ring);
  });

  test('a node may weigh a half', () => {
    const ring = { ...ringOf(3, 8), nodes: withFirst({ weight: 0.5 }) };
    expect(ringFromDocument(JSON.parse(JSON.stringify(ring)))).toEqual(ring);
  });

  test('40 nodes: lists are cut, the message stays whole', () => {
    const ring = ringOf(40, 64);
    expect(ring.groups).toHaveLength(40);
    expect(ring.groups[0]).toHaveLength(limits.ringListLengthMax);
    expect(ringFromDocument(JSON.parse(JSON.stringify(ring)))).toEqual(ring);
  });

  test.each([
    ['a node without fields', 'nodes', [{}]],
    ['a group of a node that is not there', 'groups', [[7]]],
    ['a partition of a group that is not there', 'groupOf', [0, 9]],
    ['no partitions', 'groupOf', []],
    ['a negative epoch', 'epoch', -1],
    ['a bucket without N', 'buckets', [['wide']]],
    ['a bucket without R', 'buckets', [['wide', 5]]],
    ['no default R', 'r', undefined],
    ['a node id that would break a line', 'nodes', withFirst({ id: '0 0\r\nPUB x 0\r\n\r\n' })],
    ['a node id of a wildcard', 'nodes', withFirst({ id: '>' })],
    ['a node id of several tokens', 'nodes', withFirst({ id: 'a.b' })],
    ['a node name that would write to a terminal', 'nodes', withFirst({ name: '\u001b[2J' })],
    ['a node host without end', 'nodes', withFirst({ host: 'h'.repeat(129) })],
    ['a bucket that is no token', 'buckets', [['a b', 3, 2]]],
    ['a bucket that would break a line', 'buckets', [['a\r\nb', 3, 2]]],
    ['a bucket without end', 'buckets', [['b'.repeat(65), 3, 2]]],
    ['more partitions than a cluster can have', 'groupOf', Array.from({ length: 65_537 }, () => 0)],
  ])('refuses %s', (_, field, value) => {
    expect(() => ringFromDocument({ ...ringOf(3, 8), [field]: value })).toThrow(MalformedError);
  });
});

function moving(lists: {
  readonly from: readonly (readonly string[])[];
  readonly to: readonly (readonly string[])[];
  readonly moved: readonly number[];
}): Layout {
  const { from, to, moved } = lists;
  const next = {
    preferenceList: (partition: number) => to[partition % to.length]!,
    hasMoved: (partition: number) => moved.includes(partition),
  };
  return { preferenceList: (partition) => from[partition % from.length]!, next };
}

describe('while partitions move', () => {
  const all = Array.from({ length: 6 }, (_, i) => node(i));
  const ids = all.map(({ id }) => id);

  function messageOf(layout: Layout, partitions: number) {
    return ringMessageOf({
      epoch: 9,
      cluster: 0xfedcba98,
      partitions,
      nodes: all,
      n: 3,
      r: 2,
      buckets: [],
      layout,
    });
  }

  const [from, to] = [[ids.slice(0, 3)], [ids.slice(1, 4), ids.slice(0, 3)]];
  const ring = messageOf(moving({ from, to, moved: [0, 1, 2, 5, 7] }), 8);

  test('it says what to, and which have moved in runs', () => {
    expect(ring.move).toEqual({
      groups: [
        [1, 2, 3],
        [0, 1, 2],
      ],
      groupOf: [0, 1, 0, 1, 0, 1, 0, 1],
      moved: [
        [0, 2],
        [5, 5],
        [7, 7],
      ],
    });
    expect(ringFromDocument(JSON.parse(JSON.stringify(ring)))).toEqual(ring);
    expect(ringFromDocument(decodeDocument(encodeDocument(ring as never)))).toEqual(ring);
  });

  test('a client that does not know of it reads the owners before, whatever has moved', () => {
    const { move: _, cluster: __, ...known } = ring;
    const layout = layoutOf(ringFromDocument(known));
    for (let partition = 0; partition < 8; partition++)
      expect(placementOf(layout, partition, 3)).toMatchObject({
        primaries: ids.slice(0, 3),
        readers: ids.slice(0, 3),
        incoming: [],
      });
  });

  test('a client comes to the placements of the nodes; partitions of one group share theirs', () => {
    const lists = array(shuffledSubarray(ids, { minLength: 1 }), { minLength: 1, maxLength: 4 });
    const holds = property(
      ...([
        lists,
        lists,
        shuffledSubarray([...Array(24).keys()]),
        integer({ min: 1, max: 4 }),
      ] as const),
      (before, after, moved, n) => {
        const layout = moving({ from: before, to: after, moved });
        const told = ringFromDocument(JSON.parse(JSON.stringify(messageOf(layout, 24))));
        const groups = placementGroupsOf(told);
        const known: unknown[] = [];
        for (let partition = 0; partition < 24; partition++) {
          const placement = placementOf(layoutOf(told), partition, n);
          expect(placement).toEqual(placementOf(layout, partition, n));
          known[groups[partition]!] ??= placement;
          expect(placement).toEqual(known[groups[partition]!]);
        }
      },
    );
    assert(holds, { seed: 8, numRuns: 100 });
  });

  const refused: readonly (readonly [string, object])[] = [
    ['other partitions', { groupOf: [0, 1] }],
    ['a group that is not there', { groupOf: [0, 1, 0, 1, 0, 1, 0, 2] }],
    ['a node that is not there', { groups: [[1, 2, 6], [0]] }],
    ['a list of more than all nodes', { groups: [[0, 1, 2, 3, 4, 5, 0], [0]] }],
    ['more groups than partitions', { groups: Array.from({ length: 9 }, () => [0]) }],
    ['no lists', { groups: undefined }],
    ['no word of what has moved', { moved: undefined }],
    ['a run that ends before it begins', { moved: [[3, 2]] }],
    ['a run of partitions that are not there', { moved: [[7, 8]] }],
    [
      'runs that overlap',
      {
        moved: [
          [0, 3],
          [3, 4],
        ],
      },
    ],
    [
      'runs that are one',
      {
        moved: [
          [0, 3],
          [4, 5],
        ],
      },
    ],
    [
      'runs in no order',
      {
        moved: [
          [5, 6],
          [0, 1],
        ],
      },
    ],
    ['a run that is a number', { moved: [3] }],
    ['a run of one end', { moved: [[3]] }],
    ['a run of three', { moved: [[1, 2, 3]] }],
  ];

  test.each(refused)('refuses a move of %s', (_, change) => {
    expect(() => ringFromDocument({ ...ring, move: { ...ring.move, ...change } })).toThrow(
      MalformedError,
    );
  });

  test('refuses a cluster that is no number', () => {
    expect(() => ringFromDocument({ ...ring, cluster: 'c' })).toThrow(MalformedError);
  });
});
