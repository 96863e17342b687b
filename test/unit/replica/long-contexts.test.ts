/**
 * States with contexts as they came in before those from outside had a bound: a node lives with
 * them, and they become small.
 */
import { afterEach, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { mint, type Context, type KeyState } from '../../../actors/rules/versions.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import { encodeStates } from '../../../src/wire/state-batch.js';
import { ReplicaWorld } from '../../support/replica-world.js';

const graceMs = 60_000;
let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

function claims(node: string, entries: number): Context {
  return Array.from({ length: entries }, (_, i) => ({ actor: actorOf(node, i + 1), counter: 7 }));
}

function stateOf(context: Context, author: string): KeyState {
  const times = { writtenAtMs: 1, expiresAtMs: 0, operation: '' };
  const actor = actorOf(author, 1);
  return mint({
    local: { context, siblings: [] },
    seen: undefined,
    actor,
    value: Buffer.from(author),
    ...times,
  });
}

test('30 000 entries each at two primaries, one list naming the epochs the node draws next: stopped and started, written, exchanged, and pruned', async () => {
  world = await ReplicaWorld.start(3, { tombstoneGraceMs: graceMs });
  const key = world.key('k');
  const next = world.nodes[0]!.id;
  await world.give(0, key, stateOf(claims(next, 30_000), '00000000000000f1'));
  await world.give(1, key, stateOf(claims('00000000000000ee', 30_000), '00000000000000f2'));
  world.crash(0);
  await world.boot(0);
  // Whatever epoch this is, the list names it.
  await world.put(0, key, { value: 'after' });
  expect(world.stateAt(0, key)!.siblings).toHaveLength(1);
  for (const node of world.nodes) node.exchange.start();
  await world.run(4 * limits.exchangeIntervalMs);
  const lengths = [0, 1, 2].map((at) => world.stateAt(at, key)!.context.length);
  expect(new Set(lengths).size).toBe(1);
  expect(lengths[0]).toBeGreaterThan(60_000);
  for (const node of world.nodes) node.collection.start();
  await world.run(graceMs + 20 * limits.collectionTickMs);
  for (const at of [0, 1, 2]) {
    const { context, siblings } = world.stateAt(at, key)!;
    expect(context.length).toBeLessThanOrEqual(limits.contextEntriesKept);
    expect(siblings.map(({ value }) => Buffer.from(value!).toString()).sort()).toEqual([
      '00000000000000f2',
      'after',
    ]);
  }
}, 120_000);

test('more entries than a state can hold: the merge is refused, and what is held stays', async () => {
  world = await ReplicaWorld.start(3);
  const key = world.key('k');
  await world.give(0, key, stateOf(claims('00000000000000aa', 40_000), '00000000000000f1'));
  const more = stateOf(claims('00000000000000bb', 40_000), '00000000000000f2');
  const batch = encodeStates([{ key, state: encodable(more) }]);
  const { store } = world.nodes[0]!;
  expect(() => store.merge(batch, {}, () => undefined)).toThrow(/more than a state holds/);
  expect(world.stateAt(0, key)!.context).toHaveLength(40_001);
});
