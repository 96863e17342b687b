/**
 * How old what is read may be, on a simulated NATS: a process that stands still, and a link that is
 * held up.
 */
import 'reflect-metadata';
import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { Hearing } from '../../src/bus/hearing.js';
import type { Bus } from '../../src/seams/bus.js';
import { Metrics } from '../../src/seams/metrics.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { SimClock } from '../simulation/seams/sim-clock.js';
import { SimNats } from '../simulation/seams/sim-nats.js';

let scheduler: Scheduler;
let nats: SimNats;
let process: SimProcess;
let hearing: Hearing;
let metrics: Metrics;
let sender: SimBus;
/** What was read, and whether it was late. */
let read: string[];

beforeEach(async () => {
  scheduler = new Scheduler((error) => {
    throw error;
  });
  nats = new SimNats(scheduler, new SimRandom('hearing'), new Trace({ keep: false }), {
    noise: { latencyUs: 200, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
    mapping: undefined,
    payloadBytesMax: 1e6,
    pendingBytesMax: 1e7,
  });
  process = new SimProcess('node');
  const bus = new SimBus(nats, 'node', process);
  const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  sender = new SimBus(nats, 'sender', new SimProcess('sender'));
  metrics = new Metrics();
  hearing = new Hearing(bus, clock, metrics);
  read = [];
  bus.subscribe('*', ({ subject }) => {
    read.push(`${subject} ${hearing.read(clock.monotonicMs()) ? 'late' : 'in time'}`);
  });
  const again = (): void => {
    if (bus.connected) hearing.ask();
    clock.setTimeout(again, limits.reviewIntervalMs);
  };
  await run(1_000);
  send('first');
  await run(1_000);
  clock.setTimeout(again, 0);
  await run(1_000);
});

function run(ms: number): Promise<void> {
  return scheduler.run({ endUs: scheduler.nowUs + ms * 1000 });
}

function send(subject: string): void {
  sender.publish(subject, Buffer.alloc(0));
}

test('before it has asked, and while it is answered: in time', async () => {
  for (let i = 0; i < 10; i++) {
    send('next');
    await run(97);
  }
  expect(new Set(read)).toEqual(new Set(['first in time', 'next in time']));
});

test('a process that stood still: what it then reads is late, until a ping of its own was answered behind it', async () => {
  process.paused = true;
  send('early');
  await run(2_000);
  send('just-now');
  await run(1);
  scheduler.resume(process);
  await run(limits.reviewIntervalMs);
  send('then');
  await run(10);
  expect(read.slice(1)).toEqual(['early late', 'just-now late', 'then in time']);
});

test('shorter than others take to give it up: in time', async () => {
  process.paused = true;
  send('early');
  await run(limits.stallMsMax - 10);
  scheduler.resume(process);
  await run(10);
  expect(read.slice(1)).toEqual(['early in time']);
});

test('a link that was held up: late as well, though the process went on', async () => {
  nats.clog({ from: 'sender', to: 'node' }, scheduler.nowUs + 2.1e6);
  send('early');
  await run(2_101);
  send('just-now');
  await run(limits.reviewIntervalMs);
  send('then');
  await run(10);
  expect(read.slice(1)).toEqual(['early late', 'just-now late', 'then in time']);
});

test('a node that is merely busy: answers take longer and longer, but it goes on reading, and nothing is late', async () => {
  const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  let roundTripMs = 1;
  const flush = (): Promise<void> =>
    new Promise((resolve) => void clock.setTimeout(resolve, (roundTripMs += 1_000)));
  const busy = new Hearing({ flush } as Bus, clock, new Metrics());
  for (let i = 0; i < 20; i++) {
    busy.ask();
    await run(limits.reviewIntervalMs);
    expect(busy.read(clock.monotonicMs())).toBe(false);
  }
  // The first answer took a second.
  expect(busy.waitedMs(clock.monotonicMs())).toBeGreaterThan(2_900);
  expect(roundTripMs).toBeGreaterThan(10_000);
});

test('a server that is far away: its answers take long, but nothing waits', async () => {
  const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  const flush = (): Promise<void> =>
    new Promise((resolve) => void clock.setTimeout(resolve, 2 * limits.waitMsMax));
  const far = new Hearing({ flush } as Bus, clock, new Metrics());
  for (let i = 0; i < 20; i++) {
    far.ask();
    await run(limits.reviewIntervalMs);
    far.read(clock.monotonicMs());
    expect(far.waitedMs(clock.monotonicMs())).toBe(0);
  }
});

test('after a standstill there is no more to do than usual, nor when the connection is there again', async () => {
  const nowMs = (): number => scheduler.nowUs / 1000;
  process.paused = true;
  send('early');
  await run(2_000);
  scheduler.resume(process);
  await run(1);
  expect(read).toContain('early late');
  expect(hearing.waitedMs(nowMs())).toBe(0);
  nats.disconnect('node', { forUs: 1.9e6, why: 'test' });
  await run(1_950);
  hearing.ask();
  await run(10);
  expect(hearing.waitedMs(nowMs())).toBe(0);
});

test('a connection that broke and is there again: late until it has asked', async () => {
  nats.disconnect('node', { forUs: 1.9e6, why: 'test' });
  await run(1_902);
  send('at-once');
  await run(1);
  hearing.ask();
  await run(1);
  send('then');
  await run(1);
  expect(read.slice(1)).toEqual(['at-once late', 'then in time']);
});

test('how late timers ring is counted, those that ring early as in time', () => {
  for (const lateMs of [-6, 0, 3, 3_000]) hearing.timerRang(lateMs);
  const { upTo, counts, sum } = metrics.histograms()['loop.lagMs']!;
  expect([0, upTo.indexOf(4), upTo.indexOf(4_096)].map((at) => counts[at])).toEqual([2, 1, 1]);
  expect(sum).toBe(3_003);
});
