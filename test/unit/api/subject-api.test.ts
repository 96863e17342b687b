import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import type { Clock } from '../../../src/seams/clock.js';
import { startApiNode, type ApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);

let network: MemoryNetwork;
let bus: MemoryBus;
let node: ApiNode;
let nowMs: number;
let asked = 0;

beforeEach(() => {
  network = new MemoryNetwork();
  nowMs = 0;
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimeout: () => 0,
    clearTimeout: () => undefined,
    endOfTurn: (callback) => network.endOfTurn(callback),
  };
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  bus = network.connect();
  const options = { partitions: 4, changeEvents: false };
  node = startApiNode({ id, nodes: [id], bus, clock, random, world: new Map(), options });
});

/** The codes and outcomes of the replies. */
function ask(verb: 'put' | 'get' | 'del'): (string | undefined)[] {
  const client = network.connect();
  const reply = `_INBOX.x.${++asked}`;
  const replies: (string | undefined)[] = [];
  client.subscribe(reply, (message) => {
    const [code, outcome] = ['Nats-Service-Error-Code', 'Kv-Outcome'].map((name) =>
      message.header(name),
    );
    replies.push(outcome === undefined ? code : `${code} ${outcome}`);
  });
  client.publish(`kv.${verb}.b.k`, Buffer.alloc(0), { reply });
  network.settle();
  return replies;
}

test('requests that wait too long until they are read are refused, and none is begun; as soon as they do not, they are done', async () => {
  const answers: (() => void)[] = [];
  node.hearing.ask();
  await Promise.resolve();
  bus.flush = () => new Promise((resolve) => void answers.push(resolve));
  node.hearing.ask();
  nowMs += limits.waitMsMax;
  expect(ask('put')).toEqual([undefined]);
  nowMs += 1;
  expect([ask('put'), ask('get'), ask('del')]).toEqual([['429 none'], ['429'], ['429 none']]);
  expect(node.coordinator.puts).toHaveLength(1);
  answers[0]!();
  await Promise.resolve();
  expect(ask('put')).toEqual([undefined]);
  expect(node.coordinator.puts).toHaveLength(2);
});

test.each(['put', 'get'] as const)(
  'a %s that is the first to be read after a standstill is late, but not refused',
  async (verb) => {
    node.hearing.ask();
    await Promise.resolve();
    bus.flush = () => new Promise(() => undefined);
    node.hearing.ask();
    nowMs += 2_000;
    expect(ask(verb)).not.toEqual([expect.stringMatching('429')]);
  },
);
