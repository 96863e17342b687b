/**
 * Rounds whose nodes differ on the configuration: what is counted, whom they ask again, and what
 * becomes of them when they learn.
 */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import type { GetReply, PutReply } from '../../../src/coordinator/coordinator.js';
import { decodeContext } from '../../../src/wire/key-state-codec.js';
import { receiptText } from '../../../src/wire/receipt.js';
import { reading } from '../../support/readings.js';
import { RoundCluster, shown } from '../../support/round-cluster.js';

const { configurationAgainMsMin: againMsMin, configurationAgainMsMax: againMsMax } = limits;
/** To one that differs: at once, after twice as long each time, and in the end that often. */
const sentInASecondMax = 1 + Math.log2(againMsMax / againMsMin) + 1 + 1_000 / againMsMax;

/** Partition 0: nodes 0, 1, 2 are the primaries; from 3 on come the fallbacks. */
const cluster = (nodes: number): Promise<RoundCluster> => RoundCluster.start({ nodes });

function outcomeOf(reply: PutReply | GetReply): string {
  return reply.ok ? receiptText(reply.receipt) : `${reply.error.code} ${reply.error.outcome}`;
}

function learn(world: RoundCluster, nodes: readonly number[], configuration: number): void {
  for (const at of nodes) world.nodes[at]!.view.learn(configuration);
}

/** Later than `ms` from now. */
function learnIn(
  world: RoundCluster,
  ms: number,
  nodes: readonly number[],
  configuration: number,
): void {
  world.scheduler.in(ms * 1000, undefined, () => learn(world, nodes, configuration));
}

/** Messages with the verb, from now on, by the receiver's id. */
function countMessages(world: RoundCluster, verb: string): () => number[] {
  const counts = new Map(world.nodes.map(({ id }) => [id, 0]));
  world.nats.onPublish.push((_, { subject }) => {
    const [, to = '', what] = subject.split('.');
    if (what === verb) counts.set(to, (counts.get(to) ?? 0) + 1);
  });
  return () => [...counts.values()];
}

describe('put', () => {
  test('a primary that goes by another configuration holds nothing of it, and somebody owes it a hint', async () => {
    const world = await cluster(4);
    learn(world, [2], 7);
    expect(outcomeOf(await world.put(0, { value: 'v' }))).toMatch(
      /^w=2\/2 primaries=2 fallbacks=0/,
    );
    await world.run(50);
    expect(world.valuesAt(2)).toEqual([]);
    const { id, view } = world.nodes[2]!;
    expect(world.nodes[3]!.store.hints.targets()).toEqual([id]);
    expect(world.nodes[0]!.view.reconciled).toEqual([id]);
    expect(view.reconciled).toEqual([]);
    expect(reading(world.nodes[0]!, 'coordinator.differing')).toBe(1);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('no ack of such a node counts, nor of such a fallback; where no node is left the coordinator owes the hint', async () => {
    const world = await cluster(4);
    learn(world, [2, 3], 7);
    const reply = await world.put(0, { value: 'v' });
    expect(outcomeOf(reply)).toMatch(/^w=2\/2 primaries=2 fallbacks=0/);
    await world.run(50);
    expect([2, 3].map((at) => world.valuesAt(at))).toEqual([[], []]);
    expect(world.nodes[0]!.store.hints.targets()).toEqual([world.nodes[2]!.id]);
  });

  test.each([false, true])(
    'a quorum that needs it waits until it has learned, within the deadline (strict: %p)',
    async (strict) => {
      const world = await cluster(3);
      learn(world, [2], 7);
      learnIn(world, 1_000, [2], 1);
      const sent = countMessages(world, 'merge');
      const startUs = world.scheduler.nowUs;
      const reply = await world.put(0, { value: 'v', quorum: 3, strict });
      expect(outcomeOf(reply)).toMatch(/^w=3\/3 primaries=3/);
      const tookMs = (world.scheduler.nowUs - startUs) / 1000;
      expect(tookMs).toBeGreaterThan(1_000);
      expect(tookMs).toBeLessThan(1_000 + 2 * againMsMax);
      // Now and then, and no one else.
      expect(sent().slice(0, 2)).toEqual([0, 1]);
      expect(sent()[2]).toBeLessThanOrEqual(sentInASecondMax);
      expect(world.valuesAt(2)).toEqual(['v']);
    },
  );

  test('nobody learns: unknown at the deadline, and everyone is owed a hint', async () => {
    const world = await cluster(3);
    learn(world, [1, 2], 7);
    expect(outcomeOf(await world.put(0, { timeoutMs: 1_000 }))).toBe('504 unknown');
    await world.run(1_000);
    const { hints } = world.nodes[0]!.store;
    expect(hints.targets().toSorted()).toEqual([1, 2].map((at) => world.nodes[at]!.id));
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
    expect(world.nodes[0]!.peers.pending).toBe(0);
  });

  test('it goes away, or refuses for another reason: the quorum is out of reach at once', async () => {
    const world = await cluster(3);
    learn(world, [1, 2], 7);
    world.scheduler.in(500_000, undefined, () => {
      for (const at of [1, 2]) world.nodes[0]!.view.believe(world.nodes[at]!.id, 'down');
    });
    const startUs = world.scheduler.nowUs;
    expect(outcomeOf(await world.put(0))).toBe('503 unknown');
    expect((world.scheduler.nowUs - startUs) / 1000).toBeLessThan(600);
  });

  test('its own node learns: the same states go to the owners as they are now, in rounds of those that share them', async () => {
    const world = await cluster(6);
    const order = world.nodes.map(({ id }) => id).toReversed();
    for (const at of [1, 2, 3, 4, 5]) world.nodes[at]!.view.learn(7, order);
    world.scheduler.in(300_000, undefined, () => world.nodes[0]!.view.learn(7, order));
    const replies: PutReply[] = [];
    // Of one replica group before, and of two now (partition 6 has no group of its own).
    for (const [key, partition] of [
      ['k', 0],
      ['l', 0],
      ['m', 6],
    ] as const)
      world.send(0, { key, partition, value: key }, (reply) => replies.push(reply));
    await world.run(200);
    expect(replies).toEqual([]);
    await world.run(400);
    expect(replies.map(outcomeOf)).toEqual([1, 2, 3].map(() => expect.stringMatching(/^w=2\/2/)));
    await world.run(500);
    for (const at of [5, 4, 3]) {
      expect(world.valuesAt(at, { key: 'k' })).toEqual(['k']);
      expect(world.valuesAt(at, { key: 'l' })).toEqual(['l']);
      expect(world.valuesAt(at, { key: 'm', partition: 6 })).toEqual(['m']);
      expect(world.stateAt(at, { key: 'k' })).toEqual(world.stateAt(0, { key: 'k' }));
    }
    expect(world.nodes[0]!.store.mints).toBe(1);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
    expect(reading(world.nodes[0]!, 'coordinator.requestsInFlight')).toBe(0);
  });

  test('its own node learns of owners that can not make the quorum: unknown, for it may show', async () => {
    const world = await cluster(3);
    learn(world, [1, 2], 7);
    const { view } = world.nodes[0]!;
    world.scheduler.in(300_000, undefined, () => view.learn(7, [world.nodes[0]!.id]));
    expect(outcomeOf(await world.put(0))).toBe('503 unknown');
    expect(reading(world.nodes[0]!, 'coordinator.requestsInFlight')).toBe(0);
  });

  test('collected in the turn in which its node learns: it goes by what was learned', async () => {
    const world = await cluster(4);
    learn(world, [1, 2, 3], 7);
    const reply = world.putAll([{ at: 0, value: 'v', quorum: 3 }]);
    learn(world, [0], 7);
    expect(outcomeOf((await reply)[0]!)).toMatch(/^w=3\/3 primaries=3/);
    expect(world.nodes[0]!.view.reconciled).toEqual([]);
  });
});

test.each(['put', 'get'] as const)(
  'who has learned a moment later is asked again soon: %s',
  async (what) => {
    const world = await cluster(3);
    await world.put(0, { value: 'v', quorum: 3 });
    learn(world, [2], 7);
    learnIn(world, 5, [2], 1);
    const startUs = world.scheduler.nowUs;
    const reply = what === 'put' ? world.put(0, { quorum: 3 }) : world.get(0, { quorum: 3 });
    expect(outcomeOf(await reply)).toMatch(/=3\/3 primaries=3/);
    expect((world.scheduler.nowUs - startUs) / 1000).toBeLessThan(3 * againMsMin);
  },
);

describe('get', () => {
  test('an answer by another configuration does not count: one more is asked', async () => {
    const world = await cluster(4);
    await world.put(0, { value: 'v', quorum: 3 });
    learn(world, [1], 7);
    const reply = await world.get(0);
    expect(shown(reply)).toEqual(['v']);
    expect(outcomeOf(reply)).toMatch(/^r=2\/2 primaries=2 fallbacks=0/);
    expect(world.nodes[0]!.view.reconciled).toEqual([world.nodes[1]!.id]);
  });

  test('a quorum that needs it waits until it has learned; if it never does, none at the deadline', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v', quorum: 3 });
    learn(world, [1, 2], 7);
    learnIn(world, 1_000, [2], 1);
    const sent = countMessages(world, 'read');
    expect(shown(await world.get(0))).toEqual(['v']);
    expect(Math.max(...sent())).toBeLessThanOrEqual(sentInASecondMax);
    expect(outcomeOf(await world.get(0, { quorum: 3, timeoutMs: 700 }))).toBe('504 none');
    await world.run(1_500);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('its own node learns: it asks the owners as they are now', async () => {
    const world = await cluster(6);
    const order = world.nodes.map(({ id }) => id).toReversed();
    for (const at of [1, 2, 3, 4, 5]) world.nodes[at]!.view.learn(7, order);
    await world.put(5, { value: 'v', quorum: 3 });
    world.scheduler.in(300_000, undefined, () => world.nodes[0]!.view.learn(7, order));
    const reply = await world.get(0);
    expect(shown(reply)).toEqual(['v']);
    expect(outcomeOf(reply)).toMatch(/^r=2\/2 primaries=2/);
    expect(reading(world.nodes[0]!, 'coordinator.requestsInFlight')).toBe(0);
  });

  test('a look-up counts for no quorum: it takes from it what its author has seen there', async () => {
    const world = await cluster(3);
    learn(world, [0], 7);
    const put = await world.put(1, { value: 'v' });
    if (!put.ok) throw put.error;
    learn(world, [0], 1);
    expect(world.valuesAt(0)).toEqual([]);
    learn(world, [1, 2], 7);
    learnIn(world, 5, [1, 2], 1);
    const reply = await world.put(0, {
      value: null,
      context: decodeContext(put.context),
      quorum: 3,
    });
    expect(outcomeOf(reply)).toMatch(/^w=3\/3 primaries=3/);
    expect(outcomeOf(reply)).not.toMatch(/seen=partly/);
    expect(shown(await world.get(0))).toEqual(['error 404']);
  });
});
