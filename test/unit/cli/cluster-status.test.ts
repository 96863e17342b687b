import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { askRing, idOf } from '../../../src/cli/cluster-status.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';
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

/**
 * Whom the ring is asked of so that only the given question is answered; undefined: nobody
 * subscribes.
 */
async function asked(answeredAt: number | undefined): Promise<unknown[]> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  let questions = 0;
  if (answeredAt !== undefined) {
    const node = network.connect();
    node.subscribe('kv.ring', ({ reply }) => {
      questions++;
      if (questions === answeredAt) node.publish(reply, Buffer.from(JSON.stringify(ring)));
    });
  }
  const progress = { ended: false };
  const bus = network.connect();
  const result = askRing({ bus, clock, prefix: 'kv', waitMs: 2_000 });
  void result.then(() => (progress.ended = true));
  while (!progress.ended) {
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  return [await result, questions, clock.monotonicMs() <= 2_100];
}

test('a node that hangs swallows a question: another one is asked, until the time is up', async () => {
  expect(await asked(1)).toEqual([ring, 1, true]);
  expect(await asked(3)).toEqual([ring, 3, true]);
  expect(await asked(9)).toEqual([undefined, 4, true]);
  expect(await asked(undefined)).toEqual([undefined, 0, true]);
});
