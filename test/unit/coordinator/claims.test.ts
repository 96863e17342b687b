/**
 * What a context claims beyond what its coordinator holds: it covers what somebody has shown, and
 * nothing else.
 */
import { describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  emptyState,
  mint,
  nothingSeen,
  seenAll,
  type Context,
  type KeyState,
  type SeenContext,
} from '../../../actors/rules/versions.js';
import type { PutReply } from '../../../src/coordinator/coordinator.js';
import { decodeSeen, encodable } from '../../../src/wire/key-state-codec.js';
import { receiptText } from '../../../src/wire/receipt.js';
import { encodeStates } from '../../../src/wire/state-batch.js';
import { keyOf, RoundCluster, shown } from '../../support/round-cluster.js';
import { reading } from '../../support/readings.js';

function seenBy(reply: PutReply): SeenContext {
  if (!reply.ok) throw reply.error;
  return decodeSeen(reply.context);
}

function receiptIn(reply: PutReply): string {
  return reply.ok ? receiptText(reply.receipt) : `${reply.error.code} ${reply.error.outcome}`;
}

/** What a node that is none of these left behind. */
function stateOf(value: string): KeyState {
  const actor = actorOf('00000000000000ff', 3);
  const times = { writtenAtMs: 1, expiresAtMs: 0, operation: '' };
  return mint({ local: emptyState, seen: undefined, actor, value: Buffer.from(value), ...times });
}

/** At this node alone. */
async function give(world: RoundCluster, at: number, state: KeyState): Promise<void> {
  const batch = encodeStates([{ key: keyOf(), state: encodable(state) }]);
  world.nodes[at]!.store.merge(batch, {}, () => undefined);
  await world.run(5);
}

const reads = (world: RoundCluster): number => reading(world.nodes[0]!, 'coordinator.rounds');

describe('authors in turns', () => {
  test.each([
    { what: 'at one node', at: [0, 0] },
    { what: 'each at its own', at: [0, 1] },
    { what: 'each at another every time', at: [0, 1, 2] },
  ])(
    'two authors, each with the context of its own last put, $what: never more than two siblings',
    async ({ at }) => {
      const world = await RoundCluster.start({ nodes: 3 });
      const seen = [nothingSeen, nothingSeen];
      for (let turn = 0; turn < 100; turn++) {
        const author = turn % 2;
        const ask = { value: `${author}.${turn}`, context: seen[author]! };
        seen[author] = seenBy(await world.put(at[turn % at.length]!, ask));
        const left = shown(await world.get(0, { quorum: 3 }));
        expect(left).toContain(`${author}.${turn}`);
        expect(left.length).toBeLessThanOrEqual(2);
      }
    },
  );
});

/** A value that only a node has which does not answer. */
async function outOfReach(): Promise<{ world: RoundCluster; before: KeyState }> {
  const world = await RoundCluster.start({ nodes: 3 });
  const before = stateOf('before');
  await give(world, 2, before);
  world.silence(2);
  return { world, before };
}

describe('claims beyond what a coordinator holds', () => {
  test('what another primary holds is found, and replaced', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    const before = stateOf('before');
    await give(world, 2, before);
    const put = await world.put(0, { value: 'after', context: seenAll(before.context) });
    expect(receiptIn(put)).not.toContain('seen=partly');
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at)).toEqual(['after']);
    expect(world.stateAt(0).context).toHaveLength(2);
  });

  test('what a stand-in holds for a primary is found', async () => {
    const world = await RoundCluster.start({ nodes: 5 });
    const before = stateOf('before');
    await give(world, 4, before);
    const put = await world.put(1, { value: 'after', context: seenAll(before.context) });
    expect(receiptIn(put)).not.toContain('seen=partly');
    expect(world.valuesAt(1)).toEqual(['after']);
  });

  test('what a stand-in hands over between two answers is found', async () => {
    const world = await RoundCluster.start({ nodes: 5 });
    const before = stateOf('before');
    await give(world, 4, before);
    const stranger = world.nodes[4]!;
    world.nats.onPublish.push((_, { subject }) => {
      if (subject !== `_kv.${stranger.id}.read` || stranger.store.records.size === 0) return;
      stranger.store.records.clear();
      const batch = encodeStates([{ key: keyOf(), state: encodable(before) }]);
      world.nodes[2]!.store.merge(batch, {}, () => undefined);
    });
    const put = await world.put(1, { value: 'after', context: seenAll(before.context) });
    expect(receiptIn(put)).not.toContain('seen=partly');
    expect(world.valuesAt(1)).toEqual(['after']);
  });

  test('who holds it is away: the put is done, says so, and what it had seen stays beside it', async () => {
    const { world, before } = await outOfReach();
    const put = await world.put(0, { value: 'after', context: seenAll(before.context) });
    expect(receiptIn(put)).toMatch(/^w=2\/2 .* seen=partly durability=sync$/);
    await give(world, 0, before);
    expect(world.valuesAt(0).sort()).toEqual(['after', 'before']);
  });

  test('what was out of reach is replaced by the next put, with the context that was handed back', async () => {
    const { world, before } = await outOfReach();
    let context = seenAll(before.context);
    for (const value of ['one', 'two']) {
      const put = await world.put(0, { value, context });
      expect(receiptIn(put)).toContain('seen=partly');
      context = seenBy(put);
    }
    await give(world, 0, before);
    expect(world.valuesAt(0).sort()).toEqual(['before', 'two']);
    const last = await world.put(0, { value: 'three', context });
    expect(receiptIn(last)).not.toContain('seen=partly');
    expect(world.valuesAt(0)).toEqual(['three']);
  });

  test('so it is with a put that is tried again', async () => {
    const { world, before } = await outOfReach();
    const ask = { value: 'one', context: seenAll(before.context), operation: 'op' };
    await world.put(0, ask);
    const context = seenBy(await world.put(0, { ...ask, copy: 'any' }));
    await give(world, 0, before);
    await world.put(0, { value: 'two', context });
    expect(world.valuesAt(0)).toEqual(['two']);
  });

  test('what nobody has when all are asked is not looked up again', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    const context = seenAll(stateOf('gone').context);
    const put = await world.put(0, { value: 'one', context });
    expect(receiptIn(put)).toContain('seen=partly');
    const before = reads(world);
    expect(receiptIn(await world.put(0, { value: 'two', context: seenBy(put) }))).not.toContain(
      'seen=partly',
    );
    expect(reads(world)).toBe(before + 1);
  });

  test('nor is what only a member held that is gone for good', async () => {
    const { world, before } = await outOfReach();
    const { view } = world.nodes[0]!;
    view.removed.add(world.nodes[2]!.id);
    view.believe(world.nodes[2]!.id, 'down');
    const put = await world.put(0, { value: 'one', context: seenAll(before.context) });
    expect(receiptIn(put)).toContain('seen=partly');
    const next = await world.put(0, { value: 'two', context: seenBy(put) });
    expect(receiptIn(next)).not.toContain('seen=partly');
  });

  test('what this node holds is not looked up', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    const first = seenBy(await world.put(0, { value: '1' }));
    const before = reads(world);
    await world.put(0, { value: '2', context: first });
    await world.put(0, { value: '3', context: first });
    expect(reads(world)).toBe(before + 2);
  });

  test('more than may be looked up at once: 429, at once', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    for (const at of [1, 2]) world.silence(at);
    const context = seenAll(stateOf('x').context);
    const replies: PutReply[] = [];
    for (let i = 0; i < limits.lookUpsInFlightMax + 1; i++)
      world.send(0, { key: `k${i}`, quorum: 1, context }, (reply) => replies.push(reply));
    await world.run(limits.lookUpMsMax / 2);
    expect(replies.map(receiptIn)).toEqual(['429 none']);
    await world.run(limits.lookUpMsMax);
    expect(replies).toHaveLength(limits.lookUpsInFlightMax + 1);
  });

  test('a drained coordinator has answered what it looked up', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    const replies: PutReply[] = [];
    const context = seenAll(stateOf('x').context);
    world.send(0, { context }, (reply) => replies.push(reply));
    const drained = world.nodes[0]!.coordinator.drain();
    await world.run(1_000);
    await drained;
    expect(replies.map((reply) => reply.ok)).toEqual([true]);
  });
});

const next = (claims: Context, by: number): SeenContext => ({
  vector: claims.map(({ actor, counter }) => ({ actor, counter: counter + by })),
  dots: [],
});

describe('forged contexts', () => {
  test('a put that claims the next 199 counters of every node, and of nobody, hides nothing that is put after it', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    for (const at of [0, 1, 2]) await world.put(at, { value: `base ${at}` });
    const forged = next(world.stateAt(1).context, 199);
    const beside = { actor: forged.vector[0]!.actor, counter: 1_000 };
    const put = await world.put(2, { value: 'forged', context: { ...forged, dots: [beside] } });
    expect(receiptIn(put)).toContain('seen=partly');
    expect(world.stateAt(2).context.every(({ counter }) => counter <= 4)).toBe(true);
    for (let i = 0; i < 20; i++) {
      const value = `honest ${i}`;
      expect((await world.put(i % 2, { value })).ok).toBe(true);
      expect(shown(await world.get(2, { quorum: 3 }))).toContain(value);
    }
  });

  test('a put with the context that such a put was handed back covers no more than what it finds', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    await world.put(0, { value: 'base' });
    await world.run(50);
    world.silence(2);
    let context = next(world.stateAt(0).context, 199);
    for (let i = 0; i < 3; i++) {
      context = seenBy(await world.put(1, { value: `forged ${i}`, context }));
      const value = `honest ${i}`;
      expect((await world.put(0, { value })).ok).toBe(true);
      expect(shown(await world.get(0, { quorum: 2 }))).toContain(value);
      expect(world.stateAt(0).context.every(({ counter }) => counter <= 4)).toBe(true);
    }
  });

  test('30 000 actors nobody knows, among them the one the node draws next: the state stays small', async () => {
    const world = await RoundCluster.start({ nodes: 3 });
    const { id } = world.nodes[0]!;
    const vector = Array.from({ length: 30_000 }, (_, i) => ({
      actor: actorOf(id, i + 1),
      counter: 7,
    }));
    for (const at of [0, 1]) await world.put(at, { context: { vector, dots: [] } });
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.stateAt(at).context.length).toBeLessThanOrEqual(2);
  });
});
