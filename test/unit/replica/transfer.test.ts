import { afterEach, describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { bucketOptionsDefault } from '../../../actors/rules/bucket.js';
import { storageKeyOf, type StorageKey } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { transferLimits } from '../../../actors/rules/limits/transfer.js';
import type { KeyState } from '../../../actors/rules/versions.js';
import type { NodeOptions } from '../../../src/options/node-options.js';
import type { PeerAnswer } from '../../../src/bus/peers.js';
import { decode, encode } from '../../../src/wire/message-pack.js';
import { sentOf, transferBody } from '../../../src/wire/protocol/transfer.js';
import { decodeBatch } from '../../../src/wire/state-batch.js';
import type { WireValue } from '../../../src/wire/wire-value.js';
import { ReplicaWorld } from '../../support/replica-world.js';
import { reading, readingsOf } from '../../support/readings.js';

let world: ReplicaWorld;

afterEach(() => expect(world.errors).toEqual([]));

const [stable, moving] = [2, 3];
const direction = 0;

/** Node 3 is to receive all partitions but these: their owners stay nodes 0, 1 and 2. */
const staying = new Set([0, 4, 8, 12]);
const expected = Array.from({ length: 16 }, (_, p) => p).filter((p) => !staying.has(p));

const ids = (nodes: readonly number[]): string[] => nodes.map((at) => world.nodes[at]!.id);

/** Nodes 0, 1 and 2 own everything (N=3, W=2), node 3 is there and holds nothing. */
async function settled(options: Partial<NodeOptions> = {}): Promise<void> {
  world = await ReplicaWorld.start(4, options);
  for (const { view } of world.nodes) view.learn(stable, ids([0, 1, 2]));
}

/** Node 3 comes in; those that are `late` have not heard of it yet. */
function begin(late: readonly number[] = []): void {
  for (const [at, { view }] of world.nodes.entries())
    if (!late.includes(at)) view.moveTo(moving, ids([0, 1, 2, 3]));
  for (const { transfer, exchange } of world.nodes) {
    exchange.start();
    transfer.start();
  }
}

const received = (at = 3): number[] =>
  [...world.nodes[at]!.transfer.received()].sort((a, b) => a - b);

async function untilReceived(ms = 60_000): Promise<void> {
  for (let waited = 0; waited < ms && received().length < expected.length; waited += 100)
    await world.run(100);
  expect(received()).toEqual(expected);
}

/** Put and held by these nodes, as a put that all of them acknowledged. */
async function putAt(nodes: readonly number[], key: StorageKey, value = 'v'): Promise<void> {
  const state = await world.put(nodes[0]!, key, { value });
  for (const at of nodes.slice(1)) await world.give(at, key, state);
}

async function fill(count: number, value = 'v'): Promise<StorageKey[]> {
  const keys = Array.from({ length: count }, (_, i) => world.key(`k${i}`, i % 16));
  for (const key of keys) await putAt([0, 1, 2], key, value);
  return keys;
}

const isMovingKey = (key: StorageKey): boolean => !staying.has(key.charCodeAt(1));

describe('transfer', () => {
  test('an empty node receives what its partitions hold, once each, and nothing of the others', async () => {
    await settled();
    const keys = await fill(480, 'x'.repeat(1_000));
    begin();
    let told = 0;
    world.nodes[3]!.transfer.onReceived(() => told++);
    await untilReceived();
    for (const key of keys)
      expect(world.valuesAt(3, key)).toEqual(isMovingKey(key) ? ['x'.repeat(1_000)] : undefined);
    expect(readingsOf(world.nodes[3]!, 'transfer')).toMatchObject({ partitions: 12, states: 360 });
    expect(reading(world.nodes[3]!, 'transfer.bytes')).toBeLessThan(1.1 * 360 * 1_000);
    expect(reading(world.nodes[3]!, 'exchange.pulled')).toBe(0);
    expect(told).toBeGreaterThan(0);
    expect([0, 1, 2].map(received)).toEqual([[], [], []]);
  });

  test('what only some of the owners hold is received from whom holds it', async () => {
    await settled();
    const keys = await fill(160);
    const few = [
      [0, 1],
      [1, 2],
      [0, 2],
      [2, 1],
    ];
    const odd = few.map((_, i) => world.key(`odd${i}`, 1));
    for (const [i, key] of odd.entries()) await putAt(few[i]!, key, `odd${i}`);
    begin();
    await untilReceived();
    for (const [i, key] of odd.entries()) expect(world.valuesAt(3, key)).toEqual([`odd${i}`]);
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [0, 3])).toBe(true);
  });

  test('a source dies while it streams: another goes on, and nothing is received before it counts as down', async () => {
    await settled();
    const keys = await fill(320, 'x'.repeat(20_000));
    begin();
    const streamed = (): number => reading(world.nodes[3]!, 'transfer.states');
    while (streamed() === 0) await world.run(1);
    world.crash(0);
    await world.run(20_000);
    expect(received()).toEqual([]);
    world.believe(0, 'down');
    await untilReceived();
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
    // Nothing was sent twice: neither by the one who went on, nor by those that were compared with.
    expect(streamed()).toBe(240);
    expect(reading(world.nodes[3]!, 'exchange.pulled')).toBe(0);
  });

  test('the target restarts: what it holds is compared, the rest is streamed', async () => {
    await settled();
    const keys = await fill(320, 'x'.repeat(10_000));
    begin();
    while (received().length === 0) await world.run(1);
    const before = reading(world.nodes[3]!, 'transfer.states');
    expect(before).toBeGreaterThan(100);
    world.crash(3);
    const target = await world.boot(3);
    target.view.learn(stable, ids([0, 1, 2]));
    target.view.moveTo(moving, ids([0, 1, 2, 3]));
    target.exchange.start();
    target.transfer.start();
    expect(received()).toEqual([]);
    await untilReceived();
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
    expect(before + reading(target, 'transfer.states')).toBeLessThan(300);
  });

  test('puts go on while it streams: both sides have them, and all that was there before', async () => {
    await settled();
    const keys = await fill(320, 'x'.repeat(5_000));
    begin();
    for (let i = 0; received().length < expected.length && i < 2_000; i++) {
      const key = keys[(i * 37) % keys.length]!;
      await putAt(isMovingKey(key) ? [0, 1, 2, 3] : [0, 1, 2], key, `new${i}`);
    }
    await untilReceived();
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
    const moved = ['transfer.bytes', 'exchange.bytes'].map((n) => reading(world.nodes[3]!, n));
    expect(moved[0]! + moved[1]!).toBeLessThan(1.1 * 240 * 5_000);
    expect(reading(world.nodes[3]!, 'transfer.states')).toBeLessThanOrEqual(240);
  });

  test('an owner that has not heard of the move is not believed: what it takes till then is received', async () => {
    await settled();
    await fill(64);
    begin([1]);
    await world.run(10_000);
    expect(received()).toEqual([]);
    expect(new Set(world.nodes[3]!.view.reconciled)).toEqual(new Set(ids([1])));
    const late = world.key('late', 1);
    await putAt([1], late, 'late');
    world.nodes[1]!.view.moveTo(moving, ids([0, 1, 2, 3]));
    await untilReceived();
    expect(world.valuesAt(3, late)).toEqual(['late']);
  });

  test('an owner that is heard and does not answer is waited for a while, and told of', async () => {
    await settled();
    const keys = await fill(64);
    begin([1]);
    const { transfer } = world.nodes[3]!;
    await world.run(transferLimits.unansweringMsMax - 5_000);
    expect(received()).toEqual([]);
    expect(transfer.unanswering()).toEqual([]);
    await untilReceived();
    expect(transfer.unanswering()).toEqual(ids([1]));
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [0, 3])).toBe(true);
    world.believe(1, 'down');
    expect(transfer.unanswering()).toEqual([]);
  });

  test('an owner whose disk is full gives what it holds, though it can take nothing that it lacks', async () => {
    await settled({ defaults: { ...bucketOptionsDefault, w: 1 } });
    const keys = await fill(64);
    const lacked = world.key('lacked', 1);
    await putAt([0, 2], lacked);
    const alone = world.key('alone', 1);
    await putAt([1], alone);
    world.fill(1, true);
    await world.put(1, world.key('waits', 4));
    expect(world.nodes[1]!.store.refusal()?.reason).toBe('diskFull');
    for (const { view } of world.nodes) view.moveTo(moving, ids([0, 1, 2, 3]));
    world.nodes[3]!.exchange.start();
    world.nodes[3]!.transfer.start();
    await untilReceived(30_000);
    expect(world.nodes[3]!.transfer.unanswering()).toEqual([]);
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [0, 1, 3])).toBe(true);
    for (const key of [lacked, alone]) expect(world.valuesAt(3, key)).toEqual(['v']);
    expect(world.stateAt(1, lacked)).toBeUndefined();
  });

  test('a new owner whose own disk is full lays that on none of the owners before', async () => {
    await settled();
    const keys = await fill(64);
    for (const key of keys.slice(16)) await world.give(3, key, world.stateAt(0, key)!);
    world.fill(3, true);
    await world.put(3, world.key('waits', 4));
    expect(world.nodes[3]!.store.refusal()?.reason).toBe('diskFull');
    begin();
    await world.run(2 * transferLimits.unansweringMsMax);
    expect(received()).toEqual([]);
    expect(world.nodes[3]!.transfer.unanswering()).toEqual([]);
    world.fill(3, false);
    await untilReceived();
  });

  test('of three owners one is down and one does not answer: the third is not enough, ever', async () => {
    await settled();
    await fill(64);
    world.crash(0);
    world.believe(0, 'down');
    begin([1]);
    await world.run(3 * transferLimits.unansweringMsMax);
    expect(received()).toEqual([]);
    expect(world.nodes[3]!.transfer.unanswering()).toEqual(ids([1]));
    world.nodes[1]!.view.moveTo(moving, ids([0, 1, 2, 3]));
    await world.run(transferLimits.overdueRetryMs + 10_000);
    await untilReceived();
    expect(world.nodes[3]!.transfer.unanswering()).toEqual([]);
  });

  test('only N − W owners can be reached: nothing is received, however long', async () => {
    await settled();
    await fill(64);
    for (const at of [0, 1]) {
      world.crash(at);
      world.believe(at, 'down');
    }
    begin();
    await world.run(120_000);
    expect(received()).toEqual([]);
    world.nodes[0] = await world.boot(0);
    world.nodes[0].view.learn(stable, ids([0, 1, 2]));
    world.nodes[0].view.moveTo(moving, ids([0, 1, 2, 3]));
    world.believe(0, 'alive');
    await untilReceived();
  });

  test('an owner was removed: the others are enough, all of them', async () => {
    await settled();
    const keys = await fill(64);
    world.crash(0);
    for (const { view } of world.nodes) view.removed.add(world.nodes[0]!.id);
    begin();
    await untilReceived();
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
  });

  test('one that was to own it as well was removed: those that are left have all, whoever owned it before', async () => {
    world = await ReplicaWorld.start(5);
    for (const { view } of world.nodes) view.learn(stable, ids([0, 1, 2]));
    // Of partition 2 the new owners are nodes 2, 3 and 4.
    const key = world.key('k', 2);
    await putAt([0, 1], key);
    world.crash(3);
    world.crash(4);
    for (const at of [3, 4]) world.believe(at, 'down');
    const living = world.nodes.slice(0, 3);
    for (const { view, transfer, exchange } of living) {
      for (const id of ids([3, 4])) view.removed.add(id);
      view.moveTo(moving, ids([0, 1, 2, 3, 4]));
      exchange.start();
      transfer.start();
    }
    await world.run(20_000);
    expect(received(2)).toContain(2);
    expect(world.valuesAt(2, key)).toEqual(['v']);
  });

  test('owners change again on the way: it begins anew, and says nothing of what it had', async () => {
    await settled();
    await fill(320, 'x'.repeat(10_000));
    begin();
    while (received().length === 0) await world.run(1);
    for (const { view } of world.nodes) view.learn(moving + 1, ids([0, 1, 2]));
    expect(received()).toEqual([]);
    await world.run(5_000);
    expect(received()).toEqual([]);
    const states = reading(world.nodes[3]!, 'transfer.states');
    for (const { view } of world.nodes) view.moveTo(moving + 2, ids([0, 1, 2, 3]));
    await untilReceived();
    expect(reading(world.nodes[3]!, 'transfer.states') - states).toBeLessThan(320 * 0.75);
  });

  test('cancelled half way: what had moved is received by its owners before, from those it had moved to', async () => {
    await settled();
    const keys = await fill(64);
    begin();
    await untilReceived();
    for (const { view } of world.nodes) view.haveMoved([1, 2, 3]);
    // By those who are written and read now, the one who goes away left out.
    const [one, two] = [world.key('one', 1), world.key('two', 2)];
    await putAt([1, 3], one, 'late');
    await putAt([2, 3], two, 'late');
    for (const { view } of world.nodes) view.cancel();
    await world.run(20_000);
    expect([0, 1, 2].map(received)).toEqual([[1], [2], [3]]);
    expect(world.valuesAt(0, one)).toEqual(['late']);
    expect(world.valuesAt(1, two)).toEqual(['late']);
    for (const key of keys) expect(world.equal(key, [0, 1, 2])).toBe(true);
  });

  test('buckets with another N: of each key its own owners count, and receive it', async () => {
    await settled({ buckets: { lone: { n: 1, r: 1, w: 1 } } });
    const keys = await fill(64);
    const lone = Array.from({ length: 16 }, (_, p) =>
      storageKeyOf({ partition: p, bucket: 'lone', key: 'k' }),
    );
    for (const [p, key] of lone.entries()) await putAt([p % 3], key, `lone${p}`);
    begin();
    await world.run(30_000);
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
    for (const [p, key] of lone.entries()) expect(world.valuesAt(p % 4, key)).toEqual([`lone${p}`]);
    expect(received()).toEqual(expected);
    // Of N=1 owners change even where those of N=3 stay the same.
    expect(received(0)).toEqual([4, 8]);
    expect(world.stateAt(3, lone[1]!)).toBeUndefined();
  });

  test('a source that is a cancel behind is not believed, and told: it has what moves as soon as it goes by the same', async () => {
    await settled({ buckets: { lone: { n: 1, r: 1, w: 1 } } });
    const lone = storageKeyOf({ partition: 5, bucket: 'lone', key: 'k' });
    await putAt([2], lone);
    world.nodes[2]!.view.moveTo(moving, ids([0, 1, 2, 3]));
    world.nodes[2]!.view.cancel();
    begin([2]);
    await world.run(10_000);
    expect(received(1)).not.toContain(5);
    expect(world.stateAt(1, lone)).toBeUndefined();
    expect(world.nodes[1]!.view.reconciled).toContain(world.nodes[2]!.id);
    world.nodes[2]!.view.cancel();
    await world.run(10_000);
    expect(received(1)).toContain(5);
    expect(world.valuesAt(1, lone)).toEqual(['v']);
  });

  test('a stream ends with a cancel, and goes on after that is cancelled: nothing was left out', async () => {
    await settled({ buckets: { lone: { n: 1, r: 1, w: 1 } } });
    const lone = storageKeyOf({ partition: 5, bucket: 'lone', key: 'k' });
    await putAt([2], lone);
    for (let i = 0; i < 40; i++) await world.put(2, world.key(`k${i}`, 5), large(100_000));
    begin();
    const isUnderWay = (): boolean => world.valuesAt(1, world.key('k0', 5)) !== undefined;
    for (let ms = 0; ms < 20_000 && !isUnderWay(); ms++) await world.run(1);
    expect({ isUnderWay: isUnderWay(), last: world.stateAt(1, world.key('k9', 5)) }).toEqual({
      isUnderWay: true,
      last: undefined,
    });
    // What moves to node 1 now has N=3, and what moved to it before has N=1 as well.
    for (const { view } of world.nodes) view.cancel();
    await world.run(20_000);
    for (const { view } of world.nodes) view.cancel();
    await world.run(20_000);
    expect(received(1)).toContain(5);
    expect(world.valuesAt(1, lone)).toEqual(['v']);
  });

  test('more is to be received since somebody was removed: nothing is said before that is here, too', async () => {
    await settled({ buckets: { lone: { n: 1, r: 1, w: 1 } } });
    const lone = storageKeyOf({ partition: 5, bucket: 'lone', key: 'k' });
    await putAt([2], lone);
    begin();
    await world.run(20_000);
    expect(received(1)).toContain(5);
    // Acknowledged by two of its three owners before, of which node 3 has heard nothing yet.
    const key = world.key('k', 5);
    await putAt([2, 0], key);
    world.crash(3);
    for (const { view } of world.nodes.slice(0, 3)) {
      view.removed.add(world.nodes[3]!.id);
      view.haveMoved([]);
    }
    expect(received(1)).not.toContain(5);
    await world.run(20_000);
    expect(received(1)).toContain(5);
    expect(world.valuesAt(1, key)).toEqual(['v']);
  });

  test('a state larger than a message is received as a whole, though it changes on the way', async () => {
    await settled();
    await fill(32);
    const key = world.key('large', 1);
    const large = stateOf(5, 400 * 1024);
    await giveParts(0, key, large);
    begin();
    while ((world.stateAt(3, key)?.siblings.length ?? 0) === 0) await world.run(1);
    // Its parts are others now: what was in the first one is in the second one, too.
    await giveParts(0, key, stateOf(1, 400 * 1024, 0));
    await untilReceived();
    expect(world.stateAt(3, key)!.siblings).toHaveLength(6);
    expect(world.equal(key, [0, 3])).toBe(true);
  });

  test('a target whose disk is full waits until it has room', async () => {
    await settled();
    const keys = await fill(64);
    world.fill(3, true);
    world.nodes[3]!.store.refuseWrites('diskFull');
    begin();
    await world.run(10_000);
    expect(received()).toEqual([]);
    world.fill(3, false);
    world.nodes[3]!.store.takeWrites();
    await untilReceived();
    for (const key of keys.filter(isMovingKey)) expect(world.equal(key, [1, 3])).toBe(true);
  });
});

test('exchange: a partition that moves is left to its transfer, and compared once it has moved', async () => {
  await settled();
  const keys = await fill(64);
  for (const { view } of world.nodes) view.moveTo(moving, ids([0, 1, 2, 3]));
  for (const { exchange } of world.nodes) exchange.start();
  await world.run(3 * limits.exchangeIntervalMs);
  expect(world.nodes[3]!.store.keys).toBe(0);
  for (const { view } of world.nodes) view.haveMoved([1]);
  await world.run(3 * limits.exchangeIntervalMs);
  for (const key of keys) expect(world.stateAt(3, key) !== undefined).toBe(key.charCodeAt(1) === 1);
});

const ask = async (
  to: number,
  question: Parameters<typeof transferBody>[0],
  from = 3,
): Promise<PeerAnswer> => {
  const answers: PeerAnswer[] = [];
  const body = transferBody(question);
  const { peers } = world.nodes[from]!;
  peers.call(world.nodes[to]!.id, 'transfer', body, (answer) => {
    // Bytes are lent for the turn.
    const kept = answer.kind === 'ok' ? decode(encode(answer.body)) : undefined;
    answers.push(kept === undefined ? answer : { kind: 'ok', body: kept as WireValue[] });
  });
  await world.run(10);
  expect(answers).toHaveLength(1);
  return answers[0]!;
};

describe('what is asked of a source', () => {
  test('by another layout: nothing, and it says so, as all verbs do it', async () => {
    await settled();
    const [key] = await fill(1);
    const keys = [{ key: key!, digest: { hi: 1, lo: 2 } }];
    const questions = [
      { kind: 'offer', layout: moving, direction, partitions: [0] },
      { kind: 'states', layout: moving, direction, partition: 0, after: '' },
      { kind: 'held', layout: moving, keys },
    ] as const;
    for (const question of questions)
      expect(await ask(0, question)).toMatchObject({ kind: 'refused', code: 421 });
  });

  test('states: in the order of their keys, in answers of bounded size, and all of them', async () => {
    await settled();
    for (let i = 0; i < 40; i++) await world.put(0, world.key(`k${i}`, 1), large(20_000));
    begin();
    const found: StorageKey[] = [];
    let after = '';
    do {
      const question = { kind: 'states', layout: moving, direction, partition: 1, after } as const;
      const answer = await ask(0, question);
      if (answer.kind !== 'ok') throw new Error('refused');
      const sent = sentOf(answer.body, after);
      expect(sent.batch.length).toBeLessThan(transferLimits.batchBytesMax + 1_000);
      found.push(...decodeBatch(Buffer.from(sent.batch)).map(({ key }) => key));
      after = sent.upTo;
    } while (after !== '');
    expect(found).toEqual([...found].sort());
    expect(new Set(found).size).toBe(40);
  });

  test('states of a partition that moves to the asker: all, also to one that owned it before; to another: none', async () => {
    await settled();
    await fill(64);
    begin();
    const question = {
      kind: 'states',
      layout: moving,
      direction,
      partition: 1,
      after: '',
    } as const;
    const countFor = async (from: number): Promise<number> => {
      const answer = await ask(2, question, from);
      if (answer.kind !== 'ok') throw new Error(answer.kind);
      return decodeBatch(Buffer.from(sentOf(answer.body, '').batch)).length;
    };
    expect(await countFor(1)).toBe(4);
    expect(await countFor(0)).toBe(0);
  });

  test('in the other direction: nothing, whoever is to own some of it by either; who drops is told as ever', async () => {
    await settled({ buckets: { lone: { n: 1, r: 1, w: 1 } } });
    const lone = storageKeyOf({ partition: 5, bucket: 'lone', key: 'k' });
    await putAt([2], lone);
    begin();
    const { layout, partition } = { layout: moving, partition: 5 };
    // Of partition 5 node 1 is to own what has N=1, and stays an owner of what has N=3.
    const questions = [
      { kind: 'offer', layout, direction, partitions: [partition] },
      { kind: 'states', layout, direction, partition, after: '' },
    ] as const;
    for (const question of questions) expect((await ask(2, question, 1)).kind).toBe('ok');
    world.nodes[2]!.view.cancel();
    for (const question of questions)
      expect(await ask(2, question, 1)).toMatchObject({ kind: 'refused', code: 421 });
    const keys = [{ key: lone, digest: { hi: 1, lo: 2 } }];
    expect((await ask(2, { kind: 'held', layout, keys }, 1)).kind).toBe('ok');
    world.nodes[2]!.view.cancel();
    for (const question of questions) expect((await ask(2, question, 1)).kind).toBe('ok');
  });
});

const large = (bytes: number): { value: string } => ({ value: 'x'.repeat(bytes) });

/** With siblings of so many actors that know nothing of each other. */
function stateOf(actors: number, bytes: number, from = 1): KeyState {
  const dots = Array.from({ length: actors }, (_, i) => ({
    actor: actorOf((from + i).toString(16).padStart(16, '0'), 1),
    counter: 1,
  }));
  const value = Buffer.alloc(bytes, 'x');
  const siblings = dots.map((dot) => ({
    dot,
    value,
    writtenAtMs: 1,
    expiresAtMs: 0,
    operation: '',
  }));
  return { context: dots, siblings };
}

/** As it comes to be: of several puts that did not know of each other. */
async function giveParts(at: number, key: StorageKey, state: KeyState): Promise<void> {
  for (const [i, dot] of state.context.entries())
    await world.give(at, key, { context: [dot], siblings: [state.siblings[i]!] });
}
