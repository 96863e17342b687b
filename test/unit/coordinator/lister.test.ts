import { beforeEach, describe, expect, test } from '@jest/globals';
import { listingLimits } from '../../../actors/rules/limits/listing.js';
import type { ListPosition, ListReply, ListRequest } from '../../../src/coordinator/listings.js';
import { asAnswer } from '../../../src/wire/protocol/bodies.js';
import { keyOf, RoundCluster } from '../../support/round-cluster.js';

const partitions = 16;
let cluster: RoundCluster;

beforeEach(async () => {
  cluster = await RoundCluster.start({ nodes: 5 });
});

/** The i-th key lies in partition i mod 16. */
async function putKeys(from: number, to: number, at = 0): Promise<void> {
  for (let i = from; i < to; i++) {
    const partition = i % partitions;
    await cluster.put(at, { key: nameOf(i), partition, value: `${i}` });
  }
}

function nameOf(i: number): string {
  return `key-${String(i).padStart(4, '0')}`;
}

function keysOf(reply: ListReply): readonly string[] {
  if (!reply.ok) throw reply.error;
  return reply.keys;
}

async function listAll(at: number, ask: Partial<ListRequest> = {}): Promise<string[]> {
  const keys: string[] = [];
  let from: ListPosition | undefined = ask.from ?? { partition: 0, after: '' };
  while (from !== undefined) {
    const reply: ListReply = await cluster.page(at, { ...ask, from });
    keys.push(...keysOf(reply));
    from = reply.ok ? reply.next : undefined;
  }
  return keys;
}

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => nameOf(from + i));

describe('a listing', () => {
  test('shows every key once, whichever node makes it, page by page', async () => {
    await putKeys(0, 64);
    for (const at of [0, 3]) {
      const keys = await listAll(at, { limit: 7 });
      expect(keys.toSorted()).toEqual(names(0, 64));
    }
  });

  test('of a bucket, and of a prefix alone', async () => {
    await putKeys(0, 20);
    await cluster.put(0, { bucket: 'bb', key: 'key-0003', partition: 3, value: 'x' });
    expect(await listAll(1, { bucket: 'bb' })).toEqual(['key-0003']);
    expect((await listAll(1, { prefix: 'key-001' })).toSorted()).toEqual(names(10, 20));
    expect(await listAll(1, { bucket: 'nothing' })).toEqual([]);
  });

  test('of partitions alone', async () => {
    await putKeys(0, 32);
    const keys = await listAll(0, { from: { partition: 4, after: '' }, endPartition: 6 });
    expect(keys).toEqual([nameOf(4), nameOf(20), nameOf(5), nameOf(21)]);
  });

  test('leaves out what was deleted, wherever it is known', async () => {
    await putKeys(0, 16);
    cluster.silence(1);
    cluster.believeDown(1);
    for (const i of [0, 1, 15]) await cluster.put(0, { key: nameOf(i), partition: i, value: null });
    expect((await listAll(2)).toSorted()).toEqual(names(2, 15));
  });

  test('shows what one of R holds', async () => {
    await putKeys(0, 16);
    const { records } = cluster.nodes[0]!.store;
    for (const name of records.keys()) if (name.endsWith(nameOf(0))) records.delete(name);
    expect((await listAll(0)).toSorted()).toEqual(names(0, 16));
    // It was read to tell whether it shows a value, and repaired with that.
    expect([...records.keys()].some((name) => name.endsWith(nameOf(0)))).toBe(true);
  });

  test('ends with an error where R nodes are out of reach', async () => {
    await putKeys(0, 4);
    for (const at of [1, 2, 3, 4]) {
      cluster.kill(at);
      cluster.believeDown(at);
    }
    const reply = await cluster.page(0);
    expect(reply).toMatchObject({ ok: false, error: { code: 503 } });
    expect(keysOf(await cluster.page(0, { quorum: 1 }))).toContain(nameOf(0));
  });

  test('asks another node where one says nothing, and a third for who is gone', async () => {
    await putKeys(0, 16);
    cluster.silence(1);
    expect((await listAll(0)).toSorted()).toEqual(names(0, 16));
    cluster.kill(2);
    expect((await listAll(0)).toSorted()).toEqual(names(0, 16));
  });

  test('takes no list that makes no sense', async () => {
    await putKeys(0, 16);
    const impostor = cluster.impersonate(1);
    const bodies = [[], [[]], [[1]], [['same']], [[[true, 1, 2, 3]]]];
    let served = 0;
    impostor.handle('list', (call) => call.ok(asAnswer(bodies[served++ % bodies.length]!)));
    await cluster.run(50);
    for (let i = 0; i < bodies.length; i++)
      expect((await listAll(0)).toSorted()).toEqual(names(0, 16));
    expect(served).toBeGreaterThan(0);
  });

  test('goes on while partitions move, and after', async () => {
    const order = cluster.nodes.map(({ id }) => id);
    await putKeys(0, 32);
    const to = [...order.slice(2), ...order.slice(0, 2)];
    for (const { view } of cluster.nodes) view.moveTo(2, to);
    await putKeys(32, 64);
    expect((await listAll(1, { limit: 10 })).toSorted()).toEqual(names(0, 64));
  });

  test('goes on where a list was cut, and so does who is no owner', async () => {
    const many = listingLimits.stepKeysMax + 50;
    const all = Array.from({ length: many }, (_, i) => `k${String(i).padStart(5, '0')}`);
    await cluster.put(0, { key: all[0]!, partition: 0 });
    await cluster.run(500);
    for (const { store } of cluster.nodes.slice(0, 3)) {
      const record = store.records.get(keyOf({ key: all[0]! }))!;
      for (const key of all) store.records.set(keyOf({ key }), record);
    }
    await cluster.put(0, { key: 'last', partition: 1 });
    const wanted = [...all, 'last'];
    // Of partition 0 node 0 is an owner, and node 4 is none.
    for (const at of [0, 4]) {
      const reply = await cluster.page(at, { limit: 2 * many });
      expect(keysOf(reply)).toEqual(wanted);
      expect(reply.ok && reply.next).toBeUndefined();
    }
  });

  test('ends a page that takes long, though it has fewer keys than were asked for', async () => {
    await putKeys(0, 64);
    for (let i = 0; i < 64; i++)
      if (i % partitions < 8)
        await cluster.put(0, { key: nameOf(i), partition: i % partitions, value: null });
    expect(keysOf(await cluster.page(0, { limit: 10 }))).toHaveLength(10);
    cluster.silence(1);
    const reply = await cluster.page(0, { limit: 10 });
    expect(keysOf(reply)).toEqual([]);
    expect(reply.ok && reply.next!.partition).toBeLessThan(8);
    expect(await listAll(0, { limit: 10 })).toHaveLength(32);
  });

  test('makes a bounded number of pages at once', async () => {
    const replies: ListReply[] = [];
    const { lister, clock } = cluster.nodes[0]!;
    for (let i = 0; i <= listingLimits.pagesUnderwayMax; i++)
      lister.page({
        bucket: 'b',
        prefix: '',
        from: { partition: 0, after: '' },
        endPartition: partitions,
        limit: 10,
        bytesOf: () => 1,
        quorum: 2,
        strict: false,
        deadlineMs: clock.monotonicMs() + 1_000,
        onReply: (reply) => replies.push(reply),
      });
    expect(replies).toMatchObject([{ ok: false, error: { code: 429 } }]);
    await cluster.run(500);
    expect(replies).toHaveLength(listingLimits.pagesUnderwayMax + 1);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(listingLimits.pagesUnderwayMax);
  });
});
