/** What a node whose disk is full does for others, and what it does again when there is room. */
import { afterEach, expect, test } from '@jest/globals';
import { unsaid } from '../../../actors/rules/said-configuration.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { KeyState } from '../../../actors/rules/versions.js';
import type { PeerAnswer } from '../../../src/bus/peers.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import type { Request } from '../../../src/wire/protocol/bodies.js';
import { mergeBody, mergeReason, notOwed } from '../../../src/wire/protocol/merge.js';
import { readBody } from '../../../src/wire/protocol/read.js';
import { encodeStates } from '../../../src/wire/state-batch.js';
import { storageKeyBins } from '../../../src/wire/storage-keys.js';
import { reading } from '../../support/readings.js';
import { ReplicaWorld } from '../../support/replica-world.js';

let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

const full = { kind: 'refused', code: 503, message: 'the disk is full' };

/** Node 1's disk is full, and it has found out by a write that waits for room. */
async function withFullDisk(): Promise<StorageKey> {
  world = await ReplicaWorld.start(4);
  const before = world.key('before');
  await world.give(1, before, await world.put(0, before, { value: 'kept' }));
  world.fill(1, true);
  await world.put(1, world.key('waits'), { value: 'waits' });
  await world.run(10);
  expect(world.nodes[1]!.store.refusal()?.reason).toBe('diskFull');
  return before;
}

/** From node 0 to node 1. */
async function ask<V extends 'merge' | 'read'>(verb: V, body: Request<V>): Promise<PeerAnswer> {
  const answers: PeerAnswer[] = [];
  const { peers } = world.nodes[0]!;
  peers.call(world.nodes[1]!.id, verb, body, (answer) => answers.push(answer));
  await world.run(10);
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

function merging(key: StorageKey, state: KeyState, owedTo = notOwed): Request<'merge'> {
  const batch = encodeStates([{ key, state: encodable(state) }]);
  return mergeBody(mergeReason.put, owedTo, 1_000, batch, unsaid);
}

test('full disk: merges and hints are refused with the reason, reads are answered', async () => {
  const before = await withFullDisk();
  const key = world.key('new');
  const state = await world.put(0, key, { value: 'v' });
  const { store } = world.nodes[1]!;
  const keys = store.keys;
  expect(await ask('merge', merging(key, state))).toMatchObject(full);
  expect(await ask('merge', merging(key, state, world.nodes[2]!.id))).toMatchObject(full);
  expect(store.keys).toBe(keys);
  expect(store.hints.total().count).toBe(0);
  const read = await ask(
    'read',
    readBody(1_000, storageKeyBins([before]), Buffer.alloc(8), unsaid),
  );
  expect(read).toMatchObject({ kind: 'ok' });
  expect(world.valuesAt(1, before)).toEqual(['kept']);
  world.fill(1, false);
  await world.run(2_000);
  expect(await ask('merge', merging(key, state))).toMatchObject({ kind: 'ok' });
  expect(await ask('merge', merging(key, state, world.nodes[2]!.id))).toMatchObject({ kind: 'ok' });
  expect(store.hints.total().count).toBe(1);
});

test('full disk: hints for the node wait where they are, what it owes goes out all the same', async () => {
  await withFullDisk();
  const [toIt, fromIt] = [world.key('to it'), world.key('from it')];
  await world.give(3, toIt, await world.put(0, toIt, { value: 'v' }), 1);
  world.fill(1, false);
  await world.run(2_000);
  await world.give(1, fromIt, await world.put(0, fromIt, { value: 'w' }), 2);
  world.fill(1, true);
  await world.put(1, world.key('waits too'), { value: 'waits' });
  await world.run(10);
  for (const at of [1, 3]) world.nodes[at]!.handoff.start();
  await world.run(30_000);
  expect(world.valuesAt(2, fromIt)).toEqual(['w']);
  expect(world.nodes[3]!.store.hints.total().count).toBe(1);
  expect(reading(world.nodes[3]!, 'handoff.failures')).toBeGreaterThan(0);
  world.fill(1, false);
  await world.run(60_000);
  expect(world.nodes[3]!.store.hints.total().count).toBe(0);
  expect(world.valuesAt(1, toIt)).toEqual(['v']);
});
