import { expect, test } from '@jest/globals';
import type { BusMessage } from '../../../src/seams/bus.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { Scheduler, SimProcess } from '../core/scheduler.js';
import { SimRandom } from '../core/sim-random.js';
import { Trace } from '../core/trace.js';
import { SimBus } from './sim-bus.js';
import { SimClock } from './sim-clock.js';
import { type DiskFaults, diskFaultsNone, SimDisk } from './sim-disk.js';
import { SimLogDirectory } from './sim-log-directory.js';
import { SimNats, type BusNoise } from './sim-nats.js';
import { SimTables } from './sim-tables.js';

function world(seed: string) {
  const errors: unknown[] = [];
  const scheduler = new Scheduler((error) => errors.push(error));
  return {
    errors,
    scheduler,
    random: new SimRandom(seed),
    trace: new Trace({ keep: true }),
    after: (ms: number) => scheduler.run({ endUs: scheduler.nowUs + ms * 1000 }),
  };
}

const quiet: BusNoise = { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 };

function natsWorld(seed: string, noise: Partial<BusNoise> = {}, pendingBytesMax = 1e6) {
  const base = world(seed);
  const nats = new SimNats(base.scheduler, base.random.fork('nats'), base.trace, {
    noise: { ...quiet, ...noise },
    mapping: { prefix: 'kv', partitions: 16 },
    payloadBytesMax: 1000,
    pendingBytesMax,
  });
  const connect = (name: string) => {
    const process = new SimProcess(name);
    const bus = new SimBus(nats, name, process);
    const got: string[] = [];
    const keep = (message: BusMessage) =>
      void got.push(
        `${message.subject} ${message.noResponders ? '503' : Buffer.from(message.data).toString()}`,
      );
    return { process, bus, got, keep };
  };
  return { ...base, nats, connect };
}

test('clock: events in order of time, then of scheduling; promises end before the next event', async () => {
  const { scheduler, after } = world('clock');
  const clock = new SimClock(scheduler, new SimProcess('a'), { driftPpm: 0, wallOffsetMs: 0 });
  const seen: string[] = [];
  clock.setTimeout(() => {
    seen.push('first');
    clock.endOfTurn(() => seen.push('end of turn'));
    const deep = async (n: number): Promise<void> => (n === 0 ? undefined : deep(n - 1));
    void deep(20).then(() => seen.push('promise'));
  }, 5);
  clock.setTimeout(() => seen.push('second'), 5);
  clock.clearTimeout(clock.setTimeout(() => seen.push('cancelled'), 3));
  await after(4);
  expect(seen).toEqual([]);
  await after(1);
  expect(seen).toEqual(['first', 'promise', 'second', 'end of turn']);
});

test('clock: 1% fast, an hour takes 3564.4 s; wall and monotonic time of a second start', async () => {
  const { scheduler, after } = world('drift');
  const clock = new SimClock(scheduler, new SimProcess('a'), { driftPpm: 10_000, wallOffsetMs: 7 });
  let firedUs = 0;
  clock.setTimeout(() => (firedUs = scheduler.nowUs), 3_600_000);
  const wall = clock.wallMs();
  await after(3_600_000);
  expect(Math.round(firedUs / 1e5)).toBe(35_644);
  expect(clock.wallMs() - wall).toBe(3_600_000);
  expect(Math.round(clock.monotonicMs() - 1000)).toBe(3_636_000);
});

test('process: a dead one is silent, a paused one catches up in order', async () => {
  const { scheduler, after } = world('process');
  const process = new SimProcess('a');
  const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  const seen: number[] = [];
  for (const ms of [1, 2, 3]) clock.setTimeout(() => seen.push(ms), ms);
  process.paused = true;
  await after(10);
  expect(seen).toEqual([]);
  scheduler.resume(process);
  await after(0);
  expect(seen).toEqual([1, 2, 3]);
  clock.setTimeout(() => seen.push(4), 1);
  process.die();
  await after(10);
  expect(seen).toEqual([1, 2, 3]);
});

test('process: of what waited for its return, one event may cancel the next', async () => {
  const { scheduler, after } = world('cancelled');
  const process = new SimProcess('a');
  const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  const seen: string[] = [];
  clock.setTimeout(() => {
    seen.push('first');
    clock.clearTimeout(second);
  }, 1);
  const second = clock.setTimeout(() => seen.push('second'), 2);
  process.paused = true;
  await after(10);
  scheduler.resume(process);
  await after(0);
  expect(seen).toEqual(['first']);
});

test('random: forks are independent of what their parent drew', () => {
  const a = new SimRandom('7');
  const b = new SimRandom('7');
  for (let i = 0; i < 10; i++) a.below(100);
  expect(a.fork('x').bytes(16)).toEqual(b.fork('x').bytes(16));
  expect(a.fork('x').bytes(16)).not.toEqual(b.fork('y').bytes(16));
});

test('random: 60 000 rolls of a die are even within 5%', () => {
  const random = new SimRandom('die');
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 60_000; i++) counts[random.below(6)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('bus: wildcards, a queue group of two, order of one publisher', async () => {
  const { connect, after } = natsWorld('bus');
  const [a, b, c] = [connect('a'), connect('b'), connect('c')];
  b.bus.subscribe('x.*', b.keep);
  b.bus.subscribe('x.>', b.keep);
  const queue: string[] = [];
  b.bus.subscribe('q', () => queue.push('b'), { queue: 'g' });
  c.bus.subscribe('q', () => queue.push('c'), { queue: 'g' });
  await after(10);
  a.bus.publish('x.1', Buffer.from('one'));
  a.bus.publish('x.1.2', Buffer.from('two'));
  for (let i = 0; i < 100; i++) a.bus.publish('q', Buffer.from(`${i}`));
  await after(20);
  expect(b.got).toEqual(['x.1 one', 'x.1 one', 'x.1.2 two']);
  expect(queue.length).toBe(100);
  expect(new Set(queue)).toEqual(new Set(['b', 'c']));
});

test('bus: "no responders" comes to a wildcard inbox, not to others, not when somebody listens', async () => {
  const { connect, after } = natsWorld('503');
  const [a, b] = [connect('a'), connect('b')];
  a.bus.subscribe('_kv.a.gone.*', a.keep);
  b.bus.subscribe('_kv.>', b.keep);
  b.bus.subscribe('there', b.keep);
  await after(10);
  a.bus.publish('nobody', Buffer.from('?'), { reply: '_kv.a.gone.17' });
  a.bus.publish('there', Buffer.from('!'), { reply: '_kv.a.gone.18' });
  await after(10);
  expect(a.got).toEqual(['_kv.a.gone.17 503']);
  expect(b.got).toEqual(['there !']);
});

test('bus: kv.put.<bucket>.<key> is mapped to the partition the product computes', async () => {
  const { connect, after } = natsWorld('map');
  const [a, b] = [connect('a'), connect('b')];
  b.bus.subscribe('kv.p.*.put.>', b.keep);
  await after(10);
  const names = ['users.ada', 'users.a.b.c', 'x.1.2.3.4.5.6.7.8'];
  for (const name of names) a.bus.publish(`kv.put.${name}`, Buffer.from('v'));
  a.bus.publish('kv.put.x.1.2.3.4.5.6.7.8.9', Buffer.from('too many tokens'));
  await after(10);
  const expected = names.map((name) => {
    const [bucket, ...key] = name.split('.');
    const partition = partitionOf({ bucket: bucket!, key: key.join('.') }, 16);
    return `kv.p.${partition}.put.${name} v`;
  });
  expect(b.got).toEqual(expected);
});

test('bus: a view kept past its turn is garbage', async () => {
  const { connect, after } = natsWorld('poison');
  const [a, b] = [connect('a'), connect('b')];
  const views: Uint8Array[] = [];
  b.bus.subscribe('x', (message) => void views.push(message.data));
  await after(10);
  a.bus.publish('x', Buffer.from('abc'));
  await after(10);
  expect(Buffer.from(views[0]!).toString('hex')).toBe('dbdbdb');
});

test('bus: a silent cut is one way; a split one answers "no responders"', async () => {
  const { connect, after, nats } = natsWorld('cut');
  const [a, b] = [connect('a'), connect('b')];
  for (const side of [a, b]) side.bus.subscribe(`${side.bus.name}.in`, side.keep);
  a.bus.subscribe('_r.>', a.keep);
  await after(10);
  nats.cut({ from: 'a', to: 'b' }, 'silent');
  a.bus.publish('b.in', Buffer.from('1'), { reply: '_r.1' });
  b.bus.publish('a.in', Buffer.from('2'));
  await after(10);
  expect([a.got, b.got]).toEqual([['a.in 2'], []]);
  nats.cut({ from: 'a', to: 'b' }, 'split');
  a.bus.publish('b.in', Buffer.from('3'), { reply: '_r.3' });
  await after(10);
  nats.healAll();
  a.bus.publish('b.in', Buffer.from('4'), { reply: '_r.4' });
  await after(10);
  expect([a.got, b.got]).toEqual([['a.in 2', '_r.3 503'], ['b.in 4']]);
});

test('bus: a route between two servers that is down cuts off their clients, and no third server helps', async () => {
  const { connect, after, nats } = natsWorld('route');
  const [a, b, c] = [connect('a'), connect('b'), connect('c')];
  ['a', 'b', 'c'].forEach((name, i) => nats.servers.place(name, i + 1));
  for (const side of [a, b, c]) side.bus.subscribe(`${side.bus.name}.in`, side.keep);
  a.bus.subscribe('_r.>', a.keep);
  await after(10);
  nats.servers.cut(2, 1, 'split');
  a.bus.publish('b.in', Buffer.from('1'), { reply: '_r.1' });
  b.bus.publish('a.in', Buffer.from('2'));
  c.bus.publish('a.in', Buffer.from('3'));
  c.bus.publish('b.in', Buffer.from('4'));
  await after(10);
  expect([a.got.toSorted(), b.got]).toEqual([['_r.1 503', 'a.in 3'], ['b.in 4']]);
  nats.loseServer(2, () => 3);
  await after(300);
  a.bus.publish('b.in', Buffer.from('5'));
  await after(10);
  expect(b.got).toEqual(['b.in 4', 'b.in 5']);
});

test('bus: disconnected, a client loses what it sends and gets, and its subscriptions come back with it', async () => {
  const { connect, after, nats, errors } = natsWorld('reconnect');
  const [a, b] = [connect('a'), connect('b')];
  const status: string[] = [];
  a.bus.onStatus((now) => status.push(now));
  b.bus.onStatus((now) => status.push(now));
  b.bus.subscribe('x', b.keep);
  b.bus.subscribe('_r.*', b.keep);
  await after(10);
  nats.disconnect('b', { forUs: 50_000, why: 'test' });
  a.bus.publish('x', Buffer.from('lost'));
  await after(10);
  expect(b.bus.connected).toBe(false);
  b.bus.subscribe('y', b.keep);
  b.bus.publish('x', Buffer.from('lost as well'));
  await expect(b.bus.flush()).rejects.toThrow('DISCONNECT');
  await after(100);
  a.bus.publish('x', Buffer.from('found'));
  a.bus.publish('y', Buffer.from('too'));
  await after(10);
  expect(errors).toEqual([]);
  expect(status).toEqual(['disconnected', 'connected']);
  expect(b.got).toEqual(['x found', 'y too']);
});

test('bus: stranded, a client notices late; the server goes on with the dead connection, and what was sent by it comes last', async () => {
  const { connect, after, nats } = natsWorld('strand');
  const [a, b] = [connect('a'), connect('b')];
  a.bus.subscribe('x', a.keep);
  b.bus.subscribe('y', b.keep);
  b.bus.subscribe('_r.*', b.keep);
  await after(10);
  nats.strand('b', { forUs: 50_000, lateUs: 1_000_000 });
  b.bus.publish('x', Buffer.from('late'));
  b.bus.publish('nobody', Buffer.from('late'), { reply: '_r.1' });
  const flushed = b.bus.flush();
  a.bus.publish('y', Buffer.from('lost'));
  await after(10);
  expect(b.bus.connected).toBe(true);
  await expect(Promise.all([flushed, after(50)])).rejects.toThrow('DISCONNECT');
  await after(400);
  expect(b.bus.connected).toBe(true);
  b.bus.publish('x', Buffer.from('early'));
  a.bus.publish('y', Buffer.from('found'));
  await after(1_000);
  a.bus.publish('y', Buffer.from('once'));
  await after(10);
  expect([a.got, b.got]).toEqual([
    ['x early', 'x late'],
    ['y found', 'y once'],
  ]);
});

test('bus: a paused client that is sent more than the server keeps is a slow consumer', async () => {
  const { connect, after, scheduler } = natsWorld('slow', {}, 5_000);
  const [a, b] = [connect('a'), connect('b')];
  b.bus.subscribe('x', b.keep);
  await after(10);
  b.process.paused = true;
  for (let i = 0; i < 10; i++) a.bus.publish('x', Buffer.alloc(900));
  await after(10);
  expect(b.bus.connected).toBe(false);
  scheduler.resume(b.process);
  await after(3_000);
  expect(b.bus.connected).toBe(true);
  expect(b.got).toEqual([]);
});

test('bus: 30% loss, 30% doubled, 30% late between nodes; requests of clients are spared', async () => {
  const noise = { lossPpm: 300_000, duplicatePpm: 300_000, reorderPpm: 300_000 };
  const { connect, after } = natsWorld('noise', noise);
  const [a, b] = [connect('a'), connect('b')];
  b.bus.subscribe('>', b.keep);
  await after(10);
  for (let i = 0; i < 200; i++) {
    a.bus.publish('_kv.b.merge', Buffer.from(`${i}`));
    a.bus.publish('kv.put.x.y', Buffer.from(`${i}`));
    await after(1);
  }
  await after(100);
  const [noisy, spared] = [/^_kv/, /put/].map((kind) => b.got.filter((line) => kind.test(line)));
  expect(spared!.length).toBe(200);
  expect(new Set(noisy).size).toBeLessThan(160);
  expect(noisy!.length).toBeGreaterThan(new Set(noisy).size);
  const numbers = noisy!.map((line) => Number(line.split(' ')[1]));
  expect(numbers.some((n, i) => i > 0 && n < numbers[i - 1]!)).toBe(true);
});

function diskWorld(seed: string, faults: Partial<DiskFaults> = {}) {
  const base = world(seed);
  const disk = new SimDisk(base.random.fork('disk'), { ...diskFaultsNone, ...faults });
  const boot = () => {
    const process = new SimProcess('n');
    const host = { scheduler: base.scheduler, process, trace: base.trace };
    return { process, log: new SimLogDirectory(disk, host), tables: new SimTables(disk, host) };
  };
  return { ...base, disk, boot };
}

test('disk: a crash keeps what was synced and a prefix of the rest, over 200 seeds', async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const { boot, disk, after } = diskWorld(`${seed}`, { tornPpm: 0, scatterPpm: 0 });
    const { process, log } = boot();
    const file = log.open('1.log');
    let synced = 0;
    file.append([Buffer.from('abc'), Buffer.from('def')], { sync: true }, () => (synced = 6));
    await after(100);
    file.append([Buffer.from('ghijkl')], { sync: false }, () => undefined);
    await after(100);
    file.append([Buffer.from('mnopqr')], { sync: true }, () => (synced = 18));
    process.die();
    disk.crash();
    await after(100);
    expect(synced).toBe(6);
    const left = boot().log.read('1.log').toString();
    expect('abcdefghijklmnopqr'.startsWith(left)).toBe(true);
    expect(left.length).toBeGreaterThanOrEqual(6);
    lengths.add(left.length);
  }
  expect(lengths.size).toBe(13);
});

test('disk: a torn tail stays within what was not synced', async () => {
  let torn = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { boot, disk, after } = diskWorld(`${seed}`, { tornPpm: 1_000_000, loseAllPpm: 0 });
    const file = boot().log.open('1.log');
    file.append([Buffer.alloc(1000, 1)], { sync: true }, () => undefined);
    await after(100);
    file.append([Buffer.alloc(1000, 1)], { sync: false }, () => undefined);
    disk.crash();
    const left = boot().log.read('1.log');
    const firstBad = left.findIndex((byte) => byte !== 1);
    if (firstBad >= 0) torn++;
    expect(firstBad === -1 || firstBad >= 1000).toBe(true);
  }
  expect(torn).toBeGreaterThan(30);
});

test('disk: after a failed sync nothing of the file becomes durable any more', async () => {
  const { boot, disk, after } = diskWorld('eio', { failSyncs: 1, keepAllPpm: 0, loseAllPpm: 1e6 });
  const file = boot().log.open('1.log');
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 2; i++)
    file.append([Buffer.from('x')], { sync: true }, (error) => codes.push(error?.code));
  await after(100);
  expect(codes).toEqual(['EIO', 'EIO']);
  disk.crash();
  expect(disk.files.get('1.log')?.size ?? 0).toBe(0);
});

test('disk: full, it refuses with ENOSPC and keeps what it has; stalled, nothing completes', async () => {
  const { boot, disk, after } = diskWorld('full');
  const { log, tables } = boot();
  const file = log.open('1.log');
  const seen: string[] = [];
  disk.faults.full = true;
  file.append([Buffer.from('x')], { sync: true }, (error) => seen.push(`log ${error?.code}`));
  const table = tables.open('t');
  tables.commit(
    (batch) => batch.put(table, 'k', Buffer.from('v')),
    (error?: NodeJS.ErrnoException) => seen.push(`table ${error?.code}`),
  );
  await after(100);
  expect(seen).toEqual(['log ENOSPC', 'table ENOSPC']);
  expect([file.length, table.get('k')]).toEqual([0, undefined]);
  disk.faults.full = false;
  disk.faults.stalled = true;
  file.append([Buffer.from('x')], { sync: true }, () => seen.push('late'));
  await after(999);
  expect(seen.length).toBe(2);
  disk.release();
  await after(200);
  expect(seen.length).toBe(3);
});

test('tables: a crash goes back to a durable commit or a later one, whole commits only', async () => {
  const ends = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const { boot, disk, after, scheduler } = diskWorld(`${seed}`);
    const { process, tables } = boot();
    const table = tables.open('t');
    let durable = 0;
    for (let n = 1; n <= 5; n++)
      tables.commit(
        (batch) => {
          batch.put(table, 'a', Buffer.from(`${n}`));
          batch.put(table, 'b', Buffer.from(`${n}`));
          if (n === 3) batch.remove(table, 'gone');
          else batch.put(table, 'gone', Buffer.from(`${n}`));
        },
        () => (durable = n),
      );
    await scheduler.run({ endUs: 1e7, until: () => durable === seed % 6 });
    if (seed % 2 === 0) await after(1);
    process.die();
    const before = durable;
    disk.crash();
    const again = boot().tables.open('t');
    const [a, b, gone] = ['a', 'b', 'gone'].map((key) => again.get(key)?.toString() ?? '0');
    expect(a).toBe(b);
    expect(gone).toBe(a === '3' ? '0' : a);
    expect(Number(a)).toBeGreaterThanOrEqual(before);
    ends.add(`${before}→${a}`);
  }
  expect(ends.size).toBeGreaterThan(6);
});

test('tables: ranges ascend by bytes, start inclusive, end exclusive, limited', async () => {
  const { boot, after } = diskWorld('range');
  const { tables } = boot();
  const table = tables.open('t');
  const keys = ['b', '\xff', 'a\0', 'a', 'c'];
  tables.commit(
    (batch) => keys.forEach((key) => batch.put(table, key, Buffer.from(key, 'latin1'))),
    () => undefined,
  );
  await after(1000);
  expect([...table.keys({})]).toEqual(['a', 'a\0', 'b', 'c', '\xff']);
  expect([...table.keys({ start: 'a\0', end: 'c' })]).toEqual(['a\0', 'b']);
  expect([...table.range({ start: 'b', limit: 2 })].map(({ key }) => key)).toEqual(['b', 'c']);
  expect(table.count()).toBe(5);
});
