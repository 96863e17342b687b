import { expect, jest, test } from '@jest/globals';
import type { NodeOptions } from '../../../src/options/node-options.js';
import { startApiNode } from '../../support/api-node.js';
import { MemoryNetwork } from '../../support/memory-bus.js';
import { decodeDocument } from '../../../src/wire/message-pack.js';
import { ringFromDocument } from '../../../src/wire/ring-document.js';
import type { RingMessage } from '../../../src/wire/ring-message.js';

const id = 'a'.repeat(16);

test('many who ask for a document at once are given one that is made once, and the next ones another', () => {
  const network = new MemoryNetwork();
  const clock = network.clock();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const bus = network.connect();
  const node = startApiNode({ id, nodes: [id], bus, clock, random, options: { partitions: 4 } });
  const members = jest.spyOn(node.view, 'members');
  const client = network.connect();
  const answers: string[] = [];
  client.subscribe('_INBOX.x.*', ({ data }) => answers.push(Buffer.from(data).toString()));
  const askAll = (): string[] => {
    answers.length = 0;
    members.mockClear();
    for (let i = 0; i < 100; i++)
      client.publish('kv.ring', Buffer.alloc(0), {
        reply: `_INBOX.x.${i}`,
        headers: { 'Kv-Accept': 'json' },
      });
    network.settle();
    return [...new Set(answers)];
  };
  expect(askAll()).toEqual([expect.stringContaining('"alive"')]);
  expect(answers).toHaveLength(100);
  expect(members).toHaveBeenCalledTimes(1);
  node.view.members = () => [];
  expect(askAll()).toEqual([expect.stringContaining('"nodes":[]')]);
});

test('the ring says the layout, whose it is, and while partitions move what to', () => {
  const network = new MemoryNetwork();
  const clock = network.clock();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const bus = network.connect();
  const nodes = ['a', 'b', 'c'].map((letter) => letter.repeat(16));
  const node = startApiNode({ id, nodes, bus, clock, random, options: { partitions: 3 } });
  const client = network.connect();
  const ask = (): RingMessage => {
    const answers: RingMessage[] = [];
    const inbox = client.subscribe('_INBOX.x', ({ data }) =>
      answers.push(ringFromDocument(decodeDocument(data))),
    );
    client.publish('kv.ring', Buffer.alloc(0), { reply: '_INBOX.x' });
    network.settle();
    inbox.unsubscribe();
    return answers[0]!;
  };
  expect(ask()).toMatchObject({ epoch: 3, groupOf: [0, 1, 2] });
  const [, b, c] = nodes as [string, string, string];
  node.view.standings.set(b, { leaving: true }).set(c, { waits: 'auto' });
  const [first, second, third] = ask().nodes;
  expect(first).toMatchObject({ id, weight: 1 });
  expect([first!.leaving, first!.waits]).toEqual([undefined, undefined]);
  expect([second!.leaving, second!.waits]).toEqual([true, undefined]);
  expect([third!.leaving, third!.waits]).toEqual([undefined, 'auto']);
  expect(ask()).not.toHaveProperty('cluster');
  expect(ask()).not.toHaveProperty('move');
  node.view.cluster = 12;
  node.view.tellMove(nodes.toReversed(), [1, 2]);
  expect(ask()).toMatchObject({
    epoch: 3,
    cluster: 12,
    groupOf: [0, 1, 2],
    move: {
      groups: [
        [2, 1, 0],
        [1, 0, 2],
        [0, 2, 1],
      ],
      groupOf: [0, 1, 2],
      moved: [[1, 2]],
    },
  });
});

test('the ring says of which buckets a service resolves conflicts', () => {
  const network = new MemoryNetwork();
  const clock = network.clock();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const resolversOf = (options: Partial<NodeOptions>): RingMessage['resolvers'] => {
    const bus = network.connect();
    const told = { partitions: 2, ...options };
    const node = startApiNode({ id, nodes: [id], bus, clock, random, options: told });
    const answers: RingMessage[] = [];
    const client = network.connect();
    client.subscribe('_INBOX.y', ({ data }) =>
      answers.push(ringFromDocument(decodeDocument(data))),
    );
    client.publish('kv.ring', Buffer.alloc(0), { reply: '_INBOX.y' });
    network.settle();
    void node.waysIn.close();
    return answers[0]!.resolvers;
  };
  expect(resolversOf({})).toBeUndefined();
  const own = { carts: { resolve: 'service' } } as const;
  expect(resolversOf({ buckets: own })).toEqual({ usual: false, others: ['carts'] });
});
