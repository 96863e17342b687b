import { expect, test } from '@jest/globals';
import { idOf } from '../../../src/cli/cluster-status.js';
import type { RingMessage, RingNode } from '../../../src/wire/ring-message.js';

function node(id: string, name: string, more: Partial<RingNode> = {}): RingNode {
  return { id, name, host: name, zone: '', reachability: 'alive', ...more };
}

const [one, lost, back] = ['1', '2', '3'].map((digit) => digit.repeat(16)) as [
  string,
  string,
  string,
];
const ring: RingMessage = {
  epoch: 1,
  nodes: [node(one, 'n1'), node(lost, 'n2', { reachability: 'down' }), node(back, 'n2')],
  n: 3,
  r: 2,
  buckets: [],
  groups: [],
  groupOf: [],
};

test('a node is found by its name and by its id', () => {
  expect([idOf('n1', ring), idOf(one, ring), idOf(lost, ring)]).toEqual([one, one, lost]);
  expect(() => idOf('n9', ring)).toThrow('no node named n9');
});

test('where a node lost its disk and came back under its name, it is asked which one is meant', () => {
  const text = `2 nodes are named n2, say which by its id: ${lost} (down), ${back} (alive)`;
  expect(() => idOf('n2', ring)).toThrow(text);
});
