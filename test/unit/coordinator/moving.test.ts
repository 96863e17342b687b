/**
 * Rounds of a partition that moves: who is written, who counts, who is read, and what happens to
 * blind puts when the node that orders them changes. Partition 0 moves from nodes 0, 1, 2 to nodes
 * 3, 4, 2, with node 5 as the only fallback; N=3.
 */
import { describe, expect, test } from '@jest/globals';
import { assert, asyncProperty, array, constantFrom, integer, record } from 'fast-check';
import type { Sibling } from '../../../actors/rules/versions.js';
import type { GetReply, PutReply } from '../../../src/coordinator/coordinator.js';
import { receiptText } from '../../../src/wire/receipt.js';
import { reading } from '../../support/readings.js';
import { RoundCluster, shown } from '../../support/round-cluster.js';

const before = [0, 1, 2, 5];
const after = [3, 4, 2, 5];
const moving = 7;

function idsOf(world: RoundCluster, nodes: readonly number[]): string[] {
  return nodes.map((at) => world.nodes[at]!.id);
}

/** Some nodes learn of the move; of those that are `moved` also that the partition has. */
function learn(
  world: RoundCluster,
  how: { readonly nodes?: readonly number[]; readonly moved?: boolean } = {},
): void {
  const { nodes = [0, 1, 2, 3, 4, 5], moved = false } = how;
  for (const at of nodes)
    world.nodes[at]!.view.move(moving, idsOf(world, before), idsOf(world, after), moved ? [0] : []);
}

/** All have learned it. */
async function cluster(how: { readonly moved?: boolean; readonly buckets?: object } = {}) {
  const world = await RoundCluster.start({ nodes: 6, buckets: { ...how.buckets } });
  learn(world, how);
  return world;
}

/** The sides change roles for these nodes; for some of them the partition has moved back, too. */
function cancel(
  world: RoundCluster,
  { nodes, moved }: { readonly nodes: readonly number[]; readonly moved: boolean },
): void {
  const [old, coming] = [idsOf(world, before), idsOf(world, after)];
  for (const at of nodes) world.nodes[at]!.view.move(moving, coming, old, moved ? [0] : []);
}

function killed(world: RoundCluster, ...nodes: readonly number[]): void {
  for (const at of nodes) {
    world.kill(at);
    world.believeDown(at);
  }
}

function outcomeOf(reply: PutReply | GetReply): string {
  return reply.ok ? receiptText(reply.receipt) : `${reply.error.code} ${reply.error.outcome}`;
}

function holders(world: RoundCluster, value: string): number[] {
  return [...world.nodes.keys()].filter((at) => world.valuesAt(at).includes(value));
}

/** Whom a node owes hints, by index. */
function owedBy(world: RoundCluster, at: number): number[] {
  const ids = world.nodes.map(({ id }) => id);
  return world.nodes[at]!.store.hints.targets()
    .map((id) => ids.indexOf(id))
    .sort((one, other) => one - other);
}

/** Which nodes were sent the verb, from now on. */
function askedBy(world: RoundCluster, verb: string): () => number[] {
  const asked = new Set<string>();
  world.nats.onPublish.push((_, { subject }) => {
    const [, to = '', what] = subject.split('.');
    if (what === verb) asked.add(to);
  });
  return () => [...world.nodes.keys()].filter((at) => asked.has(world.nodes[at]!.id));
}

describe('a put', () => {
  test.each([false, true])('is held by both sides (has moved: %p)', async (moved) => {
    const world = await cluster({ moved });
    const at = moved ? 3 : 0;
    expect(outcomeOf(await world.put(at, { value: 'v' }))).toMatch(/^w=2\/2 primaries=\d/);
    await world.run(50);
    expect(holders(world, 'v')).toEqual([0, 1, 2, 3, 4]);
    expect(owedBy(world, at)).toEqual([]);
    expect(reading(world.nodes[at]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test.each([
    ['before', [0, 1]],
    ['after', [3, 4]],
  ] as const)(
    'needs W of the owners %s the move: strict, without them it fails',
    async (_, gone) => {
      const world = await cluster();
      killed(world, ...gone);
      const reply = await world.put(2, { value: 'v', strict: true });
      expect(outcomeOf(reply)).toBe('503 none');
      expect(holders(world, 'v')).toEqual([]);
    },
  );

  test('is strict on both sides: one of each may be away', async () => {
    const world = await cluster();
    killed(world, 1, 4);
    const reply = await world.put(0, { value: 'v', strict: true });
    expect(outcomeOf(reply)).toMatch(/^w=2\/2 primaries=3/);
  });

  test('a fallback stands in for an owner of either side, and owes the hint to it', async () => {
    for (const [gone, at] of [
      [1, 0],
      [4, 0],
    ] as const) {
      const world = await cluster();
      killed(world, gone);
      expect(outcomeOf(await world.put(at, { value: 'v' }))).toMatch(/^w=2\/2/);
      await world.run(50);
      expect(holders(world, 'v')).toContain(5);
      expect(owedBy(world, 5)).toEqual([gone]);
    }
  });

  test('two of the owners before are gone: the fallback counts for one of them', async () => {
    const world = await cluster();
    killed(world, 0, 1);
    expect(outcomeOf(await world.put(2, { value: 'v' }))).toMatch(/^w=2\/2/);
    await world.run(50);
    expect(owedBy(world, 5)).toEqual([0]);
    expect(owedBy(world, 2)).toEqual([1]);
  });

  test.each([
    [2, 0],
    [3, 0],
    [3, 2],
    [5, 3],
  ])('any two nodes are enough for W=2: nodes %p and %p', async (at, other) => {
    const world = await cluster();
    killed(world, ...[0, 1, 2, 3, 4, 5].filter((node) => node !== at && node !== other));
    expect(outcomeOf(await world.put(at, { value: 'v' }))).toMatch(/^w=2\/2/);
    await world.run(50);
    const owed = new Set([...owedBy(world, at), ...owedBy(world, other)]);
    for (const owner of [0, 1, 2, 3, 4])
      if (owner !== at && owner !== other) expect([...owed]).toContain(owner);
  });

  test('an owner to come that has not heard of the move does not count, until it has', async () => {
    const world = await RoundCluster.start({ nodes: 6 });
    learn(world, { nodes: [0, 1, 2, 5] });
    world.scheduler.in(600_000, undefined, () => learn(world, { nodes: [4] }));
    const startUs = world.scheduler.nowUs;
    const reply = await world.put(0, { value: 'v', strict: true });
    expect(outcomeOf(reply)).toMatch(/^w=2\/2/);
    expect(world.scheduler.nowUs - startUs).toBeGreaterThan(600_000);
    expect(holders(world, 'v')).toEqual(expect.arrayContaining([2, 4]));
    expect(world.nodes[0]!.view.reconciled).toContain(world.nodes[3]!.id);
  });

  test('its coordinator learns of the move while it waits: both sides get what it minted', async () => {
    const world = await RoundCluster.start({ nodes: 6 });
    for (const { view } of world.nodes) view.learn(1, idsOf(world, before));
    learn(world, { nodes: [1, 2, 3, 4, 5] });
    world.scheduler.in(300_000, undefined, () => learn(world, { nodes: [0] }));
    expect(outcomeOf(await world.put(0, { value: 'v' }))).toMatch(/^w=2\/2/);
    await world.run(500);
    expect(holders(world, 'v')).toEqual([0, 1, 2, 3, 4]);
    expect(world.nodes[0]!.store.mints).toBe(1);
  });

  test('the partition has moved while it waits: it goes on, both sides hold it', async () => {
    const world = await cluster();
    for (const at of [1, 2, 3, 4]) world.nodes[at]!.store.logMs = 80;
    world.scheduler.in(50_000, undefined, () => learn(world, { moved: true }));
    expect(outcomeOf(await world.put(0, { value: 'v' }))).toMatch(/^w=2\/2/);
    await world.run(500);
    expect(holders(world, 'v')).toEqual([0, 1, 2, 3, 4]);
    expect(world.nodes[0]!.view.reconciled).toEqual([]);
  });

  test('at a node of neither side: it owes both until they have it', async () => {
    const world = await cluster();
    killed(world, 4);
    expect(outcomeOf(await world.put(5, { value: 'v' }))).toMatch(/^w=/);
    await world.run(500);
    expect(holders(world, 'v')).toEqual(expect.arrayContaining([0, 1, 2, 3]));
    expect(owedBy(world, 5)).toEqual([4]);
  });

  test('what its context claims is found on the other side', async () => {
    const world = await cluster();
    for (const away of [0, 1, 2, 5])
      world.nats.cut({ from: world.nodes[3]!.id, to: world.nodes[away]!.id }, 'silent');
    const put = await world.put(3, { value: 'old', quorum: 1, timeoutMs: 300 });
    expect(outcomeOf(put)).toBe('504 unknown');
    world.nats.healAll();
    const [{ dot }] = world.stateAt(3).siblings as readonly [Sibling];
    const reply = await world.put(0, { value: 'new', context: [dot] });
    expect(outcomeOf(reply)).toMatch(/^w=2\/2/);
    await world.run(500);
    for (const at of [0, 1, 2, 3, 4]) expect(world.valuesAt(at)).toEqual(['new']);
  });
});

describe('a get', () => {
  test.each([
    [false, 0, [1, 2]],
    [false, 3, [0, 1, 2]],
    [true, 3, [2, 4]],
    [true, 0, [2, 3, 4]],
  ] as const)('asks one side: has moved %p, at node %p it asks %p', async (moved, at, nodes) => {
    const world = await cluster({ moved });
    await world.put(moved ? 3 : 0, { value: 'v', quorum: 3 });
    const asked = askedBy(world, 'read');
    expect(shown(await world.get(at, { quorum: 3, strict: true }))).toEqual(['v']);
    expect(asked()).toEqual(nodes);
  });

  test('of R=1 is answered by a reader alone, by others after they have asked one', async () => {
    const world = await cluster({ moved: true });
    await world.put(3, { value: 'v', quorum: 3 });
    const asked = askedBy(world, 'read');
    await world.get(2, { quorum: 1 });
    expect(asked()).toEqual([]);
    expect(shown(await world.get(0, { quorum: 1 }))).toEqual(['v']);
    expect(asked().length).toBeGreaterThan(0);
  });

  test('too few readers are left: owners of the other side answer, but not if it is strict', async () => {
    const world = await cluster();
    await world.put(0, { value: 'v', quorum: 3 });
    await world.run(50);
    killed(world, 0, 1);
    const asked = askedBy(world, 'read');
    const reply = await world.get(2);
    expect(shown(reply)).toEqual(['v']);
    expect(outcomeOf(reply)).toMatch(/^r=2\/2 primaries=1 fallbacks=1/);
    expect(asked()).toEqual([3]);
    expect(outcomeOf(await world.get(2, { strict: true }))).toBe('503 none');
  });

  test('repairs readers that were behind, of the side that is read now', async () => {
    const world = await cluster({ moved: true });
    world.nats.cut({ from: world.nodes[3]!.id, to: world.nodes[4]!.id }, 'silent');
    await world.put(3, { value: 'v' });
    world.nats.healAll();
    expect(world.valuesAt(4)).toEqual([]);
    expect(shown(await world.get(2, { quorum: 3 }))).toEqual(['v']);
    await world.run(50);
    expect(world.valuesAt(4)).toEqual(['v']);
  });

  test('its node hears that the partition has moved while it waits: the owners after are asked', async () => {
    const world = await cluster();
    await world.put(0, { value: 'v', quorum: 3 });
    const asked = askedBy(world, 'read');
    const slow = [1, 2].map((at) => world.nodes[at]!.process);
    for (const process of slow) process.paused = true;
    world.scheduler.in(50_000, undefined, () => learn(world, { moved: true }));
    expect(shown(await world.get(0, { strict: true }))).toEqual(['v']);
    expect(asked()).toEqual([1, 2, 3, 4]);
    expect(world.nodes[0]!.view.reconciled).toEqual([]);
  });

  test('collected in the turn in which its node hears it: the owners after are asked', async () => {
    const world = await cluster();
    await world.put(0, { value: 'v', quorum: 3 });
    const asked = askedBy(world, 'read');
    const reply = world.get(0, { strict: true });
    learn(world, { moved: true });
    expect(shown(await reply)).toEqual(['v']);
    expect(asked()).toEqual([3, 4]);
    expect(world.nodes[0]!.view.reconciled).toEqual([]);
  });
});

describe('a get of who has not heard that the partition has moved', () => {
  test('is not answered by an owner of both sides that has, until its own node hears it as well', async () => {
    const world = await cluster();
    await world.put(0, { value: 'v', quorum: 3 });
    learn(world, { nodes: [2, 3, 4], moved: true });
    killed(world, 1);
    world.scheduler.in(300_000, undefined, () => learn(world, { moved: true }));
    const startUs = world.scheduler.nowUs;
    expect(shown(await world.get(0, { strict: true }))).toEqual(['v']);
    expect((world.scheduler.nowUs - startUs) / 1000).toBeGreaterThanOrEqual(300);
    expect(world.nodes[0]!.view.reconciled).toContain(world.nodes[2]!.id);
  });

  test('is answered by those who have not either', async () => {
    const world = await cluster();
    await world.put(0, { value: 'v', quorum: 3 });
    learn(world, { nodes: [2, 3, 4], moved: true });
    const reply = await world.get(0, { strict: true });
    expect(outcomeOf(reply)).toMatch(/^r=2\/2 primaries=2/);
  });
});

describe('a move that is cancelled', () => {
  test.each([
    ['had not moved', false, 0, [0, 1, 2]],
    ['had moved', true, 3, [2, 3, 4]],
  ])('of a partition that %s: who has not heard of it is answered by who has', async (...each) => {
    const [, moved, at, nodes] = each;
    const world = await cluster({ moved });
    await world.put(at, { value: 'v', quorum: 3 });
    cancel(world, { nodes: nodes.filter((node) => node !== at), moved: !moved });
    expect(shown(await world.get(at, { strict: true, quorum: 3 }))).toEqual(['v']);
    expect(world.nodes[at]!.view.reconciled).toEqual([]);
  });

  test('of a partition that has moved back: who reads the owners in between is not answered', async () => {
    const world = await cluster({ moved: true });
    await world.put(3, { value: 'v', quorum: 3 });
    cancel(world, { nodes: [0, 1, 2], moved: true });
    killed(world, 4);
    expect(outcomeOf(await world.get(3, { strict: true, timeoutMs: 500 }))).toBe('504 none');
    expect(world.nodes[3]!.view.reconciled).toContain(world.nodes[2]!.id);
  });
});

/**
 * Node 0 takes the partition for one that has not moved and orders its blind puts; node 3 knows
 * that it has, and orders them as well.
 */
async function twoOrderers(buckets: object = {}): Promise<RoundCluster> {
  const world = await cluster({ buckets });
  learn(world, { nodes: [3, 4], moved: true });
  return world;
}

/** Of three nodes, all of which know as much of the move. */
function readAt(world: RoundCluster, at: 0 | 3): Promise<GetReply> {
  learn(world, { nodes: [2], moved: at === 3 });
  return world.get(at, { quorum: 3 });
}

async function everywhere(world: RoundCluster): Promise<string[]> {
  await world.run(2_000);
  const states = [0, 1, 2, 3, 4].map((at) => world.valuesAt(at).toSorted().join());
  expect(new Set(states).size).toBe(1);
  return states[0]!.split(',');
}

describe('blind puts that two nodes order for a moment', () => {
  test('at once: siblings, both stay', async () => {
    const world = await twoOrderers();
    const replies = await world.putAll([
      { at: 0, value: 'x' },
      { at: 3, value: 'y' },
    ]);
    expect(replies.map(outcomeOf)).toEqual([1, 2].map(() => expect.stringMatching(/^w=2\/2/)));
    expect(await everywhere(world)).toEqual(['x', 'y']);
  });

  test('one after the other: the second builds on the first, whichever orders first', async () => {
    for (const [first, second] of [
      [0, 3],
      [3, 0],
    ] as const) {
      const world = await twoOrderers();
      await world.put(first, { value: 'x' });
      await world.run(50);
      await world.put(second, { value: 'y' });
      expect(await everywhere(world)).toEqual(['y']);
    }
  });

  test('the second has not been reached by the first: siblings, though one was acknowledged before', async () => {
    const world = await twoOrderers();
    world.nats.cut({ from: world.nodes[0]!.id, to: world.nodes[3]!.id }, 'silent');
    expect(outcomeOf(await world.put(0, { value: 'x' }))).toMatch(/^w=2\/2/);
    expect(outcomeOf(await world.put(3, { value: 'y' }))).toMatch(/^w=2\/2/);
    world.nats.healAll();
    await readAt(world, 3);
    await readAt(world, 0);
    expect(world.valuesAt(3).toSorted()).toEqual(['x', 'y']);
    expect(world.valuesAt(0).toSorted()).toEqual(['x', 'y']);
  });

  test('where the last writer wins, the later one does', async () => {
    const world = await twoOrderers({ b: { conflict: 'last-writer-wins' } });
    world.nats.cut({ from: world.nodes[0]!.id, to: world.nodes[3]!.id }, 'silent');
    await world.put(0, { value: 'x' });
    await world.run(5);
    await world.put(3, { value: 'y' });
    world.nats.healAll();
    for (const at of [0, 3] as const) expect(shown(await readAt(world, at))).toEqual(['y']);
  });

  test('in any order, with any messages lost: each put stays until one whose node had it replaces it', async () => {
    const steps = array(
      record({
        at: constantFrom(0, 3),
        restMs: constantFrom(0, 1, 5, 40, 300),
        cut: constantFrom('none', '0 to 3', '3 to 0', 'both'),
        quorum: integer({ min: 1, max: 3 }),
      }),
      { minLength: 2, maxLength: 8 },
    );
    const holds = asyncProperty(steps, async (puts) => {
      const world = await twoOrderers();
      const replaced = new Set<string>();
      const [old, young] = idsOf(world, [0, 3]) as [string, string];
      for (const [i, { at, restMs, cut, quorum }] of puts.entries()) {
        world.nats.healAll();
        if (cut === '0 to 3' || cut === 'both') world.nats.cut({ from: old, to: young }, 'silent');
        if (cut === '3 to 0' || cut === 'both') world.nats.cut({ from: young, to: old }, 'silent');
        for (const value of world.valuesAt(at)) replaced.add(value);
        world.send(at, { value: `${i}`, quorum }, () => undefined);
        await world.run(restMs);
      }
      world.nats.healAll();
      await world.run(10_000);
      for (const at of [0, 3, 0, 3] as const) await readAt(world, at);
      await world.run(1_000);
      const expected = [...puts.keys()].map(String).filter((value) => !replaced.has(value));
      const now = new Set([...world.valuesAt(0), ...world.valuesAt(3)]);
      expect([...now].sort()).toEqual(expected.sort());
      expect(world.errors).toEqual([]);
    });
    await assert(holds, { seed: 11, numRuns: 40 });
  });
});
