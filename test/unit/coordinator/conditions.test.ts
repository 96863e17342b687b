/** Puts on a condition, as coordinators of a few nodes do them. */
import { describe, expect, test } from '@jest/globals';
import type { OnlyIf } from '../../../actors/rules/condition.js';
import { nothingSeen, type SeenContext } from '../../../actors/rules/versions.js';
import type { PutReply } from '../../../src/coordinator/coordinator.js';
import { ConditionError } from '../../../src/errors.js';
import { decodeSeen } from '../../../src/wire/key-state-codec.js';
import { receiptText } from '../../../src/wire/receipt.js';
import { RoundCluster, shown, textOf } from '../../support/round-cluster.js';
import { reading } from '../../support/readings.js';

const absent: OnlyIf = { is: 'absent', r: 0 };
const unchanged: OnlyIf = { is: 'context', r: 0 };

/** `done`, or the refusal with what it shows instead. */
function outcomeOf(reply: PutReply): string {
  if (reply.ok) return 'done';
  const { error } = reply;
  if (!(error instanceof ConditionError)) return `${error.code} ${error.outcome}`;
  return `409 ${error.outcome}: ${(error.found?.values ?? []).map(textOf).join()}`;
}

function contextOf(reply: PutReply): SeenContext {
  if (!reply.ok) throw reply.error;
  return decodeSeen(reply.context);
}

function refusalIn(reply: PutReply): ConditionError {
  if (!reply.ok && reply.error instanceof ConditionError) return reply.error;
  throw new Error('it was not refused for its condition');
}

function receiptIn(reply: PutReply): string {
  if (!reply.ok) throw reply.error;
  return receiptText(reply.receipt);
}

const start = (nodes = 3, bucket = {}): Promise<RoundCluster> =>
  RoundCluster.start({ nodes, buckets: { b: bucket } });

describe('absent', () => {
  test('the first is done and says what it was compared with; the second is shown what is there', async () => {
    const world = await start();
    const put = await world.put(0, { value: 'one', onlyIf: absent });
    expect(receiptIn(put)).toBe('w=2/2 primaries=2 fallbacks=0 compared=2 durability=sync');
    const second = await world.put(0, { value: 'two', onlyIf: absent });
    expect(outcomeOf(second)).toBe('409 none: one');
    expect(shown(await world.get(0, { quorum: 3 }))).toEqual(['one']);
    const seen = decodeSeen(Buffer.from(refusalIn(second).found!.context!));
    expect(outcomeOf(await world.put(0, { context: seen, value: 'two' }))).toBe('done');
    expect(shown(await world.get(1, { quorum: 3 }))).toEqual(['two']);
  });

  test('what only other primaries hold is seen', async () => {
    const world = await start();
    world.silence(0);
    expect((await world.put(1, { value: 'there' })).ok).toBe(true);
    for (const at of [1, 2]) world.nats.heal({ from: world.nodes[at]!.id, to: world.nodes[0]!.id });
    expect(world.valuesAt(0)).toEqual([]);
    expect(outcomeOf(await world.put(0, { value: 'new', onlyIf: absent }))).toBe('409 none: there');
    expect(world.valuesAt(0)).not.toContain('new');
  });

  test('of many at once at one node one is done, in one round or in several', async () => {
    const world = await start();
    const asks = Array.from({ length: 20 }, (_, i) => ({ at: 0, value: `${i}`, onlyIf: absent }));
    const replies = await world.putAll(asks);
    expect(replies.map(outcomeOf).filter((it) => it === 'done')).toHaveLength(1);
    const before = reading(world.nodes[0]!, 'coordinator.rounds');
    const others = asks.map(({ value }, i) => ({ at: 0, value, key: `k${i}`, onlyIf: absent }));
    expect((await world.putAll(others)).map(outcomeOf)).toEqual(others.map(() => 'done'));
    expect(reading(world.nodes[0]!, 'coordinator.rounds') - before).toBe(2);
  });

  test('a put that is minted between look-up and minting is seen', async () => {
    const world = await start();
    const replies: PutReply[] = [];
    world.send(0, { value: 'created', onlyIf: absent }, (reply) => replies.push(reply));
    world.send(0, { value: 'blind' }, (reply) => replies.push(reply));
    await world.run(100);
    expect(replies.map(outcomeOf).sort()).toEqual(['409 none: blind', 'done']);
    expect(shown(await world.get(0, { quorum: 3 }))).toEqual(['blind']);
  });

  test('at two coordinators at once both may be done: then both show', async () => {
    const world = await start();
    const replies = await world.putAll([
      { at: 0, value: 'left', onlyIf: absent },
      { at: 1, value: 'right', onlyIf: absent },
    ]);
    const done = ['left', 'right'].filter((_, i) => replies[i]!.ok);
    expect(done.length).toBeGreaterThanOrEqual(1);
    expect(shown(await world.get(2, { quorum: 3 })).sort()).toEqual(done);
  });

  test('after a delete, whose tombstone it replaces, whoever holds it', async () => {
    const world = await start();
    await world.put(1, { value: 'old' });
    await world.put(2, { value: null });
    await world.run(50);
    expect(outcomeOf(await world.put(0, { value: 'new', onlyIf: absent }))).toBe('done');
    await world.run(50);
    expect(shown(await world.get(1, { quorum: 3 }))).toEqual(['new']);
  });

  test('after expiry, and not before', async () => {
    const world = await start();
    await world.put(0, { value: 'short', ttlMs: 1_000 });
    expect(outcomeOf(await world.put(0, { onlyIf: absent }))).toBe('409 none: short');
    await world.run(1_100);
    expect(outcomeOf(await world.put(0, { value: 'new', onlyIf: absent }))).toBe('done');
    expect(shown(await world.get(1, { quorum: 3 }))).toEqual(['new']);
  });

  test('tried again after it was done it is done, not refused, also elsewhere', async () => {
    const world = await start();
    const ask = { value: 'mine', operation: 'o', onlyIf: absent };
    for (const at of [0, 0, 1, 2]) expect(outcomeOf(await world.put(at, ask))).toBe('done');
    const later = await world.put(2, { ...ask, copy: 'later', askedMs: 0 });
    expect(outcomeOf(later)).toBe('done');
    expect(shown(await world.get(0, { quorum: 3 }))).toEqual(['mine']);
  });

  test('its later copy does not come back after a delete that nobody was to expect it behind', async () => {
    const world = await start();
    await world.put(0, { value: 'mine', operation: 'o', copy: 'first', onlyIf: absent });
    await world.put(0, { value: null });
    const ask = { value: 'mine', operation: 'o', copy: 'later', onlyIf: absent } as const;
    expect(outcomeOf(await world.put(0, { ...ask, askedMs: 0 }))).toBe('409 unknown: ');
    expect(shown(await world.get(0, { quorum: 3 }))).toEqual(['error 404']);
  });

  test('who can ask too few puts nothing', async () => {
    const world = await start(3, { w: 1 });
    for (const at of [1, 2]) world.kill(at);
    const refused = await world.put(0, { quorum: 1, onlyIf: absent });
    expect(outcomeOf(refused)).toBe('503 none');
    expect(world.valuesAt(0)).toEqual([]);
    const silent = await start(3, { w: 1 });
    for (const at of [1, 2]) silent.silence(at);
    const late = await silent.put(0, { quorum: 1, onlyIf: absent, timeoutMs: 400 });
    expect(outcomeOf(late)).toBe('504 none');
    expect(silent.valuesAt(0)).toEqual([]);
  });

  test('a primary that is down is stood in for, unless it is strict', async () => {
    const world = await start(5);
    world.kill(1);
    world.kill(2);
    world.believeDown(1);
    world.believeDown(2);
    expect(outcomeOf(await world.put(0, { value: 'one', onlyIf: absent }))).toBe('done');
    expect(outcomeOf(await world.put(3, { value: 'two', onlyIf: absent }))).toBe('409 none: one');
    const strict = await world.put(0, { key: 'other', onlyIf: absent, strict: true });
    expect(outcomeOf(strict)).toBe('503 none');
  });

  test('it is compared with as many as it says, strictly with primaries alone', async () => {
    const world = await start(5);
    const all = await world.put(0, { onlyIf: { is: 'absent', r: 3 }, strict: true });
    expect(receiptIn(all)).toContain('compared=strict(3)');
    const alone = await world.put(0, { key: 'other', onlyIf: { is: 'absent', r: 1 } });
    expect(receiptIn(alone)).toContain('compared=1 ');
    expect(outcomeOf(await world.put(0, { onlyIf: { is: 'absent', r: 4 } }))).toBe('400 none');
  });
});

describe('context', () => {
  test('what it has seen is replaced; what came since is not, and is shown', async () => {
    const world = await start();
    const first = await world.put(0, { value: 'one' });
    const context = contextOf(first);
    expect(outcomeOf(await world.put(0, { value: 'two', context, onlyIf: unchanged }))).toBe(
      'done',
    );
    const late = await world.put(0, { value: 'three', context, onlyIf: unchanged });
    expect(outcomeOf(late)).toBe('409 none: two');
    expect(shown(await world.get(2, { quorum: 3 }))).toEqual(['two']);
  });

  test('a delete is done of what was seen alone', async () => {
    const world = await start();
    const context = contextOf(await world.put(0, { value: 'one' }));
    await world.put(0, { value: 'two' });
    const late = await world.put(0, { value: null, context, onlyIf: unchanged });
    expect(outcomeOf(late)).toBe('409 none: two');
    expect(shown(await world.get(0))).toEqual(['two']);
  });

  test('siblings must all be seen, and all are shown', async () => {
    const world = await start();
    const context = contextOf(await world.put(0, { value: 'one' }));
    await world.put(0, { value: 'two', context: nothingSeen });
    const late = await world.put(0, { value: 'three', context, onlyIf: unchanged });
    expect(outcomeOf(late)).toBe('409 none: one,two');
  });

  test('what was deleted or has expired is not brought back', async () => {
    const world = await start();
    const context = contextOf(await world.put(0, { value: 'one' }));
    await world.put(0, { value: null });
    expect(outcomeOf(await world.put(0, { context, onlyIf: unchanged }))).toBe('409 none: ');
    const short = contextOf(await world.put(0, { key: 's', value: 'one', ttlMs: 100 }));
    await world.run(200);
    const late = await world.put(0, { key: 's', context: short, onlyIf: unchanged });
    expect(outcomeOf(late)).toBe('409 none: ');
  });

  test('what it claims beyond what was compared is looked up first', async () => {
    const world = await start();
    const put = await world.put(0, { value: 'one' });
    const context = contextOf(put);
    const alone: OnlyIf = { is: 'context', r: 1 };
    world.nodes[1]!.store.records.clear();
    expect(outcomeOf(await world.put(1, { value: 'two', context, onlyIf: alone }))).toBe('done');
    await world.run(50);
    expect(shown(await world.get(1, { quorum: 3 }))).toEqual(['two']);
  });

  test('where the last writer wins', async () => {
    const world = await start(3, { conflict: 'last-writer-wins' });
    const context = contextOf(await world.put(0, { value: 'one' }));
    expect(outcomeOf(await world.put(0, { value: 'two', context, onlyIf: unchanged }))).toBe(
      'done',
    );
    const late = await world.put(0, { value: 'three', context, onlyIf: unchanged });
    expect(outcomeOf(late)).toBe('409 none: two');
  });
});

test('a coordinator that drains answers what it compares', async () => {
  const world = await start();
  const replies: PutReply[] = [];
  world.send(0, { onlyIf: absent }, (reply) => replies.push(reply));
  let isDrained = false;
  void world.nodes[0]!.coordinator.drain().then(() => (isDrained = true));
  await world.run(200);
  expect(isDrained).toBe(true);
  expect(replies.map(outcomeOf)).toEqual(['done']);
});
