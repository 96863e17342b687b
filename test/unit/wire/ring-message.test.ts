import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { MalformedError } from '../../../src/errors.js';
import type { RingNode } from '../../../src/wire/ring-message.js';
import { ringFromDocument, ringMessageOf } from '../../../src/wire/ring-message.js';

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
    preferenceList: (partition) => all.map((_, i) => all[(partition + i) % nodes]!.id),
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
