import { expect, jest, test } from '@jest/globals';
import { startApiNode } from '../../support/api-node.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

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
