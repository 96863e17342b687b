import 'reflect-metadata';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BusPeers } from '../../src/bus/bus-peers.js';
import type { IncomingCall, PeerAnswer } from '../../src/bus/peers.js';
import { OverloadedError } from '../../src/errors.js';
import { decode, encode, type WireValue } from '../../src/wire/message-pack.js';
import { asAnswer, asRequest } from '../../src/wire/protocol/bodies.js';
import { MemoryNetwork, type MemoryBus } from '../support/memory-bus.js';
import { Metrics } from '../../src/seams/metrics.js';
import { reading, readingsOf } from '../support/readings.js';

const a = 'aaaaaaaaaaaaaaaa';
const b = 'bbbbbbbbbbbbbbbb';
const c = 'cccccccccccccccc';

let network: MemoryNetwork;

function join(id: string, options: { payloadBytesMax?: number; start?: number } = {}) {
  const bus = network.connect(options);
  const clock = network.clock();
  const random = { below: () => options.start ?? 0, bytes: (count: number) => Buffer.alloc(count) };
  const metrics = new Metrics();
  return { bus, metrics, peers: new BusPeers(bus, clock, random, { id, prefix: 'kv' }, metrics) };
}

function calls(peers: BusPeers, to: string, body: readonly WireValue[]): PeerAnswer[] {
  const answers: PeerAnswer[] = [];
  peers.call(to, 'read', asRequest(body), (answer) => answers.push(answer));
  return answers;
}

function messagesTo(subject: string): WireValue[] {
  return network.sent.filter((sent) => sent.subject === subject).map((sent) => decode(sent.data));
}

let alice: { bus: MemoryBus; peers: BusPeers; metrics: Metrics };
let bob: { bus: MemoryBus; peers: BusPeers; metrics: Metrics };

beforeEach(() => {
  network = new MemoryNetwork();
  alice = join(a);
  bob = join(b);
});

describe('calls', () => {
  test('an answer reaches its caller, with everything a body may hold', () => {
    const body: WireValue[] = [1, -5, 2.5, 'text', null, true, [Buffer.from([0, 255])], []];
    bob.peers.handle('read', (call) => {
      expect(call.from).toBe(a);
      call.ok(asAnswer(call.body));
    });
    const answers = calls(alice.peers, b, body);
    network.settle();
    expect(answers).toEqual([{ kind: 'ok', body }]);
    expect(alice.peers.pending).toBe(0);
  });

  test('100 answers of one turn are one message', () => {
    bob.peers.handle('read', (call) => call.ok(asAnswer([call.body[0]!])));
    const answers = Array.from({ length: 100 }, (_, i) => calls(alice.peers, b, [i]));
    network.settle();
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => [{ kind: 'ok', body: [i] }]));
    expect(messagesTo(`_kv.${a}.answers`)).toHaveLength(1);
  });

  test('what an answer holds is copied: it may change as soon as ok() returned', () => {
    bob.peers.handle('read', (call) => {
      const bytes = Buffer.from('before');
      call.ok(asAnswer([bytes]));
      bytes.write('after!');
    });
    const answers = calls(alice.peers, b, []);
    network.settle();
    expect(answers).toEqual([{ kind: 'ok', body: [Buffer.from('before')] }]);
  });

  test('a refusal keeps code and text; a second answer is ignored', () => {
    bob.peers.handle('read', (call) => {
      call.refuse(429, 'busy');
      call.ok(asAnswer([]));
    });
    const answers = calls(alice.peers, b, []);
    network.settle();
    expect(answers).toEqual([{ kind: 'refused', code: 429, message: 'busy' }]);
  });

  test('a handler that throws refuses: our errors with their code, any other as 503', () => {
    const errors = [new OverloadedError('full'), new TypeError('secret')];
    bob.peers.handle('read', () => {
      throw errors.shift()!;
    });
    const answers = [calls(alice.peers, b, []), calls(alice.peers, b, [])];
    network.settle();
    expect(answers.flat()).toEqual([
      { kind: 'refused', code: 429, message: 'full' },
      { kind: 'refused', code: 503, message: 'the node failed at this request' },
    ]);
    expect(readingsOf(bob, 'peers')).toMatchObject({ handlerFailures: 1, malformed: 0 });
    expect(bob.peers.lastFailure).toContain('secret');
  });

  test('a late answer to a call that was given up is dropped', () => {
    let held: IncomingCall<'read'> | undefined;
    bob.peers.handle('read', (call) => (held = call));
    const answers: PeerAnswer[] = [];
    const id = alice.peers.call(b, 'read', asRequest([]), (answer) => answers.push(answer));
    network.settle();
    alice.peers.giveUp(id);
    held!.ok(asAnswer([]));
    network.settle();
    expect(answers).toEqual([]);
    expect(reading(alice, 'peers.lateAnswers')).toBe(1);
  });

  test('an answer by another peer than the one asked is dropped', () => {
    const answers = calls(alice.peers, b, []);
    bob.peers.handle('read', () => undefined);
    network.settle();
    const id = (messagesTo(`_kv.${b}.read`)[0] as readonly number[])[2]!;
    network.connect().publish(`_kv.${a}.answers`, encode([1, c, [id, 0, []]]));
    network.settle();
    expect(answers).toEqual([]);
    expect(reading(alice, 'peers.lateAnswers')).toBe(1);
  });

  test('a restarted node takes no answer meant for its former process', async () => {
    let held: IncomingCall<'read'> | undefined;
    bob.peers.handle('read', (call) => (held = call));
    calls(alice.peers, b, []);
    network.settle();
    const toTheFormer = held!;
    await alice.bus.close();
    alice = join(a, { start: 1 });
    const answers = calls(alice.peers, b, []);
    toTheFormer.ok(asAnswer(['stale']));
    network.settle();
    expect(answers).toEqual([]);
  });

  test('answers larger than a message together are several; alone, a refusal', async () => {
    alice = join(c, { payloadBytesMax: 10_000 });
    await bob.bus.close();
    bob = join(b, { payloadBytesMax: 10_000 });
    bob.peers.handle('read', (call) => call.ok(asAnswer([Buffer.alloc(Number(call.body[0]))])));
    const answers = [4000, 4000, 4000, 11_000].map((size) => calls(alice.peers, b, [size]));
    network.settle();
    expect(answers.map(([answer]) => answer?.kind)).toEqual(['ok', 'ok', 'ok', 'refused']);
    expect(messagesTo(`_kv.${c}.answers`)).toHaveLength(2);
  });

  test('a request larger than a message is a mistake of the caller', () => {
    expect(() => calls(alice.peers, b, [Buffer.alloc(1024 * 1024)])).toThrow(/bytes/);
    expect(alice.peers.pending).toBe(0);
  });
});

describe('who is not there', () => {
  test('nobody listens: the caller hears it at once, the failure detector too', () => {
    const contacts: string[] = [];
    alice.peers.onContact((peer, contact) => contacts.push(`${peer} ${contact}`));
    const answers = calls(alice.peers, c, []);
    network.settle();
    expect(answers).toEqual([{ kind: 'noResponders' }]);
    expect(contacts).toEqual([`${c} noResponders`]);
  });

  test('a peer whose connection is gone; one that closed; a verb nobody handles yet', async () => {
    const carl = join(c);
    carl.peers.handle('read', (call) => call.ok(asAnswer([])));
    await carl.bus.close();
    bob.peers.handle('read', (call) => call.ok(asAnswer([])));
    bob.peers.close();
    const answers = [calls(alice.peers, c, []), calls(alice.peers, b, [])];
    network.settle();
    expect(answers).toEqual([[{ kind: 'noResponders' }], [{ kind: 'noResponders' }]]);
  });

  test('a told message to nobody is noticed as well', () => {
    const contacts: string[] = [];
    alice.peers.onContact((peer, contact) => contacts.push(`${peer} ${contact}`));
    alice.peers.tell(c, 'gossip', asRequest([]));
    network.settle();
    expect(contacts).toEqual([`${c} noResponders`]);
  });
});

describe('telling', () => {
  test('tellAll reaches every node but its sender, and nobody answers', () => {
    const heard: string[] = [];
    const carl = join(c);
    for (const node of [alice, bob, carl]) {
      node.peers.handle('gossip', (call) => {
        heard.push(`${node.peers.self[0]} hears ${String(call.body[0])} from ${call.from[0]}`);
        call.ok(asAnswer([]));
      });
    }
    bob.peers.tellAll('gossip', asRequest(['news']));
    network.settle();
    expect(heard).toEqual(['a hears news from b', 'c hears news from b']);
    expect(messagesTo(`_kv.${b}.answers`)).toEqual([]);
  });

  test('from a removed node nothing is taken: neither calls nor what is told nor answers, and it hears so', () => {
    const heard: string[] = [];
    const dismissals: string[] = [];
    const removed = new Set<string>();
    alice.peers.fence({ isRemoved: (node) => removed.has(node), isStranger: () => false });
    alice.peers.handle('read', (call) => call.ok(asAnswer([])));
    alice.peers.handle('gossip', () => heard.push('gossip'));
    bob.peers.handle('read', (call) => call.ok(asAnswer([])));
    bob.peers.onDismissed((by) => dismissals.push(by));
    const asked = calls(alice.peers, b, []);
    removed.add(b);
    alice.peers.onContact((peer) => heard.push(peer));
    network.settle();
    expect(asked).toEqual([]);
    expect(calls(bob.peers, a, [])).toEqual([]);
    bob.peers.tell(a, 'gossip', asRequest([]));
    bob.peers.tellAll('gossip', asRequest([]));
    network.settle();
    expect(heard).toEqual([]);
    expect(dismissals).toEqual([a, a, a]);
    expect(bob.peers.pending).toBe(0);
  });

  test('one that was removed may ask which configuration there is, and is not taken for alive', () => {
    const heard: string[] = [];
    alice.peers.fence({ isRemoved: () => true, isStranger: () => true });
    alice.peers.onContact((peer) => heard.push(peer));
    alice.peers.handle('chain', (call) => call.ok(asAnswer([])));
    const answers: string[] = [];
    bob.peers.call(a, 'chain', asRequest(['fetch']), ({ kind }) => answers.push(kind));
    network.settle();
    expect(answers).toEqual(['ok']);
    expect(heard).toEqual([]);
  });

  test('of one that is no member data are refused; it may gossip, and ask for the configuration', () => {
    alice.peers.fence({ isRemoved: () => false, isStranger: (node) => node === b });
    const verbs = ['read', 'merge', 'tree', 'collection', 'forward', 'gossip', 'chain'] as const;
    const answers: string[] = [];
    for (const verb of verbs) {
      alice.peers.handle(verb, (call) => call.ok(asAnswer([])));
      bob.peers.call(a, verb, asRequest([]), (answer) =>
        answers.push(`${verb} ${answer.kind === 'refused' ? answer.code : answer.kind}`),
      );
    }
    network.settle();
    const refused = verbs.slice(0, 5).map((verb) => `${verb} 421`);
    expect(answers).toEqual([...refused, 'gossip ok', 'chain ok']);
  });

  test('every message of a peer counts as contact', () => {
    const contacts: string[] = [];
    alice.peers.onContact((peer, contact) => contacts.push(`${peer} ${contact}`));
    alice.peers.handle('gossip', () => undefined);
    bob.peers.handle('read', (call) => call.ok(asAnswer([])));
    bob.peers.tell(a, 'gossip', asRequest([]));
    calls(alice.peers, b, []);
    network.settle();
    expect(contacts).toEqual([`${b} heard`, `${b} heard`]);
  });
});

describe('what is not of the protocol', () => {
  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('PUT / HTTP/1.1')],
    ['a map', Buffer.from('80', 'hex')],
    ['another protocol', encode([2, b, 1, []])],
    ['a sender that is no node id', encode([1, 'all.merge', 1, []])],
    ['a sender that is a wildcard', encode([1, '*', 1, []])],
    ['no id', encode([1, b])],
    ['an id that is text', encode([1, b, '1', []])],
  ])('%s is counted and ignored', (_what, bytes) => {
    const heard: unknown[] = [];
    alice.peers.handle('merge', (call) => heard.push(call));
    for (const subject of ['merge', 'answers', 'gone.1', 'absent.x'])
      bob.bus.publish(`_kv.${a}.${subject}`, bytes);
    network.settle();
    expect(heard).toEqual([]);
    expect(reading(alice, 'peers.malformed')).toBeGreaterThanOrEqual(3);
    expect(network.sent).toHaveLength(4);
  });

  test('a request without a body is refused to the one who waits', () => {
    alice.peers.handle('merge', () => undefined);
    bob.bus.publish(`_kv.${a}.merge`, encode([1, b, 77, 'no body']));
    network.settle();
    expect(messagesTo(`_kv.${b}.answers`)).toEqual([[1, a, [77, 400, 'not a request']]]);
  });

  test('one bad answer does not spoil the others of its message', () => {
    const answers = calls(alice.peers, b, []);
    bob.peers.handle('read', () => undefined);
    network.settle();
    const id = (messagesTo(`_kv.${b}.read`)[0] as readonly number[])[2]!;
    bob.bus.publish(
      `_kv.${a}.answers`,
      encode([1, b, 7, [id, 0], [id, 0, 'text'], [id, 0, ['ok']]]),
    );
    network.settle();
    expect(answers).toEqual([{ kind: 'ok', body: ['ok'] }]);
    expect(reading(alice, 'peers.malformed')).toBe(3);
  });
});
