import { beforeEach, describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { partitionOf, storageKeyOf } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  digestOf,
  nothingSeen,
  seenAll,
  emptyDigest,
  emptyState,
  merge,
  mint,
  type KeyState,
} from '../../../actors/rules/versions.js';
import { noMoment } from '../../../actors/rules/told-clock.js';
import { ConditionError, UnavailableError } from '../../../src/errors.js';
import { decodeFrameReply, type FrameReply } from '../../../src/wire/frame-replies.js';
import { encodeFrame, type Frame, type GetFrame, type PutFrame } from '../../../src/wire/frames.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { encodeDigests } from '../../../src/wire/digests.js';
import { encodable, encodeContext } from '../../../src/wire/key-state-codec.js';
import { decodeOwnReply, encodeOwnFrame } from '../../../src/wire/own-frames.js';
import { startApiNode, type ApiNode } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const a = 'a'.repeat(16);
const b = 'b'.repeat(16);
const bytes = (text: string): Buffer => Buffer.from(text);
const clock = { process: expect.any(Number), ms: 1000 } as unknown;
const head = { bucket: 'b', quorum: 0, strict: false, timeoutMs: 0, configuration: null };

let network: MemoryNetwork;
let node: ApiNode;
let client: MemoryBus;

beforeEach(() => {
  network = new MemoryNetwork();
  client = network.connect();
  node = startApiNode({
    id: a,
    nodes: [a],
    bus: network.connect(),
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 1000,
      setTimeout: () => 0,
      clearTimeout: () => undefined,
      endOfTurn: (callback) => network.endOfTurn(callback),
    },
    random: { below: () => 0, bytes: (count) => Buffer.alloc(count) },
    options: { changeEvents: false },
  });
});

function putFrame(rows: readonly (readonly [key: string, value: string | null])[]): PutFrame {
  return {
    kind: 'put',
    ...head,
    keys: rows.map(([key]) => bytes(key)),
    values: rows.map(([, value]) => (value === null ? null : bytes(value))),
    contexts: null,
    operations: null,
    ttls: null,
    until: null,
    sooner: null,
    ages: null,
    copied: null,
  };
}

function getFrame(...keys: string[]): GetFrame {
  return { kind: 'get', ...head, keys: keys.map(bytes) };
}

function ask(frame: Frame | Buffer): (FrameReply | 'nobody')[] {
  const reply = client.inbox();
  const replies: (FrameReply | 'nobody')[] = [];
  const rows = Buffer.isBuffer(frame) ? 1 : frame.keys.length;
  client.subscribe(reply, ({ data, noResponders }) =>
    replies.push(noResponders ? 'nobody' : decodeFrameReply(data, rows)),
  );
  const payload = Buffer.isBuffer(frame) ? frame : encodeFrame(frame);
  client.publish(`kv.frame.${a}`, payload, { reply });
  network.settle();
  return replies;
}

describe('frames', () => {
  test('puts, then gets of a value, a tombstone, an absent key and siblings: one reply each', () => {
    const before = network.sent.length;
    const rows = [
      ['x', '1'],
      ['y', '2'],
      ['y', null],
    ] as const;
    const put = ask({ ...putFrame(rows), operations: ['', 'op', ''], ttls: [0, 7, 0] });
    expect(put).toEqual([
      {
        kind: 'put',
        contexts: [expect.any(Buffer), expect.any(Buffer), expect.any(Buffer)],
        receipts: ['w=2/2 primaries=2 fallbacks=0 durability=sync'],
        receiptOf: null,
        errors: [],
        clock,
      },
    ]);
    expect(node.coordinator.puts.map(({ operation, ttlMs }) => [operation, ttlMs])).toEqual([
      ['', 0],
      ['op', 7],
      ['', 0],
    ]);
    const twice = putFrame([
      ['z', 'left'],
      ['z', 'right'],
    ]);
    ask({ ...twice, contexts: [Buffer.alloc(0), encodeContext([])] });
    expect(ask(getFrame('x', 'y', 'absent', 'z'))).toEqual([
      {
        kind: 'get',
        contexts: [expect.any(Buffer), expect.any(Buffer), null, expect.any(Buffer)],
        values: [bytes('1'), null, null, [bytes('left'), bytes('right')]],
        receipts: ['r=2/2 primaries=2 fallbacks=0 durability=sync'],
        receiptOf: null,
        errors: [
          { index: 1, code: 404, outcome: 'none', message: 'no such key' },
          { index: 2, code: 404, outcome: 'none', message: 'no such key' },
        ],
        clock,
      },
    ]);
    expect(network.sent.length - before).toBe(6);
    expect(node.waysIn.traffic.endpoints.frame).toMatchObject({ requests: 3, errors: 0 });
  });

  test('terms of a frame reach every request', () => {
    ask({ ...putFrame([['x', '1']]), quorum: 3, strict: true, timeoutMs: 250 });
    expect(node.coordinator.puts).toEqual([
      expect.objectContaining({ quorum: 3, strict: true, deadlineMs: 1250, context: undefined }),
    ]);
  });

  test('a frame that is read after its moment is refused as a whole, and the clock told', () => {
    const frame = putFrame([['x', '1']]);
    const [first] = ask({ ...frame, until: noMoment });
    if (first === undefined || first === 'nobody') throw new Error('no reply');
    expect(first).toMatchObject({ kind: 'refusal', code: 504, outcome: 'none' });
    const clock = first.clock!;
    expect(clock).toEqual({ process: expect.any(Number), ms: 1000 });
    const refused = { kind: 'refusal', code: 504, outcome: 'none', clock };
    expect(ask({ ...frame, until: { ...clock, ms: 999 } })).toMatchObject([refused]);
    const earlier = { process: clock.process + 1, ms: 99_000 };
    expect(ask({ ...frame, until: earlier })).toMatchObject([refused]);
    expect(node.coordinator.puts).toEqual([]);
    expect(ask({ ...frame, until: { ...clock, ms: 1000 } })).toMatchObject([
      { kind: 'put', clock },
    ]);
  });

  test('nothing is done after the moment of its frame, and a row that was asked before no later than its own', () => {
    const [first] = ask({ ...putFrame([['x', '1']]), until: noMoment });
    if (first === undefined || first === 'nobody') throw new Error('no reply');
    const until = { ...first.clock!, ms: 1200 };
    const rows = putFrame([
      ['x', '1'],
      ['y', '2'],
    ]);
    ask({ ...rows, timeoutMs: 250, until, sooner: [0, 150] });
    expect(node.coordinator.puts.map(({ deadlineMs }) => deadlineMs)).toEqual([1200, 1050]);
  });

  test('keys are any bytes', () => {
    const keys = [Buffer.from([0, 255, 46, 46])];
    ask({ ...putFrame([['', 'odd']]), keys });
    expect(ask({ ...getFrame(''), keys })).toMatchObject([{ values: [bytes('odd')], errors: [] }]);
  });

  test('values are copied out of the message they came in', () => {
    ask(putFrame([['x', 'value']]));
    for (const { data } of network.sent) data.fill(0);
    expect(ask(getFrame('x'))).toMatchObject([{ values: [bytes('value')] }]);
  });

  test('a bad row fails alone', () => {
    const frame = putFrame([
      ['x', '1'],
      ['', '2'],
      ['x'.repeat(limits.keyBytesMax + 1), '3'],
      ['y', '4'],
      ['z', '5'],
      ['w', '6'],
    ]);
    const [reply] = ask({
      ...frame,
      contexts: [null, null, null, null, bytes('no context'), null],
      operations: ['', '', '', '', '', 'x'.repeat(65)],
    });
    if (reply === undefined || reply === 'nobody' || reply.kind !== 'put')
      throw new Error('not a put reply');
    const failed = reply.errors.map(({ index, code, outcome }) => [index, code, outcome]);
    expect(failed).toEqual([1, 2, 4, 5].map((index) => [index, 400, 'none']));
    expect(node.coordinator.puts.map(({ key }) => key)).toEqual(['x', 'y']);
  });

  test('conditions reach the requests, and what was found instead the reply; what does not go together fails alone', () => {
    const frame = putFrame([
      ['a', '1'],
      ['b', '2'],
      ['c', null],
      ['d', '3'],
    ]);
    const absent = { is: 'absent', r: 0 } as const;
    const error = new ConditionError('Kv-If: absent is not met: x', 'none', {
      values: [bytes('there'), null],
      context: encodeContext([]),
    });
    node.coordinator.failure = error;
    const ifs = [absent, { is: 'context', r: 2 }, absent, null] as const;
    const [reply] = ask({ ...frame, ifs });
    expect(node.coordinator.puts.map(({ onlyIf }) => onlyIf)).toEqual([absent, undefined]);
    if (reply === 'nobody' || reply?.kind !== 'put') throw new Error('not a reply to puts');
    const codes = new Map(reply.errors.map(({ index, code }) => [index, code]));
    expect([0, 1, 2, 3].map((index) => codes.get(index))).toEqual([409, 400, 400, 409]);
    expect(reply.found).toEqual([[bytes('there'), null], null, null, [bytes('there'), null]]);
    expect(reply.contexts[0]).toEqual(encodeContext([]));
  });

  test('rows that fail keep code, outcome and text', () => {
    node.coordinator.failure = new UnavailableError('lost the quorum', 'unknown');
    const error = { code: 503, outcome: 'unknown', message: 'lost the quorum' };
    expect(ask(putFrame([['x', '1']]))).toMatchObject([
      { contexts: [null], receipts: [], errors: [{ index: 0, ...error }] },
    ]);
    expect(node.waysIn.traffic.endpoints.frame.lastError).toBe('503 lost the quorum');
  });

  test('the reply waits for the last row; the node closes when nothing waits', async () => {
    node.coordinator.silent = true;
    expect(ask(putFrame([['x', '1']]))).toEqual([]);
    let closed = false;
    const closing = node.waysIn.close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    const before = network.sent.length;
    node.coordinator.puts[0]!.onReply({ ok: false, error: new UnavailableError('closing') });
    await closing;
    expect(network.sent.length).toBe(before + 1);
    expect(ask(getFrame('x'))).toEqual(['nobody']);
  });
});

function row(value: string) {
  const fresh = { local: emptyState, seen: nothingSeen, operation: '' };
  return { ...fresh, value: bytes(value), writtenAtMs: 0, expiresAtMs: 0 };
}

describe('own reads', () => {
  const actor = actorOf(a, 1);
  const minted = (local: KeyState, value: string | null, expiresAtMs = 0): KeyState =>
    mint({
      local,
      seen: seenAll(local.context),
      actor,
      value: value === null ? null : bytes(value),
      operation: '',
      writtenAtMs: 0,
      expiresAtMs,
    });
  const states: readonly (readonly [key: string, state: KeyState])[] = [
    ['x', minted(emptyState, '1')],
    ['gone', minted(minted(emptyState, '2'), null)],
    ['two', merge(minted(emptyState, 'l'), mint({ ...row('r'), actor: actorOf(b, 1) }))],
  ];

  beforeEach(() => {
    for (const [key, state] of states) {
      const place = { bucket: 'b', key };
      const partition = partitionOf(place, nodeOptionsDefault.partitions);
      const name = storageKeyOf({ ...place, partition });
      const record = { key: name, state: encodable(state), mark: 0 };
      node.store.mint([record], () => undefined);
    }
  });

  function askOwn(
    whole: boolean,
    keys: readonly string[],
    bucket = 'b',
    configuration: number | null = null,
  ): unknown {
    const reply = client.inbox();
    const replies: unknown[] = [];
    client.subscribe(reply, ({ data }) => replies.push(decodeOwnReply(data, keys.length)));
    const frame = encodeOwnFrame({ bucket, whole, keys: keys.map(bytes), configuration });
    client.publish(`kv.frame.${a}`, frame, { reply });
    network.settle();
    expect(replies).toHaveLength(1);
    return replies[0];
  }

  test('by another configuration none is answered, by the own it is', () => {
    const { configuration } = node.view;
    const other = askOwn(true, ['x'], 'b', configuration + 1);
    expect(other).toMatchObject({ kind: 'refusal', code: 421, outcome: 'none' });
    expect(askOwn(true, ['x'], 'b', configuration)).toMatchObject({ kind: 'own' });
  });

  const keys = ['x', 'absent', 'gone', 'two'];
  const digests = encodeDigests(
    [...states].map(([, state]) => digestOf(state)).toSpliced(1, 0, emptyDigest),
  );

  test('digests alone, in order, of absent keys too; the coordinator is not asked', () => {
    expect(askOwn(false, keys)).toEqual({ kind: 'own', digests, shown: undefined });
    expect(node.coordinator.puts).toEqual([]);
    expect(node.waysIn.traffic.endpoints.frame).toMatchObject({ requests: 1, errors: 0 });
  });

  test('the whole: what a get of R=1 shows of a value, an absent key, a tombstone and siblings', () => {
    expect(askOwn(true, keys)).toEqual({
      kind: 'own',
      digests,
      shown: {
        kind: 'get',
        contexts: [states[0]![1], emptyState, states[1]![1], states[2]![1]].map(({ context }) =>
          context.length === 0 ? null : encodeContext(context),
        ),
        values: [bytes('1'), null, null, [bytes('l'), bytes('r')]],
        receipts: ['r=1/1 primaries=1 fallbacks=0 durability=sync'],
        clock: null,
        receiptOf: null,
        errors: [
          { index: 1, code: 404, outcome: 'none', message: 'no such key' },
          { index: 2, code: 404, outcome: 'none', message: 'no such key' },
        ],
      },
    });
  });

  test('a key this node is no primary of: refused, so that the client asks for the ring again', () => {
    node.view.tellNodes([b]);
    expect(askOwn(false, keys)).toMatchObject({ kind: 'refusal', code: 503, outcome: 'none' });
    expect(node.waysIn.traffic.endpoints.frame.errors).toBe(1);
  });

  test.each([
    ['a bucket that is no token', ['x'], 'a.b'],
    ['an empty key', [''], 'b'],
    ['a key beyond the limit', ['x'.repeat(limits.keyBytesMax + 1)], 'b'],
  ])('%s: refused as malformed', (_, names, bucket) => {
    expect(askOwn(true, names, bucket)).toMatchObject({ kind: 'refusal', code: 400 });
  });
});

describe('frames refused as a whole', () => {
  test.each<[string, Frame | Buffer]>([
    ['noise', bytes('noise')],
    ['a quorum above N', { ...getFrame('x'), quorum: 4 }],
    ['a timeout beyond the limit', { ...getFrame('x'), timeoutMs: limits.requestTimeoutMsMax + 1 }],
    ['a bucket that is no token', { ...getFrame('x'), bucket: 'a.b' }],
  ])('%s', (_what, frame) => {
    expect(ask(frame)).toEqual([
      { kind: 'refusal', code: 400, outcome: 'none', message: expect.any(String), clock },
    ]);
    expect(node.waysIn.traffic.endpoints.frame).toMatchObject({ requests: 1, errors: 1 });
  });

  test('one by another configuration: nothing is done; by the own, or by none that is said, it is served', () => {
    const { configuration } = node.view;
    for (const frame of [putFrame([['x', '1']]), getFrame('x')]) {
      expect(ask({ ...frame, configuration: configuration + 1 })).toEqual([
        { kind: 'refusal', code: 421, outcome: 'none', message: expect.any(String), clock },
      ]);
      expect(node.coordinator.puts).toEqual([]);
    }
    expect(ask({ ...putFrame([['x', '1']]), configuration })).toMatchObject([{ errors: [] }]);
    expect(ask(getFrame('x'))).toMatchObject([{ kind: 'get', errors: [] }]);
  });

  test('a reply subject outside an inbox: nothing done, nothing said, counted', () => {
    for (const reply of ['_kv.all.gossip', 'kv.put.b.x', '_INBOX', '']) {
      const options = reply === '' ? {} : { reply };
      client.publish(`kv.frame.${a}`, encodeFrame(putFrame([['x', '1']])), options);
    }
    network.settle();
    expect(node.coordinator.puts).toEqual([]);
    expect(network.sent).toHaveLength(4);
    expect(node.waysIn.traffic.repliesRefused.value).toBe(4);
  });
});
