/**
 * The ways in while partitions move from nodes a, b, c to d, e, f: who coordinates, who listens,
 * who shows what it holds. Partition p's list starts at the p-th of each; N=3, so all own all.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../../actors/rules/key.js';
import type { SideRead } from '../../../actors/rules/placement.js';
import { nothingSeen } from '../../../actors/rules/versions.js';
import type { PutReply } from '../../../src/coordinator/coordinator.js';
import { decodeOwnReply, encodeOwnFrame } from '../../../src/wire/own-frames.js';
import { startApiNode, type ApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(16));
const [a, b, c, d, e, f] = ids as [string, string, string, string, string, string];
const before = [a, b, c];
const after = [d, e, f];
const partitions = 3;

/** In partition 0: of its old owners a is the first, of the new ones d. */
const key = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9'].find(
  (name) => partitionOf({ bucket: 'b', key: name }, partitions) === 0,
)!;

let network: MemoryNetwork;
let nodes: Map<string, ApiNode>;
let client: MemoryBus;

beforeEach(() => {
  network = new MemoryNetwork();
  client = network.connect();
  const clock = network.clock();
  const world = new Map();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  const options = { partitions, changeEvents: false };
  nodes = new Map(
    ids.map((id) => {
      const bus = network.connect();
      const started = startApiNode({ id, nodes: before, bus, clock, random, world, options });
      return [id, started];
    }),
  );
  learn(ids, []);
});

function node(id: string): ApiNode {
  return nodes.get(id)!;
}

function learn(those: readonly string[], moved: readonly number[]): void {
  for (const id of those) node(id).view.tellMove(after, moved);
}

/** Who coordinates a put that comes to the node; `seen`: it has a context. */
function coordinatorOf(at: string, how: { readonly seen?: boolean } = {}): string {
  for (const { coordinator } of nodes.values()) coordinator.puts.length = 0;
  const replies: PutReply[] = [];
  node(at).ordering.put({
    bucket: 'b',
    key,
    partition: 0,
    quorum: 2,
    strict: false,
    deadlineMs: 1000,
    value: Buffer.from('value'),
    context: how.seen === true ? nothingSeen : undefined,
    ttlMs: 0,
    operation: '',
    copy: 'first',
    askedMs: 0,
    onReply: (reply) => replies.push(reply),
  });
  network.settle();
  expect(replies).toEqual([expect.objectContaining({ ok: true })]);
  const [by, ...others] = ids.filter((id) => node(id).coordinator.puts.length > 0);
  expect(others).toEqual([]);
  return by!;
}

describe('a put is coordinated by', () => {
  test('the first reader when it is blind, wherever it comes', () => {
    expect(ids.map((id) => coordinatorOf(id))).toEqual([a, a, a, a, a, a]);
    learn(ids, [0]);
    expect(ids.map((id) => coordinatorOf(id))).toEqual([d, d, d, d, d, d]);
  });

  test('any reader when it has a context: an owner to come, or one that was, passes it on', () => {
    const seen = true;
    expect(ids.map((id) => coordinatorOf(id, { seen }))).toEqual([a, b, c, a, a, a]);
    learn(ids, [0]);
    expect(ids.map((id) => coordinatorOf(id, { seen }))).toEqual([d, d, d, d, e, f]);
  });

  test('the one it is passed on to, though that one knows more or less of the move', () => {
    learn([a, d, e], [0]);
    expect(ids.map((id) => coordinatorOf(id))).toEqual([d, a, a, d, d, a]);
    learn([b], [0]);
    expect(coordinatorOf(b)).toBe(d);
  });
});

function listeners(): string[] {
  return ids.filter((id) => {
    const { listeners: all } = network;
    return all.some(({ tokens, owner }) => tokens.join('.') === 'kv.p.0.>' && owner === busOf(id));
  });
}

/** The one that listens to frames of the node. */
function busOf(id: string): MemoryBus {
  return network.listeners.find(({ tokens }) => tokens.join('.') === `kv.frame.${id}`)!.owner;
}

function answers(): number {
  let count = 0;
  const reply = client.inbox();
  client.subscribe(reply, (message) => {
    const isRefusal = message.header('Nats-Service-Error-Code') !== undefined;
    if (!message.noResponders && !isRefusal) count++;
  });
  client.publish(`kv.p.0.put.b.${key}`, Buffer.from('v'), { reply });
  network.settle();
  return count;
}

describe('plain requests', () => {
  test('are taken by the owners of both sides, until the move is over', () => {
    expect(listeners()).toEqual(ids);
    learn(ids, [0]);
    expect(listeners()).toEqual(ids);
    for (const { view } of nodes.values()) view.tellNodes(after);
    expect(listeners()).toEqual(after);
  });

  test.each([
    ['those who come', [d, e, f, a, b, c]],
    ['those who go', [a, b, c, d, e, f]],
    ['some of both', [c, d, a, e, b, f]],
  ])('are answered once each while %s are the first to learn', (_, order) => {
    for (const { view } of nodes.values()) view.tellNodes(before);
    const steps = [
      (id: string) => learn([id], []),
      (id: string) => learn([id], [0]),
      (id: string) => node(id).view.tellNodes(after),
    ];
    for (const step of steps)
      for (const id of order) {
        step(id);
        for (let i = 0; i < 6; i++) expect(answers()).toBe(1);
      }
  });
});

/** What own reads come to whose author reads the side, node by node. */
function ownReads(side: SideRead | undefined, isSaid = true): (string | number)[] {
  return ids.map((id) => {
    const words: (string | number)[] = [];
    const reply = client.inbox();
    client.subscribe(reply, ({ data }) => {
      const answer = decodeOwnReply(data, 1);
      words.push(answer.kind === 'refusal' ? answer.code : answer.kind);
    });
    const configuration = isSaid ? node(id).view.configuration : null;
    const frame = { bucket: 'b', whole: false, keys: [Buffer.from(key)], configuration, side };
    client.publish(`kv.frame.${id}`, encodeOwnFrame(frame), { reply });
    network.settle();
    return words[0]!;
  });
}

function sideAt(id: string): SideRead | undefined {
  return node(id).view.placement(0, 3).sideRead;
}

describe('own reads', () => {
  test('are answered by readers, the others refuse', () => {
    expect(ownReads(sideAt(a))).toEqual(['own', 'own', 'own', 503, 503, 503]);
    learn(ids, [0]);
    expect(ownReads(sideAt(a))).toEqual([503, 503, 503, 'own', 'own', 'own']);
  });

  test('are refused by who reads the other side, whatever it holds itself', () => {
    for (const { view } of nodes.values()) view.tellMove([b, c, d], []);
    const side = sideAt(a);
    for (const id of [b, c]) node(id).view.tellMove([b, c, d], [0]);
    expect(ownReads(side)).toEqual(['own', 421, 421, 503, 503, 503]);
    expect(ownReads(sideAt(b))).toEqual([421, 'own', 'own', 421, 421, 421]);
  });

  test('of who says no side are refused while it moves, but for those that count for nothing', () => {
    expect(ownReads(undefined)).toEqual([421, 421, 421, 421, 421, 421]);
    expect(ownReads(undefined, false)).toEqual(['own', 'own', 'own', 503, 503, 503]);
    for (const { view } of nodes.values()) view.tellNodes(after);
    expect(ownReads(undefined)).toEqual([503, 503, 503, 'own', 'own', 'own']);
  });
});
