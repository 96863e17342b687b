import { describe, expect, test } from '@jest/globals';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
import { limits } from '../../../actors/rules/limits.js';
import type { PeerAnswer } from '../../../src/bus/peers.js';
import { emptyContext, type Context, type SeenContext } from '../../../actors/rules/versions.js';
import { decodeSeen } from '../../../src/wire/key-state-codec.js';
import { asAnswer, asRequest } from '../../../src/wire/protocol/bodies.js';
import type { WireValue } from '../../../src/wire/wire-value.js';
import type { Change, GetReply, PutReply } from '../../../src/coordinator/coordinator.js';
import { receiptText } from '../../../src/wire/receipt.js';
import { keyOf, RoundCluster, shown } from '../../support/round-cluster.js';
import { Metrics } from '../../../src/seams/metrics.js';
import { reading, readingsOf } from '../../support/readings.js';

/** Partition 0: nodes 0, 1, 2 are the primaries; from 3 on come the fallbacks. */
const cluster = (nodes: number, buckets = {}): Promise<RoundCluster> =>
  RoundCluster.start({ nodes, buckets });

function receiptOf(reply: PutReply | GetReply): string {
  return reply.ok ? receiptText(reply.receipt) : failureOf(reply);
}

function failureOf(reply: PutReply | GetReply): string {
  return reply.ok ? 'ok' : `${reply.error.code} ${reply.error.outcome}`;
}

function contextOf(reply: PutReply | GetReply): SeenContext {
  if (!reply.ok) throw reply.error;
  return decodeSeen(reply.context);
}

/** Of the tombstones behind it. */
function vectorOf404(reply: GetReply): Context {
  if (reply.ok || reply.context === undefined) throw new Error('no 404 with a context');
  return decodeSeen(reply.context).vector;
}

test('in a bucket that is being removed, or was not declared, nothing is done', async () => {
  const own = { defaults: bucketOptionsDefault, unknown: 'declared' } as const;
  const row = { name: 'old', options: bucketOptionsDefault, closing: true };
  const world = await cluster(3);
  for (const { buckets } of world.nodes)
    buckets.goBy({ buckets: { ...own, rows: [row] }, move: undefined });
  const asked = ['old', 'new'].flatMap((bucket) => [
    world.put(0, { bucket, key: 'a' }),
    world.get(0, { bucket, key: 'a' }),
  ]);
  const texts = [/is being removed/, /is being removed/, /bucket create new/, /bucket create new/];
  const replies = await Promise.all(asked);
  expect(replies.map(failureOf)).toEqual(Array.from({ length: 4 }, () => '404 none'));
  for (const [i, reply] of replies.entries())
    expect(reply.ok ? '' : reply.error.message).toMatch(texts[i]!);
});

test('a bucket with a durability of its own says so in receipts, and shares no round with others', async () => {
  const durability = { kind: 'periodic', everyMs: 50 } as const;
  const world = await cluster(3, { fast: { durability } });
  const asked = [world.put(0, { bucket: 'fast' }), world.put(0, { bucket: 'safe' })];
  const receipts = (await Promise.all(asked)).map(receiptOf);
  expect(receipts[0]).toMatch(/^w=2\/2 .* durability=periodic\(50\)$/);
  expect(receipts[1]).toMatch(/^w=2\/2 .* durability=sync$/);
  const { rounds } = readingsOf(world.nodes[0]!, 'coordinator');
  expect(rounds).toBe(2);
});

describe('put, all is well', () => {
  test('N=3, W=2: two primaries answer, the third holds the state soon after', async () => {
    const world = await cluster(3);
    expect(receiptOf(await world.put(0, { value: 'v' }))).toBe(
      'w=2/2 primaries=2 fallbacks=0 durability=sync',
    );
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at)).toEqual(['v']);
    const { roundsInFlight, requestsInFlight, rounds } = readingsOf(world.nodes[0]!, 'coordinator');
    expect({ roundsInFlight, requestsInFlight, rounds }).toEqual({
      roundsInFlight: 0,
      requestsInFlight: 0,
      rounds: 1,
    });
    expect(world.nodes[0]!.peers.pending).toBe(0);
  });

  test('W=3 waits for all three, and so for the slowest log', async () => {
    const world = await cluster(3);
    world.nodes[2]!.store.logMs = 40;
    const startUs = world.scheduler.nowUs;
    expect(receiptOf(await world.put(0, { quorum: 3 }))).toMatch(/^w=3\/3 primaries=3/);
    expect(world.scheduler.nowUs - startUs).toBeGreaterThan(40_000);
  });

  test('the own log is slow: two others make the quorum of W=2', async () => {
    const world = await cluster(3);
    world.nodes[0]!.store.logHeld = true;
    expect(receiptOf(await world.put(0))).toBe('w=2/2 primaries=2 fallbacks=0 durability=sync');
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(1);
    world.nodes[0]!.store.release();
    await world.run(10);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('64 puts of one turn: one round, one mint, one message to each replica', async () => {
    const world = await cluster(3);
    const replies: PutReply[] = [];
    for (let i = 0; i < 64; i++) world.send(0, { key: `k${i}` }, (reply) => replies.push(reply));
    await world.run(50);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(64);
    expect(world.nodes.map(({ store }) => [store.mints, store.merges])).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
  });

  test('a turn with more bytes than a round may have is cut into rounds', async () => {
    const world = await cluster(3);
    const value = 'x'.repeat(limits.roundBytesMax / 4);
    const replies: PutReply[] = [];
    for (let i = 0; i < 10; i++)
      world.send(0, { key: `k${i}`, value }, (reply) => replies.push(reply));
    await world.run(50);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(10);
    expect(reading(world.nodes[0]!, 'coordinator.rounds')).toBeGreaterThanOrEqual(3);
    expect(world.nodes[1]!.store.records.size).toBe(10);
  });

  test('states that outgrow a round with their siblings are cut there; a key behind the cut builds on what came before', async () => {
    const world = await cluster(3);
    const value = 'x'.repeat(limits.roundBytesMax / 4);
    const others = Array.from({ length: 6 }, (_, i) => `other ${i}`);
    for (const key of others) await world.put(0, { key, value });
    const before = reading(world.nodes[0]!, 'coordinator.rounds');
    const counters: number[] = [];
    const count = (reply: PutReply): void => {
      counters.push(contextOf(reply).vector[0]!.counter);
    };
    world.send(0, { key: 'k' }, count);
    for (const key of others) world.send(0, { key, context: emptyContext }, () => undefined);
    world.send(0, { key: 'k' }, count);
    await world.run(50);
    expect(counters).toEqual([1, 2]);
    expect(reading(world.nodes[0]!, 'coordinator.rounds') - before).toBe(2);
  });

  test('different quorums of one turn are different rounds', async () => {
    const world = await cluster(3);
    const replies: PutReply[] = [];
    for (const quorum of [1, 2, 3])
      world.send(0, { key: `${quorum}`, quorum }, (reply) => replies.push(reply));
    await world.run(50);
    expect(replies.map(receiptOf).sort()).toEqual([
      'w=1/1 primaries=1 fallbacks=0 durability=sync',
      'w=2/2 primaries=2 fallbacks=0 durability=sync',
      'w=3/3 primaries=3 fallbacks=0 durability=sync',
    ]);
  });
});

describe('put, replicas are missing', () => {
  test('five nodes, two of three primaries gone, W=2: a fallback stands in, both hints are held', async () => {
    const world = await cluster(5);
    world.kill(1);
    world.kill(2);
    expect(receiptOf(await world.put(0, { value: 'v' }))).toBe(
      'w=2/2 primaries=1 fallbacks=1 hints=2 durability=sync',
    );
    await world.run(50);
    expect([...world.nodes[3]!.store.hintsTo]).toEqual([[world.nodes[1]!.id, new Set([keyOf()])]]);
    expect([...world.nodes[4]!.store.hintsTo]).toEqual([[world.nodes[2]!.id, new Set([keyOf()])]]);
    expect(world.valuesAt(3)).toEqual(['v']);
    expect(world.nodes[0]!.store.hintsTo.size).toBe(0);
  });

  test('three nodes, one gone, W=2: no fallback is left, so the coordinator owes the hint and counts once', async () => {
    const world = await cluster(3);
    world.kill(2);
    const reply = await world.put(0);
    expect(reply.ok && reply.receipt.primaries).toBe(2);
    await world.run(50);
    expect([...world.nodes[0]!.store.hintsTo.keys()]).toEqual([world.nodes[2]!.id]);
    expect(receiptOf(await world.put(0))).toMatch(/^w=2\/2 primaries=2 fallbacks=0/);
  });

  test('three nodes, two gone, W=2, the detector has not noticed: 503 unknown, hints are owed all the same', async () => {
    const world = await cluster(3);
    world.kill(1);
    world.kill(2);
    const reply = await world.put(0);
    expect(failureOf(reply)).toBe('503 unknown');
    expect(!reply.ok && reply.error.message).toMatch(
      /2 nodes needed, [01] answered, 1 within reach/,
    );
    await world.run(50);
    expect([...world.nodes[0]!.store.hintsTo.keys()]).toEqual([
      world.nodes[1]!.id,
      world.nodes[2]!.id,
    ]);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('three nodes, two believed down, W=2: 503 none in the same turn, nothing is minted', async () => {
    const world = await cluster(3);
    world.believeDown(1);
    world.believeDown(2);
    expect(failureOf(await world.put(0))).toBe('503 none');
    expect(world.nodes[0]!.store.records.size).toBe(0);
    expect(world.nodes[0]!.store.lastEpoch).toBe(100);
    expect(receiptOf(await world.put(0, { quorum: 1 }))).toBe(
      'w=1/1 primaries=1 fallbacks=0 hints=2 durability=sync',
    );
  });

  test('a primary believed down is not asked: its stand-in is, at once', async () => {
    const world = await cluster(4);
    world.believeDown(1);
    expect(receiptOf(await world.put(0, { quorum: 3 }))).toBe(
      'w=3/3 primaries=2 fallbacks=1 hints=1 durability=sync',
    );
    expect(world.nodes[1]!.store.merges).toBe(0);
  });

  test('five nodes, a primary is removed: nobody stands in for it as long as the others are W', async () => {
    const world = await cluster(5);
    for (const node of world.nodes) {
      node.view.removed.add(world.nodes[2]!.id);
      node.view.believe(world.nodes[2]!.id, 'down');
    }
    expect(receiptOf(await world.put(0, { value: 'v', quorum: 2 }))).toBe(
      'w=2/2 primaries=2 fallbacks=0 durability=sync',
    );
    await world.run(1_000);
    expect([3, 4].map((at) => world.valuesAt(at))).toEqual([[], []]);
    expect(receiptOf(await world.put(0, { value: 'w', quorum: 3 }))).toBe(
      'w=3/3 primaries=2 fallbacks=1 hints=1 durability=sync',
    );
    expect(world.valuesAt(3)).toEqual(['w']);
  });

  test('three nodes, a primary is removed: nobody owes it anything', async () => {
    const world = await cluster(3);
    world.nodes[0]!.view.removed.add(world.nodes[2]!.id);
    world.nodes[0]!.view.believe(world.nodes[2]!.id, 'down');
    expect(receiptOf(await world.put(0, { value: 'v' }))).toBe(
      'w=2/2 primaries=2 fallbacks=0 durability=sync',
    );
    await world.run(1_000);
    expect(reading(world.nodes[0]!, 'coordinator.fallbacksUsed')).toBe(0);
  });

  test('strict: fallbacks hold hints but do not count; three within reach, two of them primaries, W=3', async () => {
    const world = await cluster(5);
    world.kill(2);
    const reply = await world.put(0, { strict: true, quorum: 3 });
    expect(failureOf(reply)).toBe('503 unknown');
    await world.run(50);
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[2]!.id]);
    const two = await world.put(0, { strict: true });
    expect(two.ok && two.receipt).toMatchObject({ acked: 2, primaries: 2 });
  });

  test('strict, two of three primaries believed down, W=2: 503 none though fallbacks live', async () => {
    const world = await cluster(5);
    world.believeDown(1);
    world.believeDown(2);
    expect(failureOf(await world.put(0, { strict: true }))).toBe('503 none');
    expect(receiptOf(await world.put(0))).toMatch(/^w=2\/2 primaries=1 fallbacks=1 hints=2/);
  });

  test('a primary with a full disk refuses: a fallback takes its hint', async () => {
    const world = await cluster(4);
    world.nodes[1]!.store.refused = { reason: 'diskFull', message: 'the disk is full' };
    const reply = await world.put(0, { quorum: 3 });
    expect(receiptOf(reply)).toBe('w=3/3 primaries=2 fallbacks=1 hints=1 durability=sync');
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[1]!.id]);
  });

  test('a silent primary: the reply comes at once, and slowReplicaMs later a fallback holds the hint', async () => {
    const world = await cluster(4);
    world.silence(1);
    expect(receiptOf(await world.put(0))).toMatch(/^w=2\/2 primaries=2 fallbacks=0 d/);
    await world.run(limits.slowPutReplicaMs - 20);
    expect(world.nodes[3]!.store.hintsTo.size).toBe(0);
    await world.run(40);
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[1]!.id]);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
    expect(world.nodes[0]!.peers.pending).toBe(0);
  });

  test('two silent primaries, W=2: fallbacks answer for them after slowReplicaMs', async () => {
    const world = await cluster(5);
    world.silence(1);
    world.silence(2);
    const startUs = world.scheduler.nowUs;
    expect(receiptOf(await world.put(0))).toMatch(/^w=2\/2 primaries=1 fallbacks=1 hints=2/);
    const tookMs = (world.scheduler.nowUs - startUs) / 1000;
    expect(tookMs).toBeGreaterThan(limits.slowPutReplicaMs);
    expect(tookMs).toBeLessThan(limits.slowPutReplicaMs + 30);
  });

  test('three nodes, one silent: the round settles and the coordinator owes the hint', async () => {
    const world = await cluster(3);
    world.silence(2);
    expect((await world.put(0)).ok).toBe(true);
    await world.run(limits.settleMsMax + 20);
    expect([...world.nodes[0]!.store.hintsTo.keys()]).toEqual([world.nodes[2]!.id]);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('the detector calls a silent primary down during the round: its stand-in is asked then', async () => {
    const world = await cluster(4);
    world.silence(1);
    const replies: PutReply[] = [];
    world.send(0, { quorum: 3 }, (reply) => replies.push(reply));
    await world.run(10);
    world.nodes[0]!.view.believe(world.nodes[1]!.id, 'down');
    await world.run(10);
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[1]!.id]);
    expect(receiptOf(replies[0]!)).toMatch(/^w=3\/3 primaries=2 fallbacks=1 hints=1/);
  });

  test('W=3, two silent without a fallback, timeout 300 ms: 504 unknown then, hints owed, late answers ignored', async () => {
    const world = await cluster(3);
    world.silence(1);
    world.silence(2);
    const startUs = world.scheduler.nowUs;
    expect(failureOf(await world.put(0, { quorum: 3, timeoutMs: 300 }))).toBe('504 unknown');
    const tookMs = (world.scheduler.nowUs - startUs) / 1000;
    expect(tookMs).toBeGreaterThanOrEqual(300);
    expect(tookMs).toBeLessThan(310);
    world.nats.healAll();
    await world.run(1000);
    expect(world.nodes[0]!.store.hintsTo.size).toBe(2);
    expect(readingsOf(world.nodes[0]!, 'coordinator')).toMatchObject({
      roundsInFlight: 0,
      requestsInFlight: 0,
    });
  });

  test('requests of one round keep their own deadlines: 100 ms drops out, 5 s is answered', async () => {
    const world = await cluster(3);
    world.nodes[1]!.store.logHeld = true;
    world.nodes[2]!.store.logHeld = true;
    const replies: string[] = [];
    world.send(0, { key: 'a', timeoutMs: 100 }, (reply) => replies.push(`a ${failureOf(reply)}`));
    world.send(0, { key: 'b' }, (reply) => replies.push(`b ${failureOf(reply)}`));
    await world.run(200);
    expect(replies).toEqual(['a 504 unknown']);
    world.nodes[1]!.store.release();
    await world.run(20);
    expect(replies).toEqual(['a 504 unknown', 'b ok']);
    expect(reading(world.nodes[0]!, 'coordinator.rounds')).toBe(1);
  });

  test('every message twice: no replica counts twice (N=3, W=3, one silent)', async () => {
    const world = await cluster(3);
    Object.assign(world.nats.options.noise, { duplicatePpm: 1_000_000 });
    world.silence(2);
    expect(failureOf(await world.put(0, { quorum: 3, timeoutMs: 400 }))).toBe('504 unknown');
  });

  test('the hints are full at the coordinator: the put is done, the refusal is counted', async () => {
    const world = await cluster(3);
    world.nodes[0]!.store.hintsFull = true;
    world.kill(2);
    expect((await world.put(0)).ok).toBe(true);
    await world.run(50);
    expect(reading(world.nodes[0]!, 'coordinator.hintsRefused')).toBe(1);
  });
});

describe('put, the hints are full', () => {
  test('a fallback without room for one primary holds the states for the other that is away', async () => {
    const world = await cluster(4);
    world.believeDown(1);
    world.believeDown(2);
    world.nodes[3]!.store.hintsFullFor = world.nodes[1]!.id;
    expect(receiptOf(await world.put(0))).toMatch(/^w=2\/2 primaries=1 fallbacks=1 hints=2/);
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[2]!.id]);
  });

  test('nobody has room: the receipt does not speak of a hint', async () => {
    const world = await cluster(4);
    world.believeDown(2);
    for (const { store } of world.nodes) store.hintsFull = true;
    expect(receiptOf(await world.put(0))).toBe('w=2/2 primaries=2 fallbacks=0 durability=sync');
  });

  test('a coordinator that is no primary counts while it has room for W of them', async () => {
    const world = await cluster(4);
    for (const at of [0, 1]) world.believeDown(at);
    world.nodes[3]!.store.hintsFullFor = world.nodes[0]!.id;
    expect(receiptOf(await world.put(3))).toMatch(/^w=2\/2 primaries=1 fallbacks=1/);
  });
});

describe('put, the coordinator is no primary', () => {
  test('all primaries live, W=2: its own ack counts as a fallback with a hint owed', async () => {
    const world = await cluster(5);
    world.nodes[0]!.store.logMs = 30;
    world.nodes[1]!.store.logMs = 30;
    world.nodes[2]!.store.logMs = 30;
    expect(receiptOf(await world.put(3, { quorum: 1 }))).toBe(
      'w=1/1 primaries=0 fallbacks=1 hints=1 durability=sync',
    );
    // To every one of them; who has acknowledged by the end of the round is owed nothing.
    expect(world.nodes[3]!.store.hintsTo.size).toBe(3);
    await world.run(50);
    expect(world.nodes[3]!.store.hintsTo.size).toBeLessThanOrEqual(1);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at)).toEqual(['value']);
  });

  test('strict, W=2: only primaries count', async () => {
    const world = await cluster(5);
    expect(receiptOf(await world.put(3, { strict: true }))).toMatch(
      /^w=2\/2 primaries=2 fallbacks=[01]/,
    );
    const down = await cluster(5);
    down.believeDown(0);
    down.believeDown(1);
    expect(failureOf(await down.put(3, { strict: true }))).toBe('503 none');
  });

  test('a primary is down: it owes the hint to that one', async () => {
    const world = await cluster(5);
    world.believeDown(1);
    expect((await world.put(3)).ok).toBe(true);
    await world.run(50);
    expect([...world.nodes[3]!.store.hintsTo.keys()]).toEqual([world.nodes[1]!.id]);
    expect(world.nodes[4]!.store.records.size).toBe(0);
  });

  test('one acknowledges, two are silent, and it ends at once: its hints for all are as durable as its ack', async () => {
    const world = await cluster(4);
    world.silence(1);
    world.silence(2);
    expect(receiptOf(await world.put(3))).toMatch(/^w=2\/2 primaries=1 fallbacks=1/);
    expect(world.nodes[3]!.store.hintsTo.size).toBe(3);
    await world.run(limits.settleMsMax + 50);
    const owed = [...world.nodes[3]!.store.hintsTo.keys()];
    expect(owed.sort()).toEqual([world.nodes[1]!.id, world.nodes[2]!.id].sort());
  });

  test('its hints are full: its own ack does not count, the primaries make the quorum', async () => {
    const world = await cluster(5);
    world.nodes[3]!.store.hintsFull = true;
    expect(receiptOf(await world.put(3, { quorum: 3 }))).toMatch(/^w=3\/3 primaries=3 fallbacks=0/);
  });
});

describe('versions', () => {
  test('blind puts one after the other at one coordinator leave the last value', async () => {
    const world = await cluster(3);
    for (const value of ['1', '2', '3']) await world.put(0, { value });
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at)).toEqual(['3']);
    expect(world.stateAt(1).context).toHaveLength(1);
  });

  test('blind puts of one key in one turn build on each other', async () => {
    const world = await cluster(3);
    const contexts: number[] = [];
    for (const value of ['1', '2', '3'])
      world.send(0, { value }, (reply) => contexts.push(contextOf(reply).vector[0]!.counter));
    await world.run(50);
    expect(contexts).toEqual([1, 2, 3]);
    expect(world.valuesAt(1)).toEqual(['3']);
    expect(reading(world.nodes[0]!, 'coordinator.rounds')).toBe(1);
  });

  test('two puts with the empty context leave two siblings; a put with the context of a get merges them', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'a', context: emptyContext });
    await world.put(0, { value: 'b', context: emptyContext });
    const both = await world.get(0);
    expect(shown(both)).toEqual(['a', 'b']);
    await world.put(0, { value: 'c', context: contextOf(both) });
    expect(shown(await world.get(0))).toEqual(['c']);
  });

  test('concurrent blind puts at two coordinators become siblings', async () => {
    const world = await cluster(3);
    await world.putAll([
      { at: 0, value: 'a' },
      { at: 1, value: 'b' },
    ]);
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at).sort()).toEqual(['a', 'b']);
  });

  test('a put with the context its own put returned replaces its own write', async () => {
    const world = await cluster(3);
    const first = await world.put(0, { value: '1', context: emptyContext });
    const second = await world.put(1, { value: '2', context: contextOf(first) });
    expect(second.ok).toBe(true);
    await world.run(50);
    for (const at of [0, 1, 2]) expect(world.valuesAt(at)).toEqual(['2']);
  });

  test('the context a put returns never covers a sibling its author did not see', async () => {
    const world = await cluster(3);
    const seen = contextOf(await world.put(0, { value: 'base' }));
    await world.put(0, { value: 'theirs', context: seen });
    const mine = contextOf(await world.put(0, { value: 'mine', context: seen }));
    await world.put(0, { value: 'mine again', context: mine });
    expect(shown(await world.get(0))).toContain('theirs');
    expect(shown(await world.get(0))).toContain('mine again');
  });

  test('a void mark (of an earlier start): the next put draws a new epoch and nothing is lost', async () => {
    const world = await cluster(3);
    await world.put(0, { value: '1', context: emptyContext });
    world.nodes[0]!.store.firstValidEpoch = 1000;
    world.nodes[0]!.store.lastEpoch = 1000;
    await world.put(0, { value: '2', context: emptyContext });
    expect(shown(await world.get(0))).toEqual(['1', '2']);
    expect(world.stateAt(0).context).toHaveLength(2);
    await world.put(0, { value: '3', context: emptyContext });
    expect(world.stateAt(0).context).toHaveLength(2);
  });

  test('a record that came from a peer has no mark: minting on it draws an epoch', async () => {
    const world = await cluster(3);
    await world.put(0, { value: '1' });
    await world.run(50);
    await world.put(1, { value: '2' });
    expect(world.stateAt(1).context).toHaveLength(2);
    expect(world.valuesAt(1)).toEqual(['2']);
  });

  test('a delete leaves 404 with a context; a put beside it is shown with the tombstone', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'a' });
    await world.put(0, { value: null });
    const gone = await world.get(0);
    expect(shown(gone)).toEqual(['error 404']);
    expect(vectorOf404(gone)).toHaveLength(1);
    expect(await world.get(0, { key: 'never' })).not.toHaveProperty('context');
    await world.put(0, { value: 'b', context: emptyContext });
    expect(shown(await world.get(0))).toEqual(['(deleted)', 'b']);
  });

  test('a retried operation is not minted again, in the same round, later, or beside another put', async () => {
    const world = await cluster(3);
    const ask = { value: 'v', operation: 'op-1' };
    const replies: PutReply[] = [];
    world.send(0, ask, (reply) => replies.push(reply));
    world.send(0, ask, (reply) => replies.push(reply));
    await world.run(50);
    const later = await world.put(0, ask);
    expect([...replies, later].map((reply) => contextOf(reply))).toEqual([
      contextOf(later),
      contextOf(later),
      contextOf(later),
    ]);
    expect(world.stateAt(0).context[0]!.counter).toBe(1);
    await world.put(0, { value: 'other', context: emptyContext });
    await world.put(0, ask);
    expect(shown(await world.get(0))).toEqual(['v', 'other']);
  });

  test('a retried operation that was replaced meanwhile is not minted again: blind, with a context, in the round that replaces it', async () => {
    const world = await cluster(3);
    const ask = { value: 'a', operation: 'op-1' };
    await world.put(0, ask);
    await world.put(0, { value: 'b' });
    expect((await world.put(0, ask)).ok).toBe(true);
    expect(shown(await world.get(0))).toEqual(['b']);

    const seen = contextOf(await world.get(0));
    const askSeen = { value: 'c', operation: 'op-2', context: seen };
    await world.put(0, askSeen);
    await world.put(0, { value: 'd', context: contextOf(await world.get(0)) });
    await world.put(0, askSeen);
    expect(shown(await world.get(0))).toEqual(['d']);

    const replies: PutReply[] = [];
    for (const put of [{ value: 'e', operation: 'op-3' }, { value: 'f' }])
      world.send(0, put, (reply) => replies.push(reply));
    world.send(0, { value: 'e', operation: 'op-3' }, (reply) => replies.push(reply));
    await world.run(50);
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(shown(await world.get(0))).toEqual(['f']);
    expect(world.valuesAt(2)).toEqual(['f']);
  });

  test('an operation retried at another coordinator leaves two siblings, of which one is shown', async () => {
    const world = await cluster(3);
    const ask = { value: 'v', operation: 'op-1' };
    await world.putAll([
      { ...ask, at: 0 },
      { ...ask, at: 1 },
    ]);
    await world.run(50);
    expect(world.valuesAt(2)).toEqual(['v', 'v']);
    expect(shown(await world.get(0))).toEqual(['v']);
  });

  test(`sibling ${limits.siblingsMax + 1} is refused with 409 none; a put with the context is not`, async () => {
    const world = await cluster(3);
    for (let i = 0; i < limits.siblingsMax; i++)
      expect((await world.put(0, { value: `${i}`, context: emptyContext })).ok).toBe(true);
    expect(failureOf(await world.put(0, { context: emptyContext }))).toBe('409 none');
    const all = await world.get(0);
    expect(shown(all)).toHaveLength(limits.siblingsMax);
    expect((await world.put(0, { value: 'one', context: contextOf(all) })).ok).toBe(true);
    expect(shown(await world.get(0))).toEqual(['one']);
  });

  test('siblings that together pass the bound on a state are refused with 413', async () => {
    const world = await cluster(3);
    const value = 'x'.repeat(limits.valueBytesMax);
    expect((await world.put(0, { value, context: emptyContext })).ok).toBe(true);
    expect(failureOf(await world.put(0, { value, context: emptyContext }))).toBe('413 none');
    expect(failureOf(await world.put(0, { value: `${value}x` }))).toBe('413 none');
  });
});

describe('buckets', () => {
  const buckets = {
    last: { conflict: 'last-writer-wins', ttlMs: 0 },
    brief: { ttlMs: 1000 },
    lone: { n: 1, r: 1, w: 1 },
  } as const;

  test('last-writer-wins: concurrent puts show the newer, the next put covers both', async () => {
    const world = await cluster(3, buckets);
    const ask = { bucket: 'last' };
    world.send(0, { ...ask, value: 'older' }, () => undefined);
    world.nodes[1]!.clock.wallMs = () => world.nodes[0]!.clock.wallMs() + 50;
    world.send(1, { ...ask, value: 'newer', context: emptyContext }, () => undefined);
    await world.run(50);
    expect(world.valuesAt(0, ask)).toHaveLength(2);
    expect(shown(await world.get(2, ask))).toEqual(['newer']);
    await world.put(0, { ...ask, value: 'last' });
    expect(world.valuesAt(0, ask)).toEqual(['last']);
    expect(shown(await world.get(2, ask))).toEqual(['last']);
  });

  test('last-writer-wins: the empty context replaces too', async () => {
    const world = await cluster(3, buckets);
    for (const value of ['1', '2'])
      await world.put(0, { bucket: 'last', value, context: emptyContext });
    expect(world.valuesAt(0, { bucket: 'last' })).toEqual(['2']);
  });

  test('TTL of the bucket 1 s, of a request 3 s: 404 with context once it is over', async () => {
    const world = await cluster(3, buckets);
    await world.put(0, { bucket: 'brief', key: 'a' });
    await world.put(0, { bucket: 'brief', key: 'b', ttlMs: 3000 });
    await world.run(1500);
    const over = await world.get(0, { bucket: 'brief', key: 'a' });
    expect(shown(over)).toEqual(['error 404']);
    expect(vectorOf404(over)).toHaveLength(1);
    expect(shown(await world.get(0, { bucket: 'brief', key: 'b' }))).toEqual(['value']);
    await world.run(2000);
    expect(shown(await world.get(0, { bucket: 'brief', key: 'b' }))).toEqual(['error 404']);
  });

  test('N=1: W=2 is refused with 400, W=1 stays on one node', async () => {
    const world = await cluster(3, buckets);
    expect(failureOf(await world.put(0, { bucket: 'lone' }))).toBe('400 none');
    expect(receiptOf(await world.put(0, { bucket: 'lone', quorum: 1 }))).toMatch(/^w=1\/1/);
    expect(world.nodes[1]!.store.records.size).toBe(0);
  });
});

describe('get', () => {
  test('R=2, replicas agree: one read message, no state travels, no repair', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    await world.run(50);
    const reply = await world.get(0);
    expect(shown(reply)).toEqual(['v']);
    expect(receiptOf(reply)).toBe('r=2/2 primaries=2 fallbacks=0 durability=sync');
    await world.run(50);
    expect(readingsOf(world.nodes[0]!, 'coordinator')).toMatchObject({
      readRepairs: 0,
      roundsInFlight: 0,
    });
    expect(world.nodes[1]!.store.merges).toBe(1);
  });

  test('R=1 at a primary is answered in the call itself, without a round', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    const { rounds } = readingsOf(world.nodes[0]!, 'coordinator');
    const replies: GetReply[] = [];
    const deadlineMs = world.nodes[0]!.clock.monotonicMs() + 1000;
    world.nodes[0]!.coordinator.get({
      bucket: 'b',
      key: 'k',
      partition: 0,
      quorum: 1,
      strict: true,
      deadlineMs,
      onReply: (reply) => replies.push(reply),
    });
    expect(replies.map(shown)).toEqual([['v']]);
    expect(reading(world.nodes[0]!, 'coordinator.rounds')).toBe(rounds);
    // A frame may keep the reply until its other rows are answered.
    await world.run(10);
    expect(replies.map(shown)).toEqual([['v']]);
  });

  test('R=1 at a node that holds nothing asks a primary', async () => {
    const world = await cluster(5);
    await world.put(0, { value: 'v' });
    await world.run(50);
    const reply = await world.get(4, { quorum: 1 });
    expect(shown(reply)).toEqual(['v']);
    expect(receiptOf(reply)).toMatch(/primaries=1 fallbacks=0/);
  });

  test('read repair: the coordinator was behind, the reply is right and all asked hold the state after', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    await world.run(50);
    world.nodes[1]!.store.records.clear();
    expect(shown(await world.get(1))).toEqual(['v']);
    await world.run(50);
    expect(world.valuesAt(1)).toEqual(['v']);
    expect(readingsOf(world.nodes[1]!, 'coordinator')).toMatchObject({
      readRepairs: 1,
      roundsInFlight: 0,
    });
  });

  test('read repair: another primary was behind and gets the merged state', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    await world.run(50);
    world.nodes[1]!.store.records.clear();
    expect(shown(await world.get(0))).toEqual(['v']);
    await world.run(50);
    expect(world.valuesAt(1)).toEqual(['v']);
  });

  test('read repair merges siblings of both sides and loses none', async () => {
    const world = await cluster(3);
    world.nats.cut({ from: world.nodes[0]!.id, to: world.nodes[1]!.id }, 'silent');
    world.nats.cut({ from: world.nodes[1]!.id, to: world.nodes[0]!.id }, 'silent');
    world.nats.cut({ from: world.nodes[0]!.id, to: world.nodes[2]!.id }, 'silent');
    await world.put(0, { value: 'a', quorum: 1 });
    await world.put(1, { value: 'b', quorum: 1 });
    world.nats.healAll();
    expect(shown(await world.get(0)).sort()).toEqual(['a', 'b']);
    await world.run(50);
    for (const at of [0, 1]) expect(world.valuesAt(at).sort()).toEqual(['a', 'b']);
  });

  test('an answer that does not fit one message is fetched in parts', async () => {
    const world = await cluster(3);
    const value = 'x'.repeat(limits.roundBytesMax / 2 - 1000);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await world.put(0, { key, value });
    await world.run(50);
    world.nodes[1]!.store.records.clear();
    const asks = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ at: 1, key }));
    world.nodes[0]!.store.records.clear();
    const replies = await world.getAll(asks);
    expect(replies.map((reply) => shown(reply)[0]?.length)).toEqual(Array(5).fill(value.length));
    expect(reading(world.nodes[1]!, 'coordinator.rounds')).toBe(1);
    await world.run(100);
    expect(world.nodes[1]!.store.records.size).toBe(5);
  });

  test('a replica gone: the next primary is asked at once', async () => {
    const world = await cluster(3);
    await world.put(0);
    await world.run(50);
    world.kill(1);
    expect(receiptOf(await world.get(0))).toMatch(/^r=2\/2 primaries=2/);
  });

  test('a replica silent: one more is asked after slowReplicaMs', async () => {
    const world = await cluster(3);
    await world.put(0);
    await world.run(50);
    world.silence(1);
    const startUs = world.scheduler.nowUs;
    expect(receiptOf(await world.get(0))).toMatch(/^r=2\/2 primaries=2/);
    expect((world.scheduler.nowUs - startUs) / 1000).toBeLessThan(limits.slowGetReplicaMs + 10);
    expect(world.nodes[0]!.peers.pending).toBe(0);
  });

  test('two of three primaries down: fallbacks answer, under strict 503', async () => {
    const world = await cluster(5);
    world.believeDown(1);
    world.believeDown(2);
    await world.put(0, { value: 'v' });
    await world.run(50);
    const reply = await world.get(0);
    expect(shown(reply)).toEqual(['v']);
    expect(receiptOf(reply)).toBe('r=2/2 primaries=1 fallbacks=1 durability=sync');
    expect(failureOf(await world.get(0, { strict: true }))).toBe('503 none');
  });

  test('two of three gone unnoticed, no fallback, R=2: 503 as soon as both are known to be missing', async () => {
    const world = await cluster(3);
    world.kill(1);
    world.kill(2);
    const startUs = world.scheduler.nowUs;
    expect(failureOf(await world.get(0))).toBe('503 none');
    expect(world.scheduler.nowUs - startUs).toBeLessThan(10_000);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('nobody answers, timeout 100 ms: 504', async () => {
    const world = await cluster(3);
    world.silence(1);
    world.silence(2);
    expect(failureOf(await world.get(0, { timeoutMs: 100 }))).toBe('504 none');
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });

  test('gets of one key in one turn share its read', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    await world.run(50);
    const replies = await world.getAll(['k', 'k', 'j', 'k'].map((key) => ({ at: 0, key })));
    expect(replies.map(shown)).toEqual([['v'], ['v'], ['error 404'], ['v']]);
  });
});

const answerTo = async (
  verb: 'merge' | 'read',
  body: readonly WireValue[],
): Promise<PeerAnswer> => {
  const world = await cluster(2);
  const answers: PeerAnswer[] = [];
  world.nodes[0]!.peers.call(world.nodes[1]!.id, verb, asRequest(body), (answer) =>
    answers.push(answer),
  );
  await world.run(20);
  expect(world.nodes[1]!.store.records.size).toBe(0);
  return answers[0]!;
};

describe('replica', () => {
  const bytes = Buffer.alloc(8);

  test('merge and read: what is late is refused with 504 before the store is touched', async () => {
    const late = { kind: 'refused', code: 504 };
    expect(await answerTo('merge', [0, '', 0, bytes, null])).toMatchObject(late);
    expect(await answerTo('read', [-3, [bytes], bytes, null])).toMatchObject(late);
  });

  test('merge and read: what is by another configuration is refused with 421, whatever else is wrong with it', async () => {
    const other = { kind: 'refused', code: 421 };
    expect(await answerTo('merge', [0, '', 0, bytes, 7])).toMatchObject(other);
    expect(await answerTo('read', [-3, [bytes], bytes, 7])).toMatchObject(other);
  });

  test('merge and read: bodies that are none are refused with 400', async () => {
    const malformed = { kind: 'refused', code: 400 };
    for (const body of [
      [],
      [0, '', 10, 'text', null],
      [0, '', 10, Buffer.from('torn batch'), null],
      [0, null, 10, bytes, null],
    ])
      expect(await answerTo('merge', body)).toMatchObject(malformed);
    for (const body of [
      [],
      [10, 'key', bytes, null],
      [10, ['key'], bytes, null],
      [10, [bytes], Buffer.alloc(7), null],
      [10, [bytes], Buffer.alloc(16), null],
    ])
      expect(await answerTo('read', body)).toMatchObject(malformed);
  });

  test('a replica that answers a read with nonsense counts as lost: the next primary is asked', async () => {
    const world = await cluster(3);
    await world.put(0, { value: 'v' });
    await world.run(50);
    const nonsense = [
      [],
      [[0], [], 1],
      [[0], [Buffer.from('torn')], 1],
      [[7], [bytes], 1],
      [[], [], 0],
      [[], [], 9],
    ];
    const metrics = new Metrics();
    const impostor = world.impersonate(1, metrics);
    let at = 0;
    impostor.handle('read', (call) => call.ok(asAnswer(nonsense[at]!)));
    await world.run(10);
    for (; at < nonsense.length; at++) {
      const before = reading(world.nodes[2]!, 'peers.served');
      expect(receiptOf(await world.get(0))).toMatch(/^r=2\/2 primaries=2/);
      expect(reading(world.nodes[2]!, 'peers.served')).toBe(before + 1);
    }
    expect(reading({ metrics }, 'peers.served')).toBe(nonsense.length);
    expect(reading(world.nodes[0]!, 'coordinator.roundsInFlight')).toBe(0);
  });
});

describe('bounds and the end', () => {
  test('no ring yet: put and get are refused with 503, R=1 too', async () => {
    const world = await cluster(3);
    const { ring } = world.nodes[0]!.view;
    Object.assign(ring, { preferenceList: () => [] });
    expect(failureOf(await world.put(0))).toBe('503 none');
    for (const quorum of [1, 2]) expect(failureOf(await world.get(0, { quorum }))).toBe('503 none');
  });

  test('a request whose deadline passed is refused with 504 none before the store is touched', async () => {
    const world = await cluster(3);
    expect(failureOf(await world.put(0, { timeoutMs: 0 }))).toBe('504 none');
    expect(failureOf(await world.get(0, { timeoutMs: -5 }))).toBe('504 none');
    expect(world.nodes[0]!.store.records.size).toBe(0);
  });

  test('the store refuses: disk full is 503 none with its text, overloaded 429 none', async () => {
    const world = await cluster(3);
    world.nodes[0]!.store.refused = { reason: 'diskFull', message: 'the disk is full' };
    const full = await world.put(0);
    expect(failureOf(full)).toBe('503 none');
    expect(!full.ok && full.error.message).toBe('the disk is full');
    world.nodes[0]!.store.refused = { reason: 'overloaded', message: 'the flush is behind' };
    expect(failureOf(await world.put(0))).toBe('429 none');
    expect(shown(await world.get(0))).toEqual(['error 404']);
  });

  test(`request ${limits.requestsInFlightMax + 1} in flight is refused with 429`, async () => {
    const world = await cluster(3);
    world.nodes[0]!.store.logHeld = true;
    world.silence(1);
    world.silence(2);
    let open = 0;
    for (let i = 0; i < limits.requestsInFlightMax; i++)
      world.send(0, { key: `k${i}`, timeoutMs: 60_000 }, () => open++);
    expect(open).toBe(0);
    expect(failureOf(await world.put(0))).toBe('429 none');
  });

  test('changes are told once for each put that met its quorum', async () => {
    const world = await cluster(3);
    const changes: Change[] = [];
    world.nodes[0]!.coordinator.onChanged((change) => changes.push(change));
    const put = await world.put(0, { key: 'a' });
    await world.put(0, { key: 'a', value: null });
    world.silence(1);
    world.silence(2);
    await world.put(0, { key: 'b', timeoutMs: 200 });
    expect(changes.map(({ key, tombstone }) => [key, tombstone])).toEqual([
      ['a', false],
      ['a', true],
    ]);
    expect(decodeSeen(changes[0]!.context)).toEqual(contextOf(put));
  });

  test('drain: what was taken is finished, what comes after is refused with 503 none', async () => {
    const world = await cluster(3);
    const replies: string[] = [];
    world.send(0, {}, (reply) => replies.push(failureOf(reply)));
    let drained = false;
    void world.nodes[0]!.coordinator.drain().then(() => (drained = true));
    world.send(0, {}, (reply) => replies.push(failureOf(reply)));
    expect(drained).toBe(false);
    await world.run(50);
    expect(replies).toEqual(['503 none', 'ok']);
    expect(drained).toBe(true);
  });

  test('an inspector sees the rounds that start while it watches', async () => {
    const world = await cluster(3);
    await world.put(0);
    const seen: string[] = [];
    const told: string[] = [];
    world.nodes[0]!.inspection.watch({
      next: (event) => {
        if (event.type === '@xstate.event') told.push(event.event.type);
        if (event.type === '@xstate.snapshot' && 'value' in event.snapshot)
          seen.push(String(event.snapshot.value));
      },
    });
    await world.put(0);
    await world.run(50);
    expect(seen).toContain('awaitingQuorum');
    expect(seen.at(-1)).toBe('done');
    const news = ['log.durable', 'replica.acked', 'replica.acked', 'quorum.met'];
    expect(told.filter((type) => news.includes(type)).sort()).toEqual(news.sort());
  });
});
