import { describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../../actors/rules/key.js';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  type Bucket,
  ConditionError,
  ConflictError,
  Context,
  DeadlineError,
  json,
  MalformedError,
  OverloadedError,
  PutAllError,
  type PutOptions,
  text,
  TooLargeError,
  TooManySiblingsError,
  UnavailableError,
} from '../../../src/index.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import { encodeRefusal } from '../../../src/wire/frame-replies.js';
import { type Frame } from '../../../src/wire/frames.js';
import { encodeOwnReply } from '../../../src/wire/own-frames.js';
import { SimProcess } from '../../simulation/core/scheduler.js';
import { SimBus } from '../../simulation/seams/sim-bus.js';
import { FakeCluster, type OwnScript, partitions } from './fake-cluster.js';

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `key-${i}`);

const refusal = (code: number, outcome: 'none' | 'unknown') => ({ code, outcome, message: 'no' });

function operationsOf(frame: Frame): readonly string[] {
  return frame.kind === 'put' ? frame.operations! : [];
}

/** What a client keeps, which nobody shall see grow. */
interface ClientInside {
  readonly terms: { readonly known: ReadonlyMap<string, unknown> };
  readonly dispatcher: {
    readonly routes: { lanes(): readonly unknown[] };
    readonly flights: { all(): readonly unknown[] };
  };
}

/** Keys whose first primary is the node. */
function shareOf(index: number): string[] {
  return keysOf(400).filter((key) => partitionOf({ bucket: 'b', key }, partitions) % 3 === index);
}

function putAll(
  bucket: Bucket<Uint8Array, string | Uint8Array>,
  keys: readonly string[],
): Promise<unknown> {
  return Promise.all(keys.map((key) => bucket.put(key, 'v')));
}

/** Rows of the own reads whose values each node was asked for. */
function rowsShown(cluster: FakeCluster): number[][] {
  return cluster.nodes.map(({ own }) =>
    own.filter(({ whole }) => whole).map(({ keys }) => keys.length),
  );
}

function ifsOf({ frame }: { readonly frame: Frame }): unknown {
  return frame.kind === 'put' ? frame.ifs : undefined;
}

describe('puts on a condition', () => {
  test('create, replace and delete say it with their row; other puts of the frame have none', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [key, other] = shareOf(0) as [string, string];
    await cluster.settled(Promise.all([bucket.create(key, '1'), bucket.put(other, '1')]));
    const entry = (await cluster.settled(bucket.get(key)))!;
    await cluster.settled(bucket.replace(key, '2', entry));
    await cluster.settled(bucket.delete(key, { context: entry.context, if: 'context' }));
    await cluster.settled(bucket.put(key, '3'));
    const unchanged = { is: 'context', r: 0 };
    expect(cluster.nodes[0]!.frames.map(ifsOf)).toEqual([
      [{ is: 'absent', r: 0 }, null],
      [unchanged],
      [unchanged],
      undefined,
    ]);
    const [created, replaced] = cluster.nodes[0]!.frames.map(({ frame }) =>
      frame.kind === 'put' ? frame.contexts : undefined,
    );
    expect(created).toBeNull();
    expect(replaced).toEqual([Buffer.from(entry.context.bytes)]);
  });

  test('what does not go together is refused before it is sent', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    for (const refused of [
      bucket.put('k', 'v', { if: 'context' }),
      bucket.delete('k', { if: 'absent' }),
      bucket.put('k', 'v', { if: 'gone' as 'absent' }),
    ])
      expect(await cluster.failure(refused)).toBeInstanceOf(MalformedError);
    expect(cluster.nodes.flatMap(({ frames }) => frames)).toEqual([]);
  });

  test('a refusal after a try that nobody answered: it may have been done, and be replaced', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const message = 'Kv-If: absent is not met: the key has a value';
    const refused = [{ index: 0, code: 409, outcome: 'none', message }] as const;
    for (const node of cluster.nodes) node.script = () => refused;
    const sure = (await cluster.failure(bucket.create('k', 'v'))) as ConditionError;
    expect(sure).toBeInstanceOf(ConditionError);
    expect([sure.outcome, sure.code, sure.entry]).toEqual(['none', 409, undefined]);
    const first = cluster.nodes.find(({ frames }) => frames.length > 0)!;
    first.script = () => 'silence';
    const unsure = (await cluster.failure(bucket.create('k', 'v'))) as ConditionError;
    expect(unsure).toBeInstanceOf(ConditionError);
    expect(unsure.outcome).toBe('unknown');
  });
});

describe('frames', () => {
  test('60 puts of one turn: one frame for each of 3 coordinators, every key once', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const keys = keysOf(60);
    const results = await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, key))));
    expect(cluster.nodes.map((node) => node.frames.length)).toEqual([1, 1, 1]);
    expect(cluster.nodes.flatMap((node) => node.keys()).sort()).toEqual([...keys].sort());
    expect(results[0]!.receipt).toMatchObject({
      kind: 'w',
      acked: 2,
      durability: { kind: 'sync' },
    });
  });

  test('gets and puts, other buckets and other terms travel apart; a get of R=1 goes where its puts go', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const [a, b] = [client.bucket('a'), client.bucket('b')];
    const calls = [
      a.put('k', '1'),
      a.put('k', '2', { w: 3 }),
      a.put('k', '3', { strict: true }),
      a.put('k', '4', { timeoutMs: 100 }),
      b.put('k', '5'),
      a.get('k', { r: 1 }),
    ];
    await cluster.settled(Promise.all(calls));
    await cluster.settled(a.get('k'));
    const frames = cluster.nodes.flatMap((node) => node.frames.map(({ frame }) => frame));
    expect(frames).toHaveLength(6);
    expect(frames.map(({ kind, quorum, strict }) => `${kind} ${quorum} ${strict}`).sort()).toEqual([
      'get 1 false',
      'put 0 false',
      'put 0 false',
      'put 0 false',
      'put 0 true',
      'put 3 false',
    ]);
    const coordinator = cluster.nodes.find((node) => node.frames.length >= 5);
    expect(coordinator!.frames.map(({ frame }) => frame.quorum)).toContain(1);
    expect(cluster.nodes.flatMap(({ own }) => own)).toHaveLength(2);
  });

  test('90 gets of one turn gather in one frame, and the next 90 go to another node', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    for (let i = 0; i < 3; i++) await cluster.settled(bucket.getAll(keysOf(90)));
    expect(rowsShown(cluster)).toEqual([[90], [90], [90]]);
  });

  test('gets beyond what makes a frame worth it: another frame, to another node; the rest is shared', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.getAll(keysOf(200)));
    expect(rowsShown(cluster).sort(([a = 0], [b = 0]) => a - b)).toEqual([[8], [96], [96]]);
    await cluster.settled(Promise.all(keysOf(600).map((key) => bucket.get(key))));
    expect(rowsShown(cluster).map((sizes) => sizes[1])).toEqual([200, 200, 200]);
  });

  test('gets while every node has a frame: they wait behind the one that left first, and leave as one', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    // The client has to know what is usual before nothing counts as late.
    for (const node of cluster.nodes) node.takesUs = 40_000;
    for (let i = 0; i < 18; i++) await cluster.settled(bucket.get('k'));
    for (const node of cluster.nodes) node.own.length = 0;
    const gets: Promise<unknown>[] = [];
    for (let i = 0; i < 10; i++) {
      gets.push(bucket.get(`k${i}`));
      await cluster.after(0.2);
    }
    await cluster.settled(Promise.all(gets));
    expect(rowsShown(cluster).sort((a, b) => a.length - b.length)).toEqual([[1], [1], [1, 7]]);
  });

  test('a node that is gone: its gets go to the others, and none waits', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.kill();
    const atMs = cluster.nowMs;
    for (let i = 0; i < 4; i++) await cluster.settled(bucket.getAll(keysOf(10)));
    expect(cluster.nowMs - atMs).toBeLessThan(20);
    const [gone, ...others] = cluster.nodes;
    expect([gone!.own, gone!.frames]).toEqual([[], []]);
    const rows = others.flatMap((node) => node.frames.map(({ frame }) => frame.keys.length));
    expect([...rows, ...rowsShown(cluster).flat()]).toEqual([10, 10, 10, 10]);
  });

  test('puts wait while those of other nodes are under way, and leave when they are answered', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    for (const node of cluster.nodes) node.takesUs = 20_000;
    for (let i = 0; i < 12; i++) await cluster.settled(putAll(bucket, keysOf(60)));
    const frames = cluster.nodes.map((node) => node.frames.length);
    const first = bucket.put(shareOf(0)[0]!, 'v');
    await cluster.after(2);
    const others = putAll(bucket, [...shareOf(1).slice(0, 5), ...shareOf(2).slice(0, 200)]);
    await cluster.after(10);
    const left = (): number[] =>
      cluster.nodes.map((node, index) => node.frames.length - frames[index]!);
    expect(left()).toEqual([1, 0, 0]);
    await cluster.settled(first);
    await cluster.after(2);
    expect(left()).toEqual([1, 1, 1]);
    await cluster.settled(others);
  });

  test('puts do not wait for a node that usually takes much longer', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [slow, quick] = cluster.nodes;
    slow!.takesUs = 40_000;
    for (const node of cluster.nodes)
      for (let i = 0; i < 30; i++) await cluster.settled(bucket.put(shareOf(node.index)[0]!, 'v'));
    const held = bucket.put(shareOf(slow!.index)[0]!, 'v');
    await cluster.after(1);
    const atMs = cluster.nowMs;
    await cluster.settled(bucket.put(shareOf(quick!.index)[0]!, 'v'));
    expect(cluster.nowMs - atMs).toBeLessThan(5);
    await cluster.settled(held);
  });

  test('a node that does not answer holds up the frames for others no longer than usual', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    for (let i = 0; i < 12; i++) await cluster.settled(putAll(bucket, keysOf(60)));
    const [hung, ...others] = cluster.nodes;
    hung!.script = () => 'silence';
    const held = shareOf(hung!.index)
      .slice(0, 80)
      .map((key) => bucket.put(key, 'v'));
    await cluster.after(0);
    const atMs = cluster.nowMs;
    await cluster.settled(
      Promise.all(others.map((node) => bucket.put(shareOf(node.index)[0]!, 'v'))),
    );
    expect(cluster.nowMs - atMs).toBeLessThan(40);
    hung!.script = () => 'answer';
    await cluster.settled(Promise.all(held));
  });

  test('1 200 puts for one coordinator: frames of at most 512 rows', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(putAll(bucket, keysOf(1_200)));
    expect(cluster.nodes[0]!.frames.map(({ frame }) => frame.keys.length)).toEqual([512, 512, 176]);
  });

  test('puts of 400 kB: two fit a message, three do not', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const value = new Uint8Array(400_000);
    await cluster.settled(Promise.all(keysOf(5).map((key) => bucket.put(key, value))));
    expect(cluster.nodes[0]!.frames.map(({ frame }) => frame.keys.length)).toEqual([2, 2, 1]);
  });

  test('a coordinator with 3 frames in flight: what comes meanwhile waits and leaves as one', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const node = cluster.nodes[0]!;
    node.takesUs = 20_000;
    const puts: Promise<unknown>[] = [];
    for (let i = 0; i < 10; i++) {
      puts.push(bucket.put(`k${i}`, 'v'));
      await cluster.after(1);
    }
    await cluster.settled(Promise.all(puts));
    expect(node.frames.map(({ frame }) => frame.keys.length)).toEqual([1, 1, 1, 7]);
  });

  test('gets whose values do not fit one reply: asked again alone, later frames are smaller', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const node = cluster.nodes[0]!;
    const value = new Uint8Array(300_000).fill(7);
    for (const key of keysOf(5)) node.values.set(key, value);
    const read = () => cluster.settled(bucket.getAll(keysOf(5)));
    const first = await read();
    expect([...first.values()].map((entry) => entry.value.length)).toEqual(
      keysOf(5).map(() => 300_000),
    );
    expect(node.frames.map(({ frame }) => frame.keys.length)).toEqual([5, 1, 1]);
    await read();
    expect(node.frames.slice(3).map(({ frame }) => frame.keys.length)).toEqual([3, 2]);
  });
});

/** Of own reads. */
const ownKeys = (cluster: FakeCluster, whole: boolean): string[] =>
  cluster.nodes.flatMap(({ own }) =>
    own.filter((frame) => frame.whole === whole).flatMap(({ keys }) => keys.map(String)),
  );

describe('gets the client coordinates', () => {
  test('R=2: one primary shows the values, another confirms them; no coordinator, and the receipt counts both', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b', { codec: text });
    const put = await cluster.settled(bucket.put('k', 'v'));
    const frames = cluster.nodes.flatMap((node) => node.frames).length;
    const [entry, absent] = await cluster.settled(
      Promise.all([bucket.get('k'), bucket.read('absent')]),
    );
    expect(entry!.value).toBe('v');
    expect(entry!.context.equals(put.context)).toBe(true);
    expect(entry!.receipt).toMatchObject({ kind: 'r', acked: 2, needed: 2, primaries: 2 });
    expect(absent.exists).toBe(false);
    expect(cluster.nodes.flatMap((node) => node.frames)).toHaveLength(frames);
    expect([ownKeys(cluster, true), ownKeys(cluster, false)]).toEqual([
      ['k', 'absent'],
      ['k', 'absent'],
    ]);
    const asked = cluster.nodes.filter(({ own }) => own.length > 0);
    expect(asked).toHaveLength(2);
  });

  test('R=3: two confirm; R of the bucket where none is given', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.put('k', 'v'));
    const entry = await cluster.settled(bucket.get('k', { r: 3 }));
    expect(entry!.receipt).toMatchObject({ acked: 3, needed: 3, primaries: 3 });
    expect(cluster.nodes.map(({ own }) => own.length)).toEqual([1, 1, 1]);
    expect(ownKeys(cluster, true)).toEqual(['k']);
  });

  test('a key on which the two differ: it alone goes to a coordinator, the others are done', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b', { codec: text });
    await cluster.settled(bucket.putAll(keysOf(3).map((key) => [key, 'v'])));
    for (const node of cluster.nodes) {
      node.differs.add('key-1');
      node.frames.length = 0;
    }
    const entries = await cluster.settled(bucket.getAll(keysOf(3)));
    expect([...entries.values()].map(({ value }) => value)).toEqual(['v', 'v', 'v']);
    const coordinated = cluster.nodes.flatMap((node) => node.frames.map(({ frame }) => frame));
    expect(coordinated.map(({ kind, keys }) => [kind, keys.map(String)])).toEqual([
      ['get', ['key-1']],
    ]);
  });

  test.each<[string, OwnScript]>([
    [
      'refuses',
      () => encodeRefusal({ code: 503, outcome: 'none', message: 'no primary', clock: null }),
    ],
    ['answers something else', () => Buffer.from('noise')],
    [
      'tells too few digests',
      () => encodeOwnReply({ digests: Buffer.alloc(8), shown: undefined }, 1000),
    ],
  ])('a node that %s: a coordinator is asked at once', async (_, ownScript) => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.putAll(keysOf(3).map((key) => [key, 'v'])));
    for (const node of cluster.nodes) node.ownScript = ownScript;
    const atMs = cluster.nowMs;
    expect(await cluster.settled(bucket.getAll(keysOf(3)))).toHaveProperty('size', 3);
    expect(cluster.nowMs - atMs).toBeLessThan(10);
  });

  test('a node that is slow: after a while a coordinator is asked, then the node; those that answer go on without it', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.put('k', 'v'));
    const [hung] = cluster.nodes;
    hung!.process!.paused = true;
    const tookMs: number[] = [];
    for (let i = 0; i < 12; i++) {
      const atMs = cluster.nowMs;
      await cluster.settled(bucket.get('k'));
      tookMs.push(cluster.nowMs - atMs);
      await cluster.after(20);
    }
    expect(Math.max(...tookMs)).toBeGreaterThan(limits.slowGetReplicaMs);
    expect(Math.max(...tookMs)).toBeLessThan(250);
    expect(Math.max(...tookMs.slice(-4))).toBeLessThan(10);
  });

  test('fewer than R primaries answer: a coordinator finds the fallback', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.kill();
    await cluster.settled(bucket.get('k', { r: 3 }));
    const own = cluster.nodes.map((node) => node.own.length);
    await cluster.settled(bucket.get('k', { r: 3 }));
    expect(cluster.nodes.map((node) => node.own.length)).toEqual(own);
  });
});

describe('values', () => {
  test('put, get, delete: bytes come back; an absent key is undefined', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.put('k', Uint8Array.of(0, 255)));
    const entry = await cluster.settled(bucket.get('k'));
    expect([...entry!.value]).toEqual([0, 255]);
    expect(entry!.receipt).toMatchObject({ kind: 'r', needed: 2 });
    await cluster.settled(bucket.delete('k'));
    expect(await cluster.settled(bucket.get('k'))).toBeUndefined();
    const absent = await cluster.settled(bucket.read('k'));
    expect(absent.exists).toBe(false);
    expect(absent.values).toEqual([]);
    expect(() => absent.value).toThrow(TypeError);
  });

  test('text and JSON buckets take and give their own types', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const texts = client.bucket('t', { codec: text });
    const carts = client.bucket('c', { codec: json<{ items: string[] }>() });
    await cluster.settled(Promise.all([texts.put('k', 'é'), carts.put('cart', { items: ['a'] })]));
    expect((await cluster.settled(texts.get('k')))!.value).toBe('é');
    const cart = await cluster.settled(carts.get('cart'));
    expect(cart!.value.items).toEqual(['a']);
    expect(cart!.text()).toBe('{"items":["a"]}');
  });

  test('two siblings and a delete: no value is picked, all are there, the delete counts as a sibling', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b', { codec: text });
    cluster.nodes[0]!.values.set('k', [Buffer.from('x'), null, Buffer.from('y')]);
    const entry = (await cluster.settled(bucket.get('k')))!;
    expect(entry.values).toEqual(['x', 'y']);
    expect(entry.siblings).toHaveLength(3);
    expect(entry.inConflict).toBe(true);
    expect(() => entry.value).toThrow(ConflictError);
  });

  test('a key of any bytes, and a text key as its UTF-8', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const bytes = Uint8Array.of(0, 46, 32, 255);
    await cluster.settled(Promise.all([bucket.put(bytes, 'v'), bucket.put('ü', 'v')]));
    const [frame] = cluster.nodes[0]!.frames;
    expect(frame!.frame.keys.map((key) => Array.from(key))).toEqual([
      [0, 46, 32, 255],
      [0xc3, 0xbc],
    ]);
  });
});

describe('contexts', () => {
  test('what a read saw goes with the put, as an object and as text; blind puts carry none', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const { context } = await cluster.settled(bucket.put('k', '1'));
    expect(Context.parse(context.toString()).equals(context)).toBe(true);
    const calls = [
      bucket.put('k', '2', { context }),
      bucket.put('k', '3', { context: context.toString() }),
      bucket.put('k', '4', { context: '-' }),
      bucket.put('k', '5', { context: undefined }),
    ];
    await cluster.settled(Promise.all(calls));
    const frames = cluster.nodes[0]!.frames.map(({ frame }) => frame);
    expect(frames[0]).toMatchObject({ contexts: null });
    const sent = frames[1]!.kind === 'put' ? frames[1]!.contexts : null;
    const empty = encodeContext([]);
    expect(sent?.map((bytes) => bytes && Buffer.from(bytes))).toEqual([
      Buffer.from(context.bytes),
      Buffer.from(context.bytes),
      empty,
      null,
    ]);
  });

  test('update: reads, merges all siblings, puts with the context; undefined leaves it, null deletes', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b', { codec: text });
    const node = cluster.nodes[0]!;
    await cluster.settled(bucket.put('k', 'x'));
    node.values.set('k', [Buffer.from('x'), Buffer.from('y')]);
    await cluster.settled(bucket.update('k', (values) => values.join('+')));
    expect((await cluster.settled(bucket.get('k')))!.value).toBe('x+y');
    const put = node.frames
      .map(({ frame }) => frame)
      .find((frame) => frame.kind === 'put' && frame.contexts !== null);
    expect(put).toBeDefined();
    const before = node.frames.length;
    expect(await cluster.settled(bucket.update('k', () => undefined))).toBeUndefined();
    expect(node.frames.length).toBe(before + 1);
    await cluster.settled(bucket.update('k', () => null));
    expect(await cluster.settled(bucket.get('k'))).toBeUndefined();
  });

  test('update refused once for too many siblings: reads and merges again', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b', { codec: text });
    let refused = 0;
    cluster.nodes[0]!.script = (frame) =>
      frame.kind === 'put' && refused++ === 0
        ? [{ index: 0, code: 409, outcome: 'none', message: 'too many siblings' }]
        : 'answer';
    let calls = 0;
    const change = (): string => `call ${++calls}`;
    await cluster.settled(bucket.update('k', change));
    expect((await cluster.settled(bucket.get('k')))!.value).toBe('call 2');
    cluster.nodes[0]!.script = (frame) =>
      frame.kind === 'put'
        ? { code: 409, outcome: 'none', message: 'too many siblings' }
        : 'answer';
    const error = await cluster.failure(bucket.update('k', change, { conflictsMax: 2 }));
    expect(error).toBeInstanceOf(TooManySiblingsError);
    expect(calls).toBe(5);
  });
});

describe('nodes that do not answer', () => {
  test('what a node reads after its deadline is not done, and a node that was started again is told its new time', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const bucket = client.bucket('b', { timeoutMs: 400 });
    const [stopped] = cluster.nodes;
    const [first, second] = shareOf(0) as [string, string];
    stopped!.process!.paused = true;
    const results = [bucket.put(first, 'one'), bucket.put(second, 'two')];
    // The others do not answer either, so nobody takes the frame's place.
    for (const node of cluster.nodes) node.script = () => 'silence';
    expect(await cluster.failure(results[0]!)).toBeInstanceOf(DeadlineError);
    await cluster.failure(results[1]!);
    await cluster.after(5_000);
    for (const node of cluster.nodes) node.script = () => 'answer';
    cluster.scheduler.resume(stopped!.process!);
    await cluster.after(100);
    expect(stopped!.unread).toBeGreaterThan(0);
    expect(stopped!.frames).toEqual([]);
    await cluster.settled(bucket.put(first, 'three'));
    stopped!.kill();
    await cluster.after(100);
    stopped!.start();
    await cluster.after(100);
    for (let i = 0; i < 20; i++) {
      await cluster.settled(bucket.put(first, 'four'));
      await cluster.after(100);
    }
    expect(stopped!.frames.length).toBeGreaterThan(1);
    expect(cluster.errors).toEqual([]);
  });

  test('a client that knows too little of a clock learns it from the refusal, and asks again at once', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    for (const node of cluster.nodes) node.restartClock();
    const fromMs = cluster.nowMs;
    await cluster.settled(putAll(client.bucket('b'), keysOf(30)));
    expect(cluster.nowMs - fromMs).toBeLessThan(10);
    expect(cluster.nodes.map(({ unread }) => unread)).toEqual([1, 1, 1]);
  });

  test('a node is gone before the puts: its share goes to the next primary at once, no error', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.kill();
    await cluster.after(1);
    const beganMs = cluster.nowMs;
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(cluster.nowMs - beganMs).toBeLessThan(15);
    expect(cluster.nodes[0]!.frames).toHaveLength(0);
    expect(new Set(cluster.nodes.flatMap((node) => node.keys())).size).toBe(60);
  });

  test('a node dies with a frame in hand: asked for after 60 ms, then sent on with the same operation ids', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const dying = cluster.nodes[1]!;
    dying.script = () => {
      cluster.scheduler.in(100, undefined, () => dying.kill());
      return 'silence';
    };
    const beganMs = cluster.nowMs;
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(cluster.nowMs - beganMs).toBeGreaterThan(60);
    expect(cluster.nowMs - beganMs).toBeLessThan(150);
    const lost = operationsOf(dying.frames[0]!.frame);
    expect(operationsOf(cluster.nodes[2]!.frames.at(-1)!.frame)).toEqual(lost);
    expect(new Set(lost).size).toBe(dying.keys().length);
  });

  test('later traffic shows that the node is gone: the frame it took with it is sent on without waiting', async () => {
    const cluster = new FakeCluster({ nodes: 2 });
    const bucket = (await cluster.ready()).bucket('b');
    const dying = cluster.nodes[1]!;
    dying.script = () => 'silence';
    const beganMs = cluster.nowMs;
    const puts = keysOf(20).map((key) => bucket.put(key, 'v'));
    await cluster.after(3);
    dying.kill();
    await cluster.after(1);
    puts.push(...keysOf(20).map((key) => bucket.put(key, 'w')));
    await cluster.settled(Promise.all(puts));
    expect(cluster.nowMs - beganMs).toBeLessThan(25);
  });

  test('the node comes back: it is asked, and gets its share again within half a second', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [node] = cluster.nodes;
    await cluster.settled(putAll(bucket, keysOf(60)));
    const share = node!.keys().length;
    node!.kill();
    await cluster.settled(putAll(bucket, keysOf(60)));
    node!.start();
    node!.frames.length = 0;
    for (let i = 0; i < 10; i++) {
      await cluster.settled(bucket.get('x'));
      await cluster.after(50);
    }
    node!.frames.length = 0;
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(node!.keys().length).toBe(share);
    expect(node!.probes).toBeGreaterThan(0);
  });

  test('a node hangs: within 200 ms its frames go elsewhere, and it is left alone until it answers', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [node] = cluster.nodes;
    await cluster.settled(putAll(bucket, keysOf(60)));
    const key = node!.keys()[0]!;
    node!.process!.paused = true;
    const beganMs = cluster.nowMs;
    await cluster.settled(bucket.put(key, 'v'));
    expect(cluster.nowMs - beganMs).toBeGreaterThan(130);
    expect(cluster.nowMs - beganMs).toBeLessThan(200);
    const secondMs = cluster.nowMs;
    await cluster.settled(bucket.put(key, 'v'));
    expect(cluster.nowMs - secondMs).toBeLessThan(15);
    cluster.scheduler.resume(node!.process!);
    node!.own.length = 0;
    for (let i = 0; i < 10; i++) {
      await cluster.settled(bucket.get(key));
      await cluster.after(50);
    }
    expect(node!.own.length).toBeGreaterThan(3);
  });

  test('a node takes 700 ms for a frame but answers when asked: it is waited for, nothing is sent twice', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    for (const node of cluster.nodes) node.takesUs = 700_000;
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(cluster.nodes.flatMap((node) => node.keys())).toHaveLength(60);
  });

  test('a node answers when asked but never its frames: after a second they go elsewhere', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.script = () => 'silence';
    const beganMs = cluster.nowMs;
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(cluster.nowMs - beganMs).toBeGreaterThan(990);
    expect(cluster.nowMs - beganMs).toBeLessThan(1_100);
  });

  test('one of three hangs and the others wait for it: puts go back to whoever answers again, none times out', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [hung, ...others] = cluster.nodes;
    hung!.process!.paused = true;
    // They pass puts on to it until they know; what they took before then is answered too late.
    const knownMs = cluster.nowMs + 1_900;
    for (const node of others) node.script = () => (cluster.nowMs < knownMs ? 'silence' : 'answer');
    const puts = keysOf(20).map((key) => bucket.put(key, 'v', { timeoutMs: 5_000 }));
    const outcomes = await cluster.settled(Promise.allSettled(puts));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  test('all nodes are slow and now and then one answers when asked: what is sent on rests between, and is done', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const slowUntilMs = cluster.nowMs + 2_000;
    for (const node of cluster.nodes)
      node.script = () => (cluster.nowMs < slowUntilMs ? 'silence' : 'answer');
    const puts = keysOf(20).map((key) => bucket.put(key, 'v', { timeoutMs: 5_000 }));
    const outcomes = Promise.allSettled(puts);
    for (let turn = 0; cluster.nowMs < slowUntilMs; turn++) {
      cluster.nodes.forEach(({ process }, index) => {
        if (index === turn % 3) cluster.scheduler.resume(process!);
        else process!.paused = true;
      });
      await cluster.after(90);
    }
    for (const { process } of cluster.nodes) cluster.scheduler.resume(process!);
    const rejected = (await cluster.settled(outcomes)).filter(
      ({ status }) => status === 'rejected',
    );
    expect(rejected).toEqual([]);
  });

  test('the client itself hangs for 300 ms with a put in flight: the answer is read before anyone is judged', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const put = bucket.put('k', 'v');
    await cluster.after(0.5);
    cluster.clientProcess.paused = true;
    await cluster.after(300);
    cluster.scheduler.resume(cluster.clientProcess);
    await cluster.settled(put);
    expect(cluster.nodes.flatMap((node) => node.keys())).toEqual(['k']);
  });

  test('the ring says a node is down: it is routed around from the first request', async () => {
    const cluster = new FakeCluster();
    for (const node of cluster.nodes) node.down = [2];
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(putAll(bucket, keysOf(60)));
    expect(cluster.nodes[2]!.frames).toHaveLength(0);
  });

  test('the connection breaks with a put in flight: sent again when it is back', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const put = bucket.put('k', 'v');
    await cluster.after(0.5);
    cluster.nats.disconnect('client', { forUs: 300_000, why: 'test' });
    const meanwhile = bucket.put('l', 'v');
    const beganMs = cluster.nowMs;
    await cluster.settled(Promise.all([put, meanwhile]));
    expect(cluster.nowMs - beganMs).toBeGreaterThan(299);
    expect(cluster.nowMs - beganMs).toBeLessThan(400);
  });

  test('no cluster: a deadline error that says so, and nothing can show; one that comes up in time is used', async () => {
    const cluster = new FakeCluster();
    const bucket = cluster.client().bucket('b', { timeoutMs: 500 });
    const error = await cluster.failure(bucket.put('k', 'v'));
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({ code: 504, outcome: 'none' });
    expect(String(error)).toContain('kv.ring');
    const put = bucket.put('k', 'v');
    for (const node of cluster.nodes) {
      node.founded = false;
      node.start();
    }
    await cluster.after(200);
    for (const node of cluster.nodes) node.founded = true;
    await cluster.settled(put);
  });

  test('a put without an answer until its deadline: 504, may have been stored; a get: nothing to store', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b', { timeoutMs: 300 });
    cluster.nodes[0]!.script = () => 'silence';
    const beganMs = cluster.nowMs;
    expect(await cluster.failure(bucket.put('k', 'v'))).toMatchObject({
      code: 504,
      outcome: 'unknown',
    });
    expect(cluster.nowMs - beganMs).toBeLessThan(330);
    expect(await cluster.failure(bucket.get('k'))).toMatchObject({ code: 504, outcome: 'none' });
  });
});

describe('refusals', () => {
  test('429 twice, then done: tried again after a while, same operation', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const node = cluster.nodes[0]!;
    node.script = (_, seen) => (seen < 2 ? refusal(429, 'none') : 'answer');
    await cluster.settled(bucket.put('k', 'v'));
    const operations = node.frames.map(({ frame }) => operationsOf(frame)[0]);
    expect(operations).toHaveLength(3);
    expect(new Set(operations).size).toBe(1);
    expect(node.frames[2]!.atMs - node.frames[1]!.atMs).toBeGreaterThan(10);
  });

  test('429 for a second under 300 puts: the node sets the pace, nothing fails, few frames are wasted', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const node = cluster.nodes[0]!;
    const openMs = cluster.nowMs + 1_000;
    node.script = () => (cluster.nowMs < openMs ? refusal(429, 'none') : 'answer');
    await cluster.settled(putAll(bucket, keysOf(300)));
    expect(cluster.nowMs - openMs).toBeLessThan(450);
    expect(node.frames.length).toBeLessThan(15);
  });

  test('429 until the deadline: 429 is what the caller is told, and that nothing was stored', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b', { timeoutMs: 700 });
    cluster.nodes[0]!.script = () => refusal(429, 'none');
    const error = await cluster.failure(bucket.put('k', 'v'));
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({ outcome: 'none', message: 'no' });
  });

  test('nodes that go by another configuration: the ring is asked for, and what was refused goes by it', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const bucket = client.bucket('b');
    await cluster.settled(bucket.put('k', 'v'));
    for (const node of cluster.nodes) node.configuration = 8;
    const startMs = cluster.nowMs;
    const puts = shareOf(0).map((key) => bucket.put(key, 'w'));
    const get = bucket.get('k');
    await cluster.settled(Promise.all(puts));
    expect((await cluster.settled(get))?.value).toEqual(Buffer.from('v'));
    expect(cluster.nowMs - startMs).toBeLessThan(1_000);
    const [first] = cluster.nodes;
    expect(first!.misdirected).toBeGreaterThan(0);
    expect(first!.misdirected).toBeLessThan(5);
    const said = cluster.nodes.flatMap(({ frames }) =>
      frames.map(({ frame }) => frame.configuration),
    );
    expect(new Set(said)).toEqual(new Set([7, 8]));
  });

  test('the ring never tells their configuration: none at the deadline, and few frames until then', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    for (const node of cluster.nodes)
      Object.assign(node, { configuration: 8, toldConfiguration: 7 });
    const error = await cluster.failure(client.bucket('b').put('k', 'v', { timeoutMs: 2_000 }));
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({
      outcome: 'none',
      message: expect.stringMatching(/configuration/),
    });
    const misdirected = cluster.nodes.reduce((sum, node) => sum + node.misdirected, 0);
    expect(misdirected).toBeGreaterThan(3);
    expect(misdirected).toBeLessThanOrEqual(21);
  });

  test('503 for good: surfaces within half a second with the outcome of the node', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.script = () => refusal(503, 'none');
    const beganMs = cluster.nowMs;
    const error = await cluster.failure(bucket.put('k', 'v'));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ outcome: 'none' });
    expect(cluster.nowMs - beganMs).toBeLessThan(500);
    expect(cluster.nodes[0]!.frames).toHaveLength(5);
  });

  test('first may be stored, then 429 for good: the outcome stays unknown', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.script = (_, seen) =>
      seen === 0 ? refusal(503, 'unknown') : refusal(429, 'none');
    const error = await cluster.failure(bucket.put('k', 'v'));
    expect(error).toMatchObject({ outcome: 'unknown' });
  });

  test.each([
    [400, MalformedError],
    [409, TooManySiblingsError],
    [413, TooLargeError],
  ])('%i on one row of three: that put fails at once, the others are done', async (code, type) => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    cluster.nodes[0]!.script = () => [{ index: 1, ...refusal(code, 'none') }];
    const settled = await cluster.settled(
      Promise.allSettled(['a', 'b', 'c'].map((key) => bucket.put(key, 'v'))),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]!.status === 'rejected' && settled[1]!.reason).toBeInstanceOf(type);
    expect(cluster.nodes[0]!.frames).toHaveLength(1);
  });

  test('a sick cluster: 1 000 puts, each refused, are tried again 100 times in all, not 4 000', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready({ retry: { tokensMax: 100 } })).bucket('b');
    cluster.nodes[0]!.script = () => refusal(503, 'none');
    await cluster.settled(Promise.allSettled(keysOf(1_000).map((key) => bucket.put(key, 'v'))));
    expect(cluster.nodes[0]!.keys()).toHaveLength(1_100);
  });
});

describe('bounds and bad arguments', () => {
  test('past the bound on requests in flight: refused at once, the others go on', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready({ requestsInFlightMax: 10 })).bucket('b');
    const puts = keysOf(11).map((key) => bucket.put(key, 'v'));
    expect(await cluster.failure(puts[10]!)).toBeInstanceOf(OverloadedError);
    await cluster.settled(Promise.all(puts.slice(0, 10)));
    await cluster.settled(bucket.put('k', 'v'));
  });

  const badPuts: [what: string, put: PutOptions & { key?: string }][] = [
    ['an empty key', { key: '' }],
    ['a key of 1 025 bytes', { key: 'x'.repeat(1025) }],
    ['w=0', { w: 0 }],
    ['w=1.5', { w: 1.5 }],
    ['no time', { timeoutMs: 0 }],
    ['an hour', { timeoutMs: 3_600_000 }],
    ['a context that is none', { context: 'nonsense' }],
    ['a negative TTL', { ttlMs: -1 }],
    ['a TTL past the longest', { ttlMs: limits.ttlMsMax + 1 }],
    ['half a character in the key', { key: 'a\ud800' }],
    ['the other half', { key: '\udc00b' }],
    ['half a character in the operation id', { operation: 'é\ud83d' }],
    ['an operation id of 65 bytes', { operation: 'x'.repeat(65) }],
  ];
  test.each(badPuts)('%s: rejected, nothing is sent', async (_, { key = 'k', ...options }) => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    expect(await cluster.failure(bucket.put(key, 'v', options))).toBeInstanceOf(MalformedError);
    expect(cluster.nodes[0]!.frames).toHaveLength(0);
  });

  test.each(['', 'a.b', 'a b', '*', '>', 'x'.repeat(65), '\ud800'])(
    'bucket name %j: refused',
    async (name) => {
      const client = await new FakeCluster().ready();
      expect(() => client.bucket(name)).toThrow(MalformedError);
    },
  );

  test('a value past its bound: refused before anything is sent', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    const put = bucket.put('k', new Uint8Array(512 * 1024 + 1));
    expect(await cluster.failure(put)).toBeInstanceOf(TooLargeError);
  });

  test('a whole character of two halves, and the longest TTL: put', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    await cluster.settled(bucket.put('\ud83d\ude00', 'v', { ttlMs: limits.ttlMsMax }));
    expect(cluster.nodes[0]!.frames).toHaveLength(1);
  });

  test('what is no key: refused before anything is sent', async () => {
    const cluster = new FakeCluster({ nodes: 1 });
    const bucket = (await cluster.ready()).bucket('b');
    for (const key of [undefined, null, 5, {}, ''] as unknown[] as string[]) {
      expect(await cluster.failure(bucket.put(key, 'v'))).toBeInstanceOf(MalformedError);
      expect(await cluster.failure(bucket.get(key))).toBeInstanceOf(MalformedError);
    }
  });

  test('5 000 distinct buckets, timeouts and quorums: what is kept for each of them is dropped', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    for (let i = 0; i < 50; i++) {
      const puts = Array.from({ length: 100 }, (_, j) =>
        client.bucket(`b${i}`).put('k', 'v', { timeoutMs: 1_000 + 100 * i + j }),
      );
      await cluster.settled(Promise.all(puts));
    }
    await cluster.after(100);
    const { terms, dispatcher } = client as unknown as ClientInside;
    expect(dispatcher.routes.lanes().length).toBeLessThanOrEqual(clientLimits.lanesIdleMax);
    expect(terms.known.size).toBeLessThanOrEqual(clientLimits.termsMax);
    await cluster.settled(client.bucket('b0').put('k', 'v'));
  });

  test('nobody answers for the ring: the questions are given up', async () => {
    const cluster = new FakeCluster();
    for (const node of cluster.nodes) {
      node.start();
      node.process!.paused = true;
    }
    await cluster.after(10);
    const client = cluster.client();
    for (let i = 0; i < 10; i++)
      await cluster.failure(client.bucket('b').put('k', 'v', { timeoutMs: 5_000 }));
    const { dispatcher } = client as unknown as ClientInside;
    expect(dispatcher.flights.all().length).toBeLessThan(20);
    for (const node of cluster.nodes) cluster.scheduler.resume(node.process!);
    await cluster.settled(client.bucket('b').put('k', 'v'));
  });

  test('close: what is in flight is finished, what comes later is refused', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const bucket = client.bucket('b');
    const put = bucket.put('k', 'v');
    const closed = client.close();
    const late = bucket.put('l', 'v');
    expect(await cluster.failure(late)).toBeInstanceOf(UnavailableError);
    await cluster.settled(put);
    await cluster.settled(closed);
  });
});

describe('many at once', () => {
  test('getAll of 3 000 keys, half of them there: those, by key; putAll tells which failed', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready({ requestsInFlightMax: 1_100 });
    const bucket = client.bucket('b', { codec: text });
    const keys = keysOf(3_000);
    const there = keys.filter((_, i) => i % 2 === 0);
    await cluster.settled(bucket.putAll(there.map((key) => [key, `value of ${key}`])));
    const found = await cluster.settled(bucket.getAll(keys));
    expect([...found.keys()]).toEqual(there);
    expect(found.get('key-2998')!.value).toBe('value of key-2998');

    const [node] = cluster.nodes;
    node!.script = (frame) =>
      frame.keys.map((_, index) => ({ index, code: 413, outcome: 'none', message: 'too large' }));
    const error = await cluster.failure(bucket.putAll(keys.map((key) => [key, 'v'])));
    expect(error).toBeInstanceOf(PutAllError);
    const { results, errors } = error as PutAllError;
    expect(results).toHaveLength(3_000);
    expect(errors.length).toBeGreaterThan(500);
    expect(errors.length).toBeLessThan(1_500);
  });

  test('watch: changes of one pattern, until the loop is left', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('carts');
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { key, deleted } of bucket.watch('eu.*')) {
        seen.push(deleted ? `${key} deleted` : key);
        if (seen.length === 2) break;
      }
    })();
    await cluster.after(1);
    const bus = new SimBus(cluster.nats, 'writer', new SimProcess('writer'));
    for (const key of ['eu.1', 'us.1', 'eu.2', 'eu.3'])
      bus.publish(`kv.changed.carts.${key}`, new Uint8Array(0), {
        headers: { 'Kv-Context': '-', ...(key === 'eu.2' ? { 'Kv-Deleted': 'true' } : {}) },
      });
    await cluster.settled(watching);
    expect(seen).toEqual(['eu.1', 'eu.2 deleted']);
  });

  test('watch: what is no event of a node is passed over, and a pattern is checked before it is sent', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('carts');
    const watch = bucket.watch();
    const heard = watch.next();
    await cluster.after(1);
    const bus = new SimBus(cluster.nats, 'writer', new SimProcess('writer'));
    const forged = [
      {},
      { 'Kv-Context': '-', 'Kv-Receipt': 'r=1/1' },
      { 'Kv-Context': '-', 'Nats-Service-Error-Code': '404' },
      { 'Kv-Context': 'no context' },
      { 'Kv-Context': 'AAAA' },
    ];
    for (const headers of forged)
      bus.publish('kv.changed.carts.forged', new Uint8Array(0), { headers });
    bus.publish('kv.changed.carts.k', new Uint8Array(0), { headers: { 'Kv-Context': '-' } });
    await cluster.settled(heard);
    expect((await heard).value.key).toBe('k');
    expect(watch.messagesIgnored).toBe(forged.length);
    expect(() => bucket.watch('a\r\nPUB x 0')).toThrow(MalformedError);
    expect(() => bucket.watch('')).toThrow(MalformedError);
  });
});

/** What puts said of earlier ones, in the order in which they were asked. */
function named(cluster: FakeCluster): unknown[] {
  const seen = cluster.nodes.flatMap((node) => node.frames);
  seen.sort((a, b) => a.atMs - b.atMs);
  return seen.map(({ frame }) => (frame.kind === 'put' ? frame.copied : undefined));
}

describe('puts that were tried again', () => {
  test('are named with the next ones of their key, for as long as they are remembered', async () => {
    const cluster = new FakeCluster();
    const client = await cluster.ready();
    const bucket = client.bucket('b');
    const [key, other] = shareOf(0);
    cluster.nodes[0]!.script = () => 'silence';
    await cluster.settled(bucket.put(key!, 'one', { timeoutMs: 3000 }));
    const [operation] = operationsOf(cluster.nodes[0]!.frames[0]!.frame);
    expect(named(cluster)).toEqual([null, null]);
    await cluster.settled(bucket.delete(key!));
    await cluster.settled(Promise.all([bucket.put(other!, 'x'), bucket.put(key!, 'two')]));
    await cluster.settled(client.bucket('other').put(key!, 'x'));
    const [deleted, both, elsewhere] = named(cluster).slice(2) as { leftMs: number }[][][];
    expect(deleted).toEqual([[{ operation, leftMs: expect.any(Number) }]]);
    expect(deleted![0]![0]!.leftMs).toBeLessThan(3000);
    expect(both).toEqual([null, [{ operation, leftMs: expect.any(Number) }]]);
    expect(elsewhere).toBeNull();
    await cluster.after(3000 + limits.operationsRememberedMs);
    await cluster.settled(bucket.put(key!, 'three'));
    expect(named(cluster).at(-1)).toBeNull();
  });

  test('are named so many of one key at most, the newest; those with names of their own are not', async () => {
    const cluster = new FakeCluster();
    const bucket = (await cluster.ready()).bucket('b');
    const [key] = shareOf(0);
    let refusing = true;
    for (const node of cluster.nodes)
      node.script = () => (refusing ? refusal(503, 'unknown') : 'answer');
    const options = { timeoutMs: 200 };
    await cluster.failure(bucket.put(key!, 'x', { ...options, operation: 'mine' }));
    const operations = new Set<string>();
    for (let i = 0; i < limits.copiedPutsMax + 2; i++)
      await cluster.failure(bucket.put(key!, `${i}`, options));
    for (const { frames } of cluster.nodes)
      for (const { frame } of frames) for (const name of operationsOf(frame)) operations.add(name);
    refusing = false;
    await cluster.settled(bucket.delete(key!));
    const last = named(cluster).at(-1) as { operation: string }[][];
    const told = last[0]!.map(({ operation }) => operation);
    expect(told).toHaveLength(limits.copiedPutsMax);
    expect(told).not.toContain('mine');
    expect(told.every((operation) => operations.has(operation))).toBe(true);
  });
});
