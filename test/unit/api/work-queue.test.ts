import { beforeEach, expect, test } from '@jest/globals';
import { partitionOf } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { TooLargeError, UnavailableError, type QuorateError } from '../../../src/errors.js';
import type { Clock } from '../../../src/seams/clock.js';
import { workQueue } from '../../../src/wire/subjects.js';
import { startApiNode, type ApiNode, type World } from '../../support/api-node.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(16));
const [a, b, c] = ids as [string, string, string];

let network: MemoryNetwork;
let world: World;
let nodes: ApiNode[];
let swallowed: number;
let nowMs: number;
/** When each is due. */
let timers: Map<() => void, number>;
let asked = 0;

/**
 * Two nodes that work, and what the server believes of a third: its subscriptions, which nobody
 * reads.
 */
beforeEach(() => {
  network = new MemoryNetwork();
  world = new Map();
  swallowed = 0;
  nowMs = 0;
  timers = new Map();
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimeout: (callback, delayMs) => {
      timers.set(callback, nowMs + delayMs);
      return callback;
    },
    clearTimeout: (id) => void timers.delete(id as () => void),
    endOfTurn: (callback) => network.endOfTurn(callback),
  };
  nodes = [a, b].map((id) => {
    const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
    const options = { partitions: 4, changeEvents: false };
    return startApiNode({ id, nodes: ids, bus: network.connect(), clock, random, world, options });
  });
  const hung = network.connect();
  for (const subject of ['kv.p.*.>', 'kv.put.>', 'kv.get.>', 'kv.del.>', 'kv.ring'])
    hung.subscribe(subject, () => void swallowed++, { queue: workQueue });
});

/** So much that all timers go off. */
function timePasses(): void {
  goOff(Infinity);
}

/** And the nodes read. */
function timeGoesOn(ms: number): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    for (const { hearing } of nodes) hearing.read(nowMs);
    nowMs += limits.reviewIntervalMs;
    goOff(nowMs);
  }
}

/** Those that are due by then. */
function goOff(untilMs: number): void {
  for (const [callback, dueMs] of timers)
    if (dueMs <= untilMs && timers.delete(callback)) callback();
}

/** How many answers came. */
function ask(subject: string, inbox = '_INBOX'): number {
  const client = network.connect();
  const reply = `${inbox}.x.${++asked}`;
  let answers = 0;
  client.subscribe(reply, () => answers++);
  client.publish(subject, Buffer.from(subject.includes('.put.') ? 'value' : ''), { reply });
  network.settle();
  return answers;
}

function fail(failure: QuorateError): void {
  for (const { coordinator } of nodes) coordinator.failure = failure;
}

/** Its first primary lives. */
const key = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'].find(
  (key) => partitionOf({ bucket: 'b', key }, 4) === 0,
)!;

/** Of ten puts, those that were answered. */
function outcomesOfPuts(): string[] {
  const outcomes = new Set<string>();
  for (let i = 0; i < 10; i++) {
    const client = network.connect();
    const reply = `_INBOX.x.${++asked}`;
    client.subscribe(reply, (message) => {
      outcomes.add(`${message.header('Nats-Service-Error-Code')} ${message.header('Kv-Outcome')}`);
    });
    client.publish(`kv.put.b.${key}`, Buffer.from('value'), { reply });
    network.settle();
  }
  return [...outcomes];
}

const subjects = ['kv.put.b.k', 'kv.get.b.k', 'kv.del.b.k', 'kv.p.1.get.b.k', 'kv.ring'];

function answersOfTen(subject: string): number[] {
  return Array.from({ length: 10 }, () => ask(subject));
}

const once = Array.from({ length: 10 }, () => 1);

test.each(subjects)('%s: what a hung node is given is answered as well, once', (subject) => {
  expect(answersOfTen(subject)).toContain(0);
  for (const { view } of nodes) view.tellReachability(c, 'down');
  expect(answersOfTen(subject)).toContain(0);
  timePasses();
  expect(answersOfTen(subject)).toEqual(once);
  expect(swallowed).toBeGreaterThanOrEqual(10);
  for (const { view } of nodes) view.tellReachability(c, 'alive');
  expect(answersOfTen(subject)).toContain(0);
});

test('a node that is gone, as NATS says, leaves the group as it was', () => {
  for (const { view } of nodes) {
    view.absent.add(c);
    view.tellReachability(c, 'down');
  }
  timePasses();
  expect(answersOfTen('kv.get.b.k')).toContain(0);
});

test('the ways in are closed: no group knows the node any more', async () => {
  for (const { view, waysIn } of nodes) {
    view.tellReachability(c, 'down');
    timePasses();
    await waysIn.close();
    view.tellReachability(c, 'alive');
  }
  expect(answersOfTen('kv.get.b.k')).toEqual(once.map(() => 0));
});

test('nodes that differ on who hangs both do a put: between accounts it is one write', () => {
  const [node] = nodes;
  node!.view.tellReachability(c, 'down');
  timePasses();
  while (ask('kv.put.b.k', '_R_') < 2);
  const [state] = [...world.values()];
  const puts = nodes.flatMap(({ coordinator }) => coordinator.puts);
  const operations = puts.slice(-2).map(({ operation }) => operation);
  expect(operations).toEqual(Array(2).fill(state!.siblings[0]!.operation));
  expect(operations[0]).toMatch(/^_R_\./);
});

test('a put that one refuses may be done by another: unknown, unless every node would refuse it', () => {
  fail(new UnavailableError('nobody there'));
  expect(outcomesOfPuts()).toEqual(['503 none']);
  for (const { view } of nodes) view.tellReachability(c, 'suspect');
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  fail(new TooLargeError());
  expect(outcomesOfPuts()).toEqual(['413 none']);
  fail(new TooLargeError('with the siblings that are here'));
  expect(outcomesOfPuts()).toEqual(['413 unknown']);
  fail(new UnavailableError('nobody there'));
  for (const { view } of nodes) view.tellReachability(c, 'alive');
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  timeGoesOn(limits.doubledMsMax);
  expect(outcomesOfPuts()).toEqual(['503 none']);
});

test('who is gone, as NATS says, may live behind a cut route: what this node refuses may be done there', () => {
  fail(new UnavailableError('nobody there'));
  expect(outcomesOfPuts()).toEqual(['503 none']);
  for (const { view } of nodes) {
    view.absent.add(c);
    view.tellReachability(c, 'down');
  }
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  for (const { view } of nodes) view.removed.add(c);
  expect(outcomesOfPuts()).toEqual(['503 none']);
  for (const { view } of nodes) {
    view.removed.delete(c);
    view.absent.delete(c);
    view.tellReachability(c, 'alive');
  }
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  timeGoesOn(limits.doubledMsMax);
  expect(outcomesOfPuts()).toEqual(['503 none']);
});

test('who stood still, or is not heard, is taken for hung: others may do what it refuses', () => {
  fail(new UnavailableError('nobody there'));
  expect(outcomesOfPuts()).toEqual(['503 none']);
  nowMs += limits.silenceMsMax + 1;
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  timeGoesOn(limits.doubledMsMax);
  expect(outcomesOfPuts()).toEqual(['503 none']);
  for (const { view } of nodes) view.tell('self.unheard');
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  timeGoesOn(limits.doubledMsMax);
  expect(outcomesOfPuts()).toEqual(['503 none']);
  for (const { view } of nodes) view.tell('hanging.told');
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  timeGoesOn(limits.doubledMsMax);
  expect(outcomesOfPuts()).toEqual(['503 none']);
});

test('who has just started refuses nothing for certain until it has heard each of the others', () => {
  fail(new UnavailableError('nobody there'));
  for (const { view } of nodes) view.unmet.add(c);
  expect(outcomesOfPuts()).toEqual(['503 unknown']);
  for (const { view } of nodes) view.unmet.delete(c);
  expect(outcomesOfPuts()).toEqual(['503 none']);
});

test('an inbox may be named by many puts: it is no name of one', () => {
  ask('kv.put.b.k');
  ask('kv.put.b.k');
  ask('kv.put.b.k');
  const operations = nodes.flatMap(({ coordinator }) =>
    coordinator.puts.map((put) => put.operation),
  );
  expect(operations.filter((operation) => operation.includes('_INBOX'))).toEqual([]);
});
