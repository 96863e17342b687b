import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { nothingSeen } from '../../../actors/rules/versions.js';
import type { PutSink } from '../../../src/api/frame-rows.js';
import type { PutReply, PutRequest } from '../../../src/coordinator/coordinator.js';
import { encodeFrame } from '../../../src/wire/frames.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import {
  ConditionError,
  TooManySiblingsError,
  UnavailableError,
  type QuorateError,
} from '../../../src/errors.js';
import type { Clock } from '../../../src/seams/clock.js';
import { decode, encode, type WireValue } from '../../../src/wire/message-pack.js';
import { asRequest } from '../../../src/wire/protocol/bodies.js';
import { startApiNode, type ApiNode, type World } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';
import { reading } from '../../support/readings.js';

const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(16));
const [a, b, c, d] = ids as [string, string, string, string];

let network: MemoryNetwork;
let world: World;
let timers: Map<number, { atMs: number; callback: () => void }>;
let nowMs: number;
let nodes: Map<string, ApiNode & { bus: MemoryBus }>;

/** Three primaries of four nodes; partition p begins with the p-th. */
beforeEach(() => {
  network = new MemoryNetwork();
  world = new Map();
  timers = new Map();
  nowMs = 0;
  nodes = new Map();
  let lastTimer = 0;
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimeout: (callback, delayMs) => {
      timers.set(++lastTimer, { atMs: nowMs + delayMs, callback });
      return lastTimer;
    },
    clearTimeout: (id) => void timers.delete(id as number),
    endOfTurn: (callback) => network.endOfTurn(callback),
  };
  for (const [i, id] of ids.entries()) {
    const bus = network.connect();
    const random = { below: () => i, bytes: (count: number) => Buffer.alloc(count, 97 + i) };
    const buckets = { lww: { conflict: 'last-writer-wins' as const } };
    const options = { partitions: 4, changeEvents: false, buckets };
    const node = startApiNode({ id, nodes: ids, bus, clock, random, world, options });
    nodes.set(id, { ...node, bus });
  }
  for (const [id, { time }] of nodes)
    for (const { clocks } of nodes.values()) clocks.told(id, time.now(), nowMs);
});

function node(id: string): ApiNode & { bus: MemoryBus } {
  return nodes.get(id)!;
}

/** A key whose partition begins with the node. */
function keyOf(first: string, nth = 0): string {
  let found = -1;
  for (let i = 0; ; i++) {
    const key = `key-${i}`;
    if (partitionOf({ bucket: 'b', key }, 4) === ids.indexOf(first) && ++found === nth) return key;
  }
}

function put(
  at: string,
  key: string,
  changes: Partial<PutRequest> = {},
  sink: PutSink = node(at).ordering,
): PutReply[] {
  const replies: PutReply[] = [];
  sink.put({
    bucket: 'b',
    key,
    partition: partitionOf({ bucket: 'b', key }, 4),
    quorum: 2,
    strict: false,
    deadlineMs: nowMs + 1000,
    value: Buffer.from('value'),
    context: undefined,
    ttlMs: 0,
    operation: '',
    copy: 'first',
    askedMs: nowMs,
    onReply: (reply) => replies.push(reply),
    ...changes,
  });
  return replies;
}

/** From here the node hears nothing: it stands still, and all others go on. */
async function standsStill(id: string): Promise<void> {
  node(id).hearing.ask();
  await Promise.resolve();
  nowMs += 1_000;
}

function readLate(at: string, key: string, changes: Partial<PutRequest> = {}): PutReply[] {
  return put(at, key, changes, node(at).ordering.readAt(nowMs));
}

const done = expect.objectContaining({ ok: true }) as unknown;
const putsAt = (id: string): readonly PutRequest[] => node(id).coordinator.puts;
const operations = (id: string): string[] => putsAt(id).map(({ operation }) => operation);
const messagesTo = (subject: string): number =>
  network.sent.filter((sent) => sent.subject === subject).length;

describe('who coordinates', () => {
  test('what an author says of its earlier puts goes along', () => {
    const key = keyOf(a);
    nowMs = 100;
    const copied = [
      { operation: 'under way', untilMs: nowMs + 700 },
      { operation: 'over', untilMs: nowMs - 50 },
    ];
    put(b, key, { copied });
    network.settle();
    const told = putsAt(a)[0]!.copied!.map(({ operation, untilMs }) => [
      operation,
      // Of the other's clock it knows no less than a millisecond.
      Math.round(untilMs / 10) * 10,
    ]);
    expect(told).toEqual([
      ['under way', nowMs + 700],
      ['over', nowMs],
    ]);
  });

  test('a blind put at its first live primary stays there', () => {
    const replies = put(a, keyOf(a));
    expect(replies).toEqual([done]);
    expect(network.sent).toEqual([]);
  });

  test('a blind put elsewhere goes to the first live primary, whole, and its reply comes back', () => {
    const value = Buffer.from([0, 255]);
    const terms = { quorum: 3, strict: true, ttlMs: 60_000, operation: 'op\xff', value };
    const replies = put(b, keyOf(a), terms);
    network.settle();
    expect(replies).toEqual([
      {
        ok: true,
        context: encodeContext(world.get(`\0\0b\0${keyOf(a)}`)!.context),
        receipt: expect.objectContaining({ kind: 'w', needed: 3 }) as unknown,
      },
    ]);
    expect(putsAt(b)).toEqual([]);
    expect(putsAt(a)).toEqual([
      expect.objectContaining({ bucket: 'b', key: keyOf(a), partition: 0, ...terms }),
    ]);
  });

  test('who goes by another configuration begins none that is passed on: it is coordinated here, and both tell what they know', () => {
    node(a).view.tellNodes([a, b, c]);
    const replies = put(b, keyOf(a));
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toEqual([]);
    expect(putsAt(b)).toMatchObject([{ copy: 'first' }]);
    expect(node(b).view.reconciled).toEqual([a]);
  });

  test('what is passed on in the turn in which the configuration changes says by which it was chosen', () => {
    const replies = put(b, keyOf(a));
    node(b).view.tellNodes([a, b, c]);
    node(a).view.tellNodes([a, b, c]);
    network.settle();
    expect(replies).toEqual([done]);
    expect([putsAt(a), putsAt(b)]).toMatchObject([[], [{}]]);
  });

  test('a delete, an empty value and a put with the empty context are told apart on the way', () => {
    put(d, keyOf(a), { value: null });
    put(d, keyOf(a), { value: Buffer.alloc(0), context: nothingSeen });
    network.settle();
    expect(putsAt(a).map(({ value, context }) => [value, context])).toEqual([
      [null, undefined],
      [Buffer.alloc(0), nothingSeen],
    ]);
  });

  test('a put with a context stays at any primary, and leaves a node that is none', () => {
    expect(put(c, keyOf(a), { context: nothingSeen })).toEqual([done]);
    expect(putsAt(c)).toHaveLength(1);
    const replies = put(d, keyOf(a), { context: nothingSeen });
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toHaveLength(1);
  });

  test.each(['suspect', 'down'] as const)('a %s first primary: the next orders', (state) => {
    for (const id of [b, c]) node(id).view.tellReachability(a, state);
    const replies = [put(b, keyOf(a)), put(c, keyOf(a))];
    network.settle();
    expect(replies).toEqual([[done], [done]]);
    expect(putsAt(b)).toHaveLength(2);
  });

  test('what was passed on is coordinated where it arrives, whatever that node believes', () => {
    node(a).view.tellReachability(b, 'alive');
    node(b).view.tellNodes([b, a, c, d]);
    // b believes itself first for this key and c first for none; a believes b first.
    node(a).view.tellNodes([b, c, d, a]);
    node(b).view.tellNodes([c, d, a, b]);
    const replies = put(a, keyOf(a));
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(b)).toHaveLength(1);
    expect(putsAt(c)).toEqual([]);
  });

  test('where the last writer wins: a put with a context too, or two nodes would tell who was last', () => {
    const replies = put(c, keyOf(a), { bucket: 'lww', context: nothingSeen, partition: 0 });
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toHaveLength(1);
  });

  test('one on a condition meets others of its key at the first live primary, with its context', () => {
    const key = keyOf(a);
    const onlyIf = { is: 'context', r: 3 } as const;
    const error = new ConditionError('Kv-If: context is not met', 'none', {
      values: [Buffer.from('1'), null],
      context: encodeContext([]),
    });
    node(a).coordinator.failure = error;
    const replies = put(b, key, { context: nothingSeen, onlyIf });
    network.settle();
    expect(putsAt(b)).toHaveLength(0);
    expect(putsAt(a)).toEqual([expect.objectContaining({ onlyIf, context: nothingSeen })]);
    expect(replies).toEqual([{ ok: false, error }]);
  });

  test('before there is a ring: here', () => {
    node(b).view.tellNodes([]);
    expect(put(b, keyOf(a))).toEqual([done]);
    expect(putsAt(b)).toHaveLength(1);
  });
});

describe('what was read late', () => {
  test.each([{}, { context: nothingSeen }])(
    'goes to the next live primary: %j; what is read once it hears again stays',
    async (changes) => {
      await standsStill(a);
      const replies = readLate(a, keyOf(a), changes);
      network.settle();
      expect(replies).toEqual([done]);
      expect(operations(b)).toEqual(['aaaaaa1']);
      node(a).hearing.ask();
      await Promise.resolve();
      expect(readLate(a, keyOf(a), changes)).toEqual([done]);
      expect(putsAt(a)).toHaveLength(1);
    },
  );

  test('goes past who is not alive, has gone, or has read it late as well; then it is coordinated here', async () => {
    node(a).view.tellReachability(b, 'suspect');
    const replies = [];
    for (const atC of [0, 1, 1]) {
      await standsStill(a);
      replies.push(readLate(a, keyOf(a)));
      network.settle();
      expect(putsAt(c)).toHaveLength(1);
      expect(putsAt(a)).toHaveLength(replies.length - 1);
      if (atC === 0) await standsStill(c);
      else await node(c).bus.close();
    }
    expect(replies).toEqual([[done], [done], [done]]);
    expect(putsAt(b)).toEqual([]);
  });

  test('comes with its frame', async () => {
    await standsStill(a);
    const head = { bucket: 'b', quorum: 0, strict: false, timeoutMs: 0, configuration: null };
    const frame = { kind: 'put', ...head } as const;
    const terms = { contexts: null, operations: null, ttls: null };
    const columns = {
      values: [null],
      ...terms,
      until: null,
      sooner: null,
      ages: null,
      copied: null,
    };
    const keys = [Buffer.from(keyOf(a))];
    const reply = '_INBOX.x.1';
    network
      .connect()
      .publish(`kv.frame.${a}`, encodeFrame({ ...frame, ...columns, keys }), { reply });
    network.settle();
    expect(putsAt(a)).toEqual([]);
    expect(putsAt(b)).toHaveLength(1);
    expect(messagesTo(reply)).toBe(1);
  });

  test('and had been passed on: refused, and coordinated by who has passed it on', async () => {
    await standsStill(a);
    const replies = put(b, keyOf(a), { operation: 'op' });
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toEqual([]);
    expect(operations(b)).toEqual(['op']);
  });
});

describe('on the way', () => {
  test('100 puts of one turn are one message there and one back', () => {
    const replies = Array.from({ length: 100 }, (_, i) => put(b, keyOf(a, i)));
    network.settle();
    expect(replies.flat()).toEqual(Array.from({ length: 100 }, () => done));
    expect(messagesTo(`_kv.${a}.forward`)).toBe(1);
    expect(messagesTo(`_kv.${b}.answers`)).toBe(1);
  });

  test('other terms or a deadline far off: another frame', () => {
    const changes = [{}, { quorum: 1 }, { strict: true }, { deadlineMs: 500 }, { bucket: 'x' }];
    for (const change of changes) put(b, keyOf(a), { ...change, partition: 0 });
    network.settle();
    expect(messagesTo(`_kv.${a}.forward`)).toBe(5);
    expect(putsAt(a).map(({ deadlineMs }) => deadlineMs)).toEqual([1000, 1000, 1000, 500, 1000]);
  });

  test('more than a message holds: several', () => {
    const value = Buffer.alloc(400 * 1024);
    const replies = Array.from({ length: 5 }, (_, i) => put(b, keyOf(a, i), { value }));
    network.settle();
    expect(replies.flat()).toHaveLength(5);
    expect(messagesTo(`_kv.${a}.forward`)).toBe(3);
    for (const { data } of network.sent)
      expect(data.length).toBeLessThanOrEqual(limits.messageBytesMax);
  });

  test('the largest value there is, under the largest key', () => {
    const key = 'x'.repeat(limits.keyBytesMax);
    const value = Buffer.alloc(limits.valueBytesMax);
    const replies = put(b, key, { partition: 0, value });
    network.settle();
    expect(replies).toEqual([done]);
  });

  test('values are copied out of the message they came in', () => {
    put(b, keyOf(a));
    network.settle();
    for (const { data } of network.sent) data.fill(0);
    expect(Buffer.from(putsAt(a)[0]!.value!).toString()).toBe('value');
  });

  test('past the bound on puts that wait: 429, nothing sent', () => {
    node(a).coordinator.silent = true;
    for (let i = 0; i < limits.requestsInFlightMax; i++) put(b, 'k', { partition: 0 });
    expect(put(b, 'k', { partition: 0 })).toEqual([
      { ok: false, error: expect.objectContaining({ code: 429, outcome: 'none' }) as unknown },
    ]);
  });
});

describe('past the deadline', () => {
  test('on the way: not begun where it arrives, nor here', () => {
    const replies = put(b, keyOf(a), { deadlineMs: nowMs + 1000 });
    nowMs += 1001;
    network.settle();
    expect(putsAt(a)).toEqual([]);
    expect(messagesTo(`_kv.${a}.forward`)).toBe(1);
    // The coordinator of this test would do it; the real one sees the deadline.
    expect(putsAt(b).map(({ deadlineMs }) => deadlineMs)).toEqual([1000]);
    expect(replies).toHaveLength(1);
  });

  test('by a clock of which too little is known: sent once more, with what the answer told', () => {
    nowMs += 400;
    const { process, ms } = node(a).time.now();
    node(b).clocks.drop(a);
    node(b).clocks.told(a, { process, ms: ms - 2000 }, nowMs);
    const replies = put(b, keyOf(a), { deadlineMs: nowMs + 1000 });
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a).map(({ deadlineMs }) => deadlineMs)).toEqual([nowMs + 1000]);
    expect(messagesTo(`_kv.${a}.forward`)).toBe(2);
  });

  test('meant for an earlier process of the node: the same', () => {
    node(b).clocks.told(a, { process: 4711, ms: 1_000_000 }, nowMs);
    const replies = put(b, keyOf(a));
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toHaveLength(1);
    expect(messagesTo(`_kv.${a}.forward`)).toBe(2);
  });

  test('again and again: coordinated here', () => {
    const told = jest.spyOn(node(b).clocks, 'told').mockImplementation(() => undefined);
    node(b).clocks.drop(a);
    const replies = put(b, keyOf(a));
    network.settle();
    told.mockRestore();
    expect(replies).toEqual([done]);
    expect(putsAt(a)).toEqual([]);
    expect(putsAt(b)).toHaveLength(1);
    expect(messagesTo(`_kv.${a}.forward`)).toBe(2);
  });
});

describe('when the other node fails', () => {
  test('nobody there: coordinated here at once', async () => {
    await node(a).bus.close();
    const replies = put(b, keyOf(a));
    network.settle();
    expect(replies).toEqual([done]);
    expect(putsAt(b)).toHaveLength(1);
    expect(timers.size).toBe(0);
  });

  test.each<[string, () => void]>([
    ['is suspected', () => node(b).view.tellReachability(a, 'suspect')],
    ['is called down', () => node(b).view.tellReachability(a, 'down')],
    ['is found absent by another message', () => node(b).peers.tell(a, 'gossip', asRequest([]))],
  ])('it took the puts and then %s: coordinated here as the same operations', (_what, happens) => {
    node(a).coordinator.silent = true;
    const replies = [put(b, keyOf(a)), put(b, keyOf(a), { operation: 'mine' })];
    network.settle();
    expect(replies.flat()).toEqual([]);
    void node(a).bus.close();
    happens();
    network.settle();
    expect(replies).toEqual([[done], [done]]);
    expect(operations(b)).toEqual(operations(a));
    expect(operations(b)).toEqual(['bbbbbb1', 'mine']);
    expect(putsAt(a).map(({ copy }) => copy)).toEqual(['first', 'first']);
    expect(putsAt(b).map(({ copy, askedMs }) => [copy, askedMs])).toEqual([
      ['later', nowMs],
      ['later', nowMs],
    ]);
    const waits = [...timers.values()].map(({ atMs }) => atMs - nowMs);
    // Before it listens in the place of the other.
    expect(waits.filter((ms) => ms !== limits.hangingMsMin)).toEqual([]);
  });

  test('what is passed on says which copy it is, and since when its author asks', () => {
    put(b, keyOf(a), { copy: 'any', operation: 'any' });
    put(b, keyOf(a), { copy: 'later', operation: 'later', askedMs: nowMs - 700 });
    network.settle();
    expect(putsAt(a).map(({ copy, askedMs }) => [copy, nowMs - askedMs])).toEqual([
      ['any', 0],
      ['later', 700],
    ]);
  });

  test('a late answer after that is no second reply', () => {
    node(a).coordinator.silent = true;
    const replies = put(b, keyOf(a));
    network.settle();
    node(b).view.tellReachability(a, 'suspect');
    const late = putsAt(a)[0]!;
    late.onReply({ ok: false, error: new TooManySiblingsError('late') });
    network.settle();
    expect(replies).toEqual([done]);
  });

  test('it never answers: 504, outcome unknown, a moment after the deadline', () => {
    node(a).coordinator.silent = true;
    const replies = put(b, keyOf(a));
    network.settle();
    const [timer] = timers.values();
    expect(timer?.atMs).toBe(1010);
    timer!.callback();
    expect(replies).toEqual([
      { ok: false, error: expect.objectContaining({ code: 504, outcome: 'unknown' }) as unknown },
    ]);
  });

  test.each<[string, QuorateError, boolean]>([
    ['503 before anything was done', new UnavailableError('disk full'), true],
    ['503 with unknown outcome', new UnavailableError('quorum lost', 'unknown'), false],
    ['409', new TooManySiblingsError('32 siblings'), false],
  ])('%s: coordinated here: %#', (_what, failure, here) => {
    node(a).coordinator.failure = failure;
    const replies = put(b, keyOf(a));
    network.settle();
    expect(putsAt(b)).toHaveLength(here ? 1 : 0);
    const { code, outcome, message } = failure;
    const error = expect.objectContaining({ code, outcome, message }) as unknown;
    expect(replies).toEqual([here ? done : { ok: false, error }]);
  });

  test.each<[string, WireValue]>([
    ['nothing', null],
    ['a reply for other rows', [1, 0, [], [], null, null]],
    ['no receipt', [1, 0, [null], [], null, null]],
    ['a context that is none', [1, 0, [Buffer.from('xx')], ['r'], null, null]],
  ])('it answers %s: 503, outcome unknown', (_what, columns) => {
    node(a).peers.close();
    const bus = network.connect();
    bus.subscribe(`_kv.${a}.forward`, ({ data }) => {
      const [, , id] = decode(data) as readonly number[];
      bus.publish(`_kv.${b}.answers`, encode([1, a, [id!, 0, [columns]]]));
    });
    const replies = put(b, keyOf(a));
    network.settle();
    expect(replies).toEqual([
      { ok: false, error: expect.objectContaining({ code: 503, outcome: 'unknown' }) as unknown },
    ]);
  });

  test.each<[string, WireValue[]]>([
    ['nothing', []],
    ['no frame', ['text']],
    ['a get', [[1, 1, 'b', 1, false, 5, [Buffer.from('k')]]]],
    [
      'a bucket that is none',
      [[1, 0, 'a.b', 1, false, 5, [Buffer.from('k')], [null], null, null, null]],
    ],
  ])('%s passed on is refused', (_what, body) => {
    const codes: unknown[] = [];
    node(b).peers.call(a, 'forward', asRequest(body), (answer) => codes.push(answer));
    network.settle();
    expect(codes).toEqual([expect.objectContaining({ kind: 'refused', code: 400 })]);
    expect(reading(node(a), 'peers.handlerFailures')).toBe(0);
  });
});
