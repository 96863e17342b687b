import { describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { json, lastWriter, text, union, type Bucket, type Resolver } from '../../../src/index.js';
import type { BusMessage } from '../../../src/seams/bus.js';
import { SimProcess } from '../../simulation/core/scheduler.js';
import { SimBus } from '../../simulation/seams/sim-bus.js';
import { FakeCluster } from './fake-cluster.js';

/** `k` has two values and a delete in conflict. */
async function world(options: {
  readonly resolve?: Resolver<string> | 'service';
  readonly writeBack?: boolean;
}): Promise<{ cluster: FakeCluster; bucket: Bucket<string> }> {
  const cluster = new FakeCluster();
  cluster.values.set('k', [Buffer.from('a'), null, Buffer.from('b')]);
  cluster.contexts.set('k', [{ actor: actorOf('1'.repeat(16), 1), counter: 3 }]);
  const bucket = (await cluster.ready()).bucket('b', { codec: text, ...options });
  return { cluster, bucket };
}

const joined = (values: readonly string[]): string => values.join('+');

describe('what a resolver makes of several values', () => {
  test('is what get, read, getAll and update show, with the context of all of them', async () => {
    const { cluster, bucket } = await world({ resolve: joined });
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect(entry.value).toBe('a+b');
    expect(entry.inConflict).toBe(false);
    expect(entry.conflict!.values).toEqual(['a', 'b']);
    expect(entry.conflict!.context).toBe(entry.context);
    expect((await cluster.settled(bucket.read('k'))).value).toBe('a+b');
    expect((await cluster.settled(bucket.getAll(['k']))).get('k')!.value).toBe('a+b');
    await cluster.settled(bucket.update('k', ([value]) => `${value}!`));
    expect(cluster.values.get('k')).toEqual(Buffer.from('a+b!'));
  });

  test('may be that there is none, or nothing', async () => {
    const none = await world({ resolve: () => null });
    expect(await none.cluster.settled(none.bucket.get('k'))).toBeUndefined();
    const nothing = await world({ resolve: () => undefined });
    const entry = (await nothing.cluster.settled(nothing.bucket.get('k')))!;
    expect([entry.values, entry.unresolved]).toEqual([['a', 'b'], undefined]);
  });

  test('is not asked for where there is one value, or no resolver', async () => {
    let asked = 0;
    const { cluster, bucket } = await world({ resolve: () => `${++asked}` });
    await cluster.settled(bucket.put('one', 'x'));
    expect((await cluster.settled(bucket.get('one')))!.value).toBe('x');
    expect(asked).toBe(0);
    const plain = await world({});
    expect((await plain.cluster.settled(plain.bucket.get('k')))!.values).toEqual(['a', 'b']);
  });

  test('is put back where that is wished, unless something else was put', async () => {
    const { cluster, bucket } = await world({ resolve: joined, writeBack: true });
    const entry = (await cluster.settled(bucket.get('k')))!;
    await cluster.after(50);
    expect(cluster.values.get('k')).toEqual(Buffer.from('a+b'));
    const put = cluster.nodes
      .flatMap(({ frames }) => frames.map(({ frame }) => frame))
      .find(({ kind }) => kind === 'put');
    if (put?.kind !== 'put') throw new Error('nothing was put');
    expect(put.contexts).toEqual([Buffer.from(entry.context.bytes)]);
    expect(put.ifs).toEqual([{ is: 'context', r: 0 }]);
  });
});

describe('a resolver that fails: all values are shown, with the reason', () => {
  test.each<[string, Resolver<string>, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no idea');
      },
      /no idea/,
    ],
    ['rejects', () => Promise.reject(new Error('later')), /later/],
    ['hangs', () => new Promise(() => undefined), /longer than 1000 ms/],
    ['makes what is no value', () => 7 as unknown as string, /.+/],
    ['makes what no message holds', () => 'x'.repeat(2 ** 20), /at most/],
  ])('it %s', async (_what, resolve, why) => {
    const { cluster, bucket } = await world({ resolve, writeBack: true });
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect(entry.values).toEqual(['a', 'b']);
    expect(entry.siblings).toHaveLength(3);
    expect(entry.unresolved!.message).toMatch(why);
    expect(entry.conflict).toBeUndefined();
    await cluster.after(50);
    expect(cluster.values.get('k')).toHaveLength(3);
  });

  test('more conflicts at once than there is room for', async () => {
    const { cluster, bucket } = await world({ resolve: () => new Promise(() => undefined) });
    const count = clientLimits.resolvesInFlightMax + 1;
    const entries = await cluster.settled(
      Promise.all(Array.from({ length: count }, () => bucket.read('k'))),
    );
    const reasons = entries.map(({ unresolved }) => unresolved!.message);
    expect(reasons.filter((reason) => reason.includes('are being resolved'))).toHaveLength(1);
    const again = await cluster.settled(bucket.read('k'));
    expect(again.unresolved!.message).toContain('longer than');
  });
});

/** Answers as `kv.resolve.b`; what it was asked is kept. */
function serve(
  cluster: FakeCluster,
  answer: (bus: SimBus, message: BusMessage) => void,
): unknown[] {
  const asked: unknown[] = [];
  const process = new SimProcess('resolver');
  const bus = new SimBus(cluster.nats, process.name, process);
  bus.subscribe('kv.resolve.b', (message) => {
    asked.push(JSON.parse(Buffer.from(message.data).toString()));
    answer(bus, message);
  });
  return asked;
}

describe('a service', () => {
  test('is asked with what a get shows, and answers with a value', async () => {
    const { cluster, bucket } = await world({ resolve: 'service' });
    const asked = serve(cluster, (bus, { reply }) => bus.publish(reply, Buffer.from('both')));
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect(entry.value).toBe('both');
    const values = [
      { text: 'a', base64: 'YQ==' },
      { deleted: true },
      { text: 'b', base64: 'Yg==' },
    ];
    const context = entry.context.toString();
    expect(asked).toEqual([{ bucket: 'b', key: 'k', keyBase64: 'aw==', context, values }]);
  });

  test.each([
    [{ usual: false, others: ['b'] }, undefined, 'both'],
    [{ usual: true, others: [] }, undefined, 'both'],
    [{ usual: true, others: ['b'] }, undefined, 'a b'],
    [{ usual: false, others: ['b'] }, 'nobody', 'a b'],
    [{ usual: false, others: ['b'] }, joined, 'a+b'],
  ] as const)(
    'is asked where the cluster says so, unless the handle does: %j, %s',
    async (resolvers, resolve, shown) => {
      const cluster = new FakeCluster();
      cluster.resolvers = resolvers;
      cluster.values.set('k', [Buffer.from('a'), Buffer.from('b')]);
      cluster.contexts.set('k', [{ actor: actorOf('1'.repeat(16), 1), counter: 3 }]);
      const bucket = (await cluster.ready()).bucket('b', { codec: text, resolve });
      serve(cluster, (bus, { reply }) => bus.publish(reply, Buffer.from('both')));
      expect((await cluster.settled(bucket.read('k'))).values.join(' ')).toBe(shown);
    },
  );

  test('may delete, or refuse', async () => {
    const deleting = await world({ resolve: 'service' });
    serve(deleting.cluster, (bus, { reply }) =>
      bus.publish(reply, Buffer.alloc(0), { headers: { 'Kv-Deleted': 'true' } }),
    );
    expect(await deleting.cluster.settled(deleting.bucket.get('k'))).toBeUndefined();
    const refusing = await world({ resolve: 'service' });
    serve(refusing.cluster, (bus, { reply }) =>
      bus.publish(reply, Buffer.alloc(0), {
        headers: { 'Nats-Service-Error-Code': '500', 'Nats-Service-Error': 'not mine' },
      }),
    );
    const entry = (await refusing.cluster.settled(refusing.bucket.get('k')))!;
    expect(entry.values).toEqual(['a', 'b']);
    expect(entry.unresolved!.message).toContain('not mine');
  });

  test('that is not there, or says nothing: all values are shown', async () => {
    const absent = await world({ resolve: 'service' });
    const entry = (await absent.cluster.settled(absent.bucket.get('k')))!;
    expect([entry.values, entry.unresolved!.message]).toEqual([
      ['a', 'b'],
      expect.stringContaining('nobody answers on kv.resolve.b'),
    ]);
    const silent = await world({ resolve: 'service' });
    serve(silent.cluster, () => undefined);
    const shown = (await silent.cluster.settled(silent.bucket.get('k')))!;
    expect(shown.values).toEqual(['a', 'b']);
    expect(shown.unresolved!.message).toMatch(/1000 ms/);
  });

  test('whose answer is no value of the bucket', async () => {
    const cluster = new FakeCluster();
    cluster.values.set('k', [Buffer.from('1'), Buffer.from('2')]);
    cluster.contexts.set('k', [{ actor: actorOf('1'.repeat(16), 1), counter: 3 }]);
    const options = { codec: json<number>(), resolve: 'service' } as const;
    const bucket = (await cluster.ready()).bucket('b', options);
    serve(cluster, (bus, { reply }) => bus.publish(reply, Buffer.from('no JSON')));
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect(entry.values).toEqual([1, 2]);
    expect(entry.unresolved).toBeDefined();
  });
});

test('the last writer by a time of the values; the union of lists', () => {
  const last = lastWriter(({ at }: { at: number; by?: string }) => at);
  expect(last([{ at: 2, by: 'a' }, { at: 9 }, { at: 2 }])).toEqual({ at: 9 });
  expect(last([{ at: 2, by: 'a' }, { at: 2 }])).toEqual({ at: 2, by: 'a' });
  expect(union([['a', 'b'], ['b', 'c'], []])).toEqual(['a', 'b', 'c']);
  expect(union([[{ id: 1 }], [{ id: 1 }, { id: 2 }]])).toEqual([{ id: 1 }, { id: 2 }]);
  expect(union<string | number>([['1'], [1]])).toEqual(['1', 1]);
});

test('a resolver beside a codec is given the values of the codec: types infer them', async () => {
  const cluster = new FakeCluster();
  cluster.values.set('k', [Buffer.from('{"at":1}'), Buffer.from('{"at":2}')]);
  const client = await cluster.ready();
  const dated = client.bucket('b', {
    codec: json<{ at: number }>(),
    resolve: lastWriter(({ at }) => at),
  });
  expect((await cluster.settled(dated.get('k')))!.value).toEqual({ at: 2 });
  const longest = client.bucket('b', { resolve: lastWriter(({ length }) => -length) });
  expect((await cluster.settled(longest.get('k')))!.text()).toBe('{"at":1}');
});
