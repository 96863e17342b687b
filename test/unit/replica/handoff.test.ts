import { afterEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import { encodeStates } from '../../../src/wire/state-batch.js';
import { ReplicaWorld } from '../../support/replica-world.js';
import { reading, readingsOf } from '../../support/readings.js';

let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

/** Node 3 holds hints for node 1 on keys of partition 0 (primaries 0, 1, 2). */
async function withHints(count: number, value = 'v'): Promise<string[]> {
  world = await ReplicaWorld.start(4);
  const keys = Array.from({ length: count }, (_, i) => world.key(`k${String(i).padStart(4, '0')}`));
  for (const key of keys) {
    const state = await world.put(0, key, { value });
    await world.give(3, key, state, 1);
  }
  return keys;
}

const owedBy = (at: number): number => world.nodes[at]!.store.hints.total().count;
const owed = (): number => owedBy(3);
const ids = (nodes: readonly number[]): string[] => nodes.map((at) => world.nodes[at]!.id);

test('handoff: 300 hints reach their target in batches, and the fallback keeps nothing', async () => {
  const keys = await withHints(300);
  world.nodes[3]!.handoff.start();
  await world.run(2_000);
  expect(owed()).toBe(0);
  for (const key of keys) expect(world.valuesAt(1, key)).toEqual(['v']);
  expect(world.nodes[3]!.store.keys).toBe(0);
  expect(readingsOf(world.nodes[3]!, 'handoff')).toEqual({
    delivered: 300,
    rehomed: 0,
    failures: 0,
  });
});

test('handoff: nothing is sent to a target that is down; once it is alive again its hints arrive within two scans', async () => {
  const [key] = await withHints(1);
  world.believe(1, 'down');
  world.nodes[3]!.handoff.start();
  await world.run(30_000);
  expect(owed()).toBe(1);
  expect(reading(world.nodes[3]!, 'handoff.failures')).toBe(0);
  world.believe(1, 'alive');
  await world.run(2 * limits.handoffScanMs);
  expect(owed()).toBe(0);
  expect(world.valuesAt(1, key!)).toEqual(['v']);
});

test('handoff: a target believed alive that is gone is tried with growing pauses', async () => {
  await withHints(1);
  world.crash(1);
  world.nodes[3]!.handoff.start();
  await world.run(60_000);
  const { failures } = readingsOf(world.nodes[3]!, 'handoff');
  expect(failures).toBeGreaterThan(4);
  expect(failures).toBeLessThan(20);
  expect(owed()).toBe(1);
  await world.boot(1);
  await world.run(2 * limits.handoffBackoffMsMax);
  expect(owed()).toBe(0);
});

test('handoff: delivery is paced by bytes (48 hints of 512 KiB at 8 MiB/s take about 3 s)', async () => {
  await withHints(48, 'x'.repeat(limits.valueBytesMax));
  world.nodes[3]!.handoff.start();
  await world.run(1_500);
  expect(owed()).toBeGreaterThan(12);
  await world.run(3_500);
  expect(owed()).toBe(0);
});

test('handoff: a crash of the fallback after the ack delivers twice, which does no harm', async () => {
  const keys = await withHints(20);
  world.nodes[3]!.handoff.start();
  await world.run(2);
  world.crash(3);
  const node = await world.boot(3);
  node.handoff.start();
  await world.run(3_000);
  expect(owed()).toBe(0);
  for (const key of keys) expect(world.valuesAt(1, key)).toEqual(['v']);
});

test('handoff: with periodic durability the target has it on its disk before the fallback keeps nothing', async () => {
  world = await ReplicaWorld.start(4, { durability: { kind: 'periodic', everyMs: 3_600_000 } });
  const key = world.key('k');
  await world.give(3, key, await world.put(0, key), 1);
  world.nodes[3]!.handoff.start();
  while (owed() > 0) await world.run(1);
  world.crash(1);
  await world.boot(1);
  expect(world.valuesAt(1, key)).toEqual(['v']);
});

test('handoff: hints older than the bound, target still away: they go to all other primaries, then the hint is settled', async () => {
  const [key] = await withHints(1);
  world.believe(1, 'down');
  world.nodes[3]!.handoff.start();
  await world.run(limits.hintAgeMsMax - 10_000);
  expect(owed()).toBe(1);
  await world.run(30_000);
  expect(owed()).toBe(0);
  expect(world.valuesAt(2, key!)).toEqual(['v']);
  expect(world.stateAt(3, key!)).toBeUndefined();
  expect(readingsOf(world.nodes[3]!, 'handoff')).toMatchObject({ delivered: 0, rehomed: 1 });
  // The target learns of it by tree exchange when it is back.
  world.believe(1, 'alive');
  world.nodes[1]!.exchange.start();
  await world.run(2 * limits.exchangeIntervalMs);
  expect(world.valuesAt(1, key!)).toEqual(['v']);
});

test('handoff: the target is removed: its hints go to the other primaries at once, those that were removed left out', async () => {
  const [key] = await withHints(1);
  for (const at of [0, 3])
    for (const gone of [1, 2]) world.nodes[at]!.view.removed.add(world.nodes[gone]!.id);
  world.believe(1, 'down');
  world.believe(2, 'down');
  world.nodes[3]!.handoff.start();
  await world.run(5_000);
  expect(owed()).toBe(0);
  expect(readingsOf(world.nodes[3]!, 'handoff')).toEqual({ delivered: 0, rehomed: 1, failures: 0 });
  expect(world.valuesAt(0, key!)).toEqual(['v']);
  expect(world.nodes[3]!.store.keys).toBe(0);
});

test('handoff: one of the other primaries goes by another configuration: the hint stays, and the two tell each other', async () => {
  await withHints(1);
  const [holder, other] = [world.nodes[3]!, world.nodes[2]!];
  for (const { view } of world.nodes) view.removed.add(world.nodes[1]!.id);
  world.believe(1, 'down');
  Object.assign(other.view.ring, { epoch: 2 });
  holder.handoff.start();
  await world.run(10_000);
  expect(owed()).toBe(1);
  expect(new Set(holder.view.reconciled)).toEqual(new Set([other.id]));
  Object.assign(other.view.ring, { epoch: holder.view.configuration });
  await world.run(60_000);
  expect(owed()).toBe(0);
});

test('handoff: all primaries were removed: what is held for them stays', async () => {
  await withHints(1);
  for (const gone of [0, 1, 2]) {
    world.nodes[3]!.view.removed.add(world.nodes[gone]!.id);
    world.believe(gone, 'down');
  }
  world.nodes[3]!.handoff.start();
  await world.run(60_000);
  expect(owed()).toBe(1);
});

test('handoff: a target that is away fills its share: what it is owed goes to the other primaries, long before it is overdue', async () => {
  world = await ReplicaWorld.start(4, { storeBounds: { hintBytesMax: 100_000 } });
  world.believe(1, 'down');
  for (let i = 0; i < 200; i++) {
    const key = world.key(`k${i}`);
    await world.give(3, key, await world.put(0, key), 1);
  }
  expect(world.nodes[3]!.store.hints.isCrowded(world.nodes[1]!.id)).toBe(true);
  world.nodes[3]!.handoff.start();
  await world.run(10_000);
  expect(owed()).toBe(0);
  for (let i = 0; i < 200; i++) expect(world.valuesAt(2, world.key(`k${i}`))).toEqual(['v']);
});

test('handoff: an overdue hint stays as long as one of the other primaries is away as well', async () => {
  const [key] = await withHints(1);
  world.believe(1, 'down');
  world.believe(2, 'down');
  world.nodes[3]!.handoff.start();
  await world.run(limits.hintAgeMsMax + 120_000);
  expect(owed()).toBe(1);
  world.believe(2, 'alive');
  await world.run(2 * limits.handoffBackoffMsMax);
  expect(owed()).toBe(0);
  expect(world.valuesAt(2, key!)).toEqual(['v']);
});

test('handoff: a put that arrives while its hint is under way is delivered as well', async () => {
  const [key] = await withHints(1);
  const { store } = world.nodes[3]!;
  world.nodes[3]!.handoff.start();
  // The first message left at once; its ack takes a log sync of the target.
  const newer = await world.put(0, key!, { value: 'newer' });
  await world.give(3, key!, newer, 1);
  await world.run(3_000);
  expect(store.hints.total().count).toBe(0);
  expect(world.valuesAt(1, key!)).toEqual(['newer']);
  expect(world.stateAt(3, key!)).toBeUndefined();
});

/** Node 4 owes node 1 a key of partition 0, whose owners are 0, 1 and 2. */
const owing = async (): Promise<string> => {
  world = await ReplicaWorld.start(5);
  for (const { view } of world.nodes) view.learn(2, ids([0, 1, 2]));
  const key = world.key('k');
  await world.give(4, key, await world.put(0, key), 1);
  return key;
};

/**
 * Node 3 owes node 2 many keys that have moved from it (to 1, 3 and 0), and behind them one that it
 * owns still (with 1 and 3).
 */
async function manyThatHaveMoved(): Promise<{ moved: string[]; owned: string }> {
  world = await ReplicaWorld.start(4);
  const count = 2 * limits.hintBatchRecordsMax + 1;
  const moved = Array.from({ length: count }, (_, i) => world.key(`moved${i}`, 1));
  const owned = world.key('owned', 0);
  for (const key of [...moved, owned]) await world.give(3, key, await world.put(1, key), 2);
  for (const { view } of world.nodes) view.learn(3, ids([2, 1, 3, 0]));
  return { moved, owned };
}

describe('handoff: what nobody takes now holds nothing else up', () => {
  test('one of the owners by now is down: what the target owns reaches it all the same', async () => {
    const { moved, owned } = await manyThatHaveMoved();
    world.believe(0, 'down');
    world.nodes[3]!.handoff.start();
    await world.run(5_000);
    expect(world.valuesAt(2, owned)).toEqual(['v']);
    expect(owed()).toBe(moved.length);
    world.believe(0, 'alive');
    await world.run(limits.handoffBackoffMsMax + 10_000);
    expect(owed()).toBe(0);
    for (const key of moved) expect(world.valuesAt(0, key)).toEqual(['v']);
    expect(world.stateAt(2, moved[0]!)).toBeUndefined();
  });

  test('one of them refuses, or says nothing: what others are to have they get', async () => {
    for (const isSilent of [false, true]) {
      const { moved, owned } = await manyThatHaveMoved();
      if (isSilent) world.crash(0);
      else world.nodes[0]!.store.refuseWrites('diskFull');
      world.nodes[3]!.handoff.start();
      await world.run(20_000);
      expect(world.valuesAt(2, owned)).toEqual(['v']);
      expect(owed()).toBe(moved.length);
      if (isSilent) await world.boot(0);
      else world.nodes[0]!.store.takeWrites();
      world.nodes[0]!.view.learn(3, ids([2, 1, 3, 0]));
      await world.run(2 * limits.handoffBackoffMsMax);
      expect(owed()).toBe(0);
      for (const key of moved) expect(world.valuesAt(0, key)).toEqual(['v']);
      world.errors.splice(0);
    }
  });

  test('the target is gone for good: what can go to all its owners goes, whatever the others wait for', async () => {
    world = await ReplicaWorld.start(5);
    // Of partition 4 nodes 4, 0 and 1 are owners, of partition 0 nodes 0, 1 and 2.
    const waiting = Array.from({ length: limits.hintBatchRecordsMax + 1 }, (_, i) =>
      world.key(`waiting${i}`, 4),
    );
    const free = world.key('free', 0);
    for (const key of [...waiting, free]) await world.give(3, key, await world.put(0, key), 1);
    for (const { view } of world.nodes) view.removed.add(world.nodes[1]!.id);
    for (const at of [1, 4]) world.believe(at, 'down');
    world.nodes[3]!.handoff.start();
    await world.run(5_000);
    expect(owed()).toBe(waiting.length);
    expect(world.valuesAt(2, free)).toEqual(['v']);
    world.believe(4, 'alive');
    await world.run(2 * limits.handoffBackoffMsMax);
    expect(owed()).toBe(0);
    for (const key of waiting) expect(world.valuesAt(4, key)).toEqual(['v']);
  });

  test('more than are looked at in one turn', async () => {
    world = await ReplicaWorld.start(4);
    const { store, handoff } = world.nodes[3]!;
    const count = limits.hintsPassedMax + 1;
    const moved = Array.from({ length: count }, (_, i) => world.key(`moved${i}`, 1));
    const owned = world.key('owned', 0);
    const state = await world.put(1, owned);
    const states = [...moved, owned].map((key) => ({ key, state: encodable(state) }));
    store.merge(encodeStates(states), { owedTo: ids([2])[0]! }, () => {});
    for (const { view } of world.nodes) view.learn(3, ids([2, 1, 3, 0]));
    world.believe(0, 'down');
    handoff.start();
    await world.run(2_000);
    expect(world.valuesAt(2, owned)).toEqual(['v']);
    expect(owed()).toBe(count);
  });
});

describe('handoff after a move', () => {
  test('a former owner gets nothing more, alive as it is: those there are now get it, all of them', async () => {
    const key = await owing();
    for (const { view } of world.nodes) view.learn(3, ids([0, 2, 3]));
    world.nodes[4]!.handoff.start();
    await world.run(5_000);
    expect(owedBy(4)).toBe(0);
    expect(world.stateAt(1, key)).toBeUndefined();
    for (const at of [0, 2, 3]) expect(world.valuesAt(at, key)).toEqual(['v']);
    expect(readingsOf(world.nodes[4]!, 'handoff')).toEqual({
      delivered: 0,
      rehomed: 1,
      failures: 0,
    });
  });

  test('of a target that owns some of what it is owed, that comes to it and the rest to the others', async () => {
    world = await ReplicaWorld.start(4);
    const [owned, moved] = [world.key('owned', 0), world.key('moved', 1)];
    for (const key of [owned, moved]) await world.give(3, key, await world.put(1, key), 2);
    // Of partition 1 nodes 1, 3 and 0 are owners from now on, of partition 0 nodes 2, 1 and 3.
    for (const { view } of world.nodes) view.learn(3, ids([2, 1, 3, 0]));
    world.nodes[3]!.handoff.start();
    await world.run(5_000);
    expect(owedBy(3)).toBe(0);
    expect(world.valuesAt(2, owned)).toEqual(['v']);
    expect(world.stateAt(2, moved)).toBeUndefined();
    expect(world.valuesAt(0, moved)).toEqual(['v']);
  });

  test('a former owner that is down: nobody waits for it', async () => {
    const key = await owing();
    for (const { view } of world.nodes) view.learn(3, ids([0, 2, 3]));
    world.believe(1, 'down');
    world.nodes[4]!.handoff.start();
    await world.run(5_000);
    expect(owedBy(4)).toBe(0);
    expect(world.valuesAt(3, key)).toEqual(['v']);
  });

  test('an owner after the move is one of those who must have it, while the partition moves too', async () => {
    const key = await owing();
    for (const { view } of world.nodes) {
      view.moveTo(3, ids([0, 2, 3]));
      view.removed.add(world.nodes[1]!.id);
    }
    world.believe(3, 'down');
    world.nodes[4]!.handoff.start();
    await world.run(20_000);
    expect(owedBy(4)).toBe(1);
    world.believe(3, 'alive');
    await world.run(limits.handoffBackoffMsMax);
    expect(owedBy(4)).toBe(0);
    for (const at of [0, 2, 3]) expect(world.valuesAt(at, key)).toEqual(['v']);
  });

  test('the target goes by another layout: its ack would not count, so it takes nothing', async () => {
    const key = await owing();
    const target = world.nodes[1]!;
    target.view.learn(3, ids([0, 2, 3]));
    world.nodes[4]!.handoff.start();
    await world.run(5_000);
    expect(owedBy(4)).toBe(1);
    expect(world.stateAt(1, key)).toBeUndefined();
    expect(new Set(world.nodes[4]!.view.reconciled)).toEqual(new Set([target.id]));
    for (const { view } of world.nodes) view.learn(3, ids([0, 2, 3]));
    await world.run(limits.handoffBackoffMsMax);
    expect(owedBy(4)).toBe(0);
    expect(world.valuesAt(3, key)).toEqual(['v']);
  });

  test('who leaves does not keep what it owes until it is overdue', async () => {
    world = await ReplicaWorld.start(4);
    const key = world.key('k');
    for (const { view } of world.nodes) view.learn(2, ids([0, 1, 2]));
    await world.give(3, key, await world.put(0, key), 1);
    world.believe(1, 'down');
    world.nodes[3]!.view.isLeaving = true;
    world.nodes[3]!.handoff.start();
    await world.run(5_000);
    // Node 1 is an owner, and gets it by tree exchange; all others have it.
    expect(owedBy(3)).toBe(0);
    expect(world.valuesAt(2, key)).toEqual(['v']);
  });
});
