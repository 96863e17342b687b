import { beforeEach, expect, test } from '@jest/globals';
import { appended, entryOf, openLog, replayed } from '../../support/log-fixture.js';
import { MemoryDisk } from '../../support/memory-log-directory.js';
import { until } from '../../support/until.js';

let disk: MemoryDisk;

beforeEach(() => {
  disk = new MemoryDisk();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('group commit: one turn is one write, what comes during it is the next one, acks in order', async () => {
  const { log, syncs } = openLog(disk);
  const acks: string[] = [];
  const append = (text: string): void => void log.append(entryOf(text), () => acks.push(text));
  disk.held = true;
  for (const text of ['a', 'b', 'c']) append(text);
  await turn();
  expect(disk.writes).toBe(1);
  for (const text of ['d', 'e']) append(text);
  await turn();
  append('f');
  await turn();
  expect(disk.writes).toBe(1);
  expect(acks).toEqual([]);
  disk.release();
  await appended(log, 'g');
  expect(acks).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(disk.writes).toBe(2);
  expect(syncs.value).toBe(2);
  await log.close();
  expect((await replayed(disk)).texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});

test('barrier: waits for the entries before it, and for nothing when the log is idle', async () => {
  const { log } = openLog(disk);
  const order: string[] = [];
  log.append(entryOf('a'), () => order.push('a'));
  log.barrier(() => order.push('barrier'));
  log.append(entryOf('b'), () => order.push('b'));
  await appended(log, 'c');
  expect(order).toEqual(['a', 'barrier', 'b']);
  await new Promise<void>((resolve) => log.barrier(resolve));
  await log.close();
});

test('periodic (30 ms): called back once written, on disk within the period, one sync for all', async () => {
  const { log, syncs } = openLog(disk, { durability: { kind: 'periodic', everyMs: 30 } });
  for (let i = 0; i < 10; i++) await appended(log, `entry ${i}`);
  const [file] = disk.files.values();
  expect(file!.bytes.length).toBeGreaterThan(0);
  expect(file!.syncedBytes).toBe(0);
  expect(syncs.value).toBe(0);
  await until(() => syncs.value > 0);
  expect(file!.syncedBytes).toBe(file!.bytes.length);
  await delay(60);
  expect(syncs.value).toBe(1);
  await log.close();
});

test('periodic: syncThrough brings everything to disk at once, a rotated segment included', async () => {
  const { log } = openLog(disk, { durability: { kind: 'periodic', everyMs: 60_000 } });
  await appended(log, 'a');
  log.rotate();
  log.append(entryOf('b'), () => undefined);
  await new Promise<void>((resolve) => log.syncThrough(resolve));
  const after = disk.copy();
  after.crash();
  expect((await replayed(after)).texts).toEqual(['a', 'b']);
  await log.close();
});

test('periodic: syncThrough syncs what is not yet on disk, and what is only once', async () => {
  const { log, syncs } = openLog(disk, { durability: { kind: 'periodic', everyMs: 60_000 } });
  const through = (): Promise<void> => new Promise((resolve) => log.syncThrough(resolve));
  await through();
  expect(syncs.value).toBe(0);
  await appended(log, 'a');
  await through();
  await through();
  expect(syncs.value).toBe(1);
  // One who asks while all there is is being synced waits for that, and has nothing synced anew.
  await appended(log, 'b');
  disk.held = true;
  const order: string[] = [];
  const both = [through(), through()].map((done, i) => done.then(() => order.push(`${i}`)));
  await turn();
  expect(order).toEqual([]);
  disk.release();
  await Promise.all(both);
  expect(syncs.value).toBe(2);
  const after = disk.copy();
  after.crash();
  expect((await replayed(after)).texts).toEqual(['a', 'b']);
  // What is written while a sync is under way is in the next one.
  await appended(log, 'c');
  disk.held = true;
  log.syncThrough(() => order.push('c'));
  await turn();
  log.append(entryOf('d'), () => undefined);
  log.syncThrough(() => order.push('d'));
  disk.release();
  await through();
  expect(order.slice(2)).toEqual(['c', 'd']);
  expect(syncs.value).toBe(4);
  await log.close();
  expect(syncs.value).toBe(4);
});

test('segments: cut at rotate() and at their bound, removed once covered, oldest first', async () => {
  const { log } = openLog(disk, { segmentBytesMax: 300 });
  for (let i = 1; i <= 9; i++) await appended(log, `${i}`);
  expect(disk.files.size).toBeGreaterThan(2);
  for (const { bytes } of disk.files.values()) expect(bytes.length).toBeLessThanOrEqual(300);
  log.rotate();
  await appended(log, 'x');
  log.removeThrough(9);
  expect([...disk.files.keys()]).toEqual(['log-000000000000010']);
  await log.close();
  expect((await replayed(disk, 9)).texts).toEqual(['x']);
});

test('a failed sync is fatal: reported once, nothing is acknowledged after it', async () => {
  const { log, fatal } = openLog(disk);
  await appended(log, 'a');
  disk.failSyncs = true;
  const acks: string[] = [];
  log.append(entryOf('b'), () => acks.push('b'));
  await turn();
  log.append(entryOf('c'), () => acks.push('c'));
  log.barrier(() => acks.push('barrier'));
  await until(() => fatal.length > 0);
  disk.failSyncs = false;
  log.append(entryOf('d'), () => acks.push('d'));
  log.barrier(() => acks.push('late barrier'));
  await delay(20);
  expect(fatal.map(({ message }) => message)).toEqual(['EIO']);
  expect(acks).toEqual([]);
  expect(await log.close()).toBe(false);
});

test('periodic: a failed sync in the background is fatal as well', async () => {
  const { log, fatal } = openLog(disk, { durability: { kind: 'periodic', everyMs: 5 } });
  await appended(log, 'a');
  disk.failSyncs = true;
  await until(() => fatal.length > 0);
  await delay(20);
  expect(fatal).toHaveLength(1);
  const acks: string[] = [];
  log.append(entryOf('b'), () => acks.push('b'));
  log.syncThrough(() => acks.push('synced'));
  await delay(10);
  expect(acks).toEqual([]);
});

test('periodic: a sync that fails in the turn in which it is asked for another is no answer to that', async () => {
  const { log, fatal } = openLog(disk, { durability: { kind: 'periodic', everyMs: 60_000 } });
  await appended(log, 'a');
  disk.failSyncs = true;
  const acks: string[] = [];
  disk.held = true;
  log.syncThrough(() => acks.push('first'));
  await turn();
  disk.release();
  setImmediate(() => log.syncThrough(() => acks.push('second')));
  await until(() => fatal.length > 0);
  await delay(10);
  expect(acks).toEqual([]);
});

test.each([
  { what: 'nothing of the entry fits', space: 0 },
  { what: 'a part of the entry fits', space: 40 },
])(
  'disk full, $what: the part is cut, entries wait in order until there is space',
  async ({ space }) => {
    const { log, writable } = openLog(disk);
    await appended(log, 'a');
    const before = disk.totalBytes;
    disk.spaceLeft = space;
    const acks: string[] = [];
    log.append(entryOf('b'), () => acks.push('b'));
    await delay(20);
    log.append(entryOf('c'), () => acks.push('c'));
    await delay(20);
    expect(writable).toEqual([false]);
    expect(log.full).toBe(true);
    expect(disk.totalBytes).toBe(before);
    expect(acks).toEqual([]);
    disk.spaceLeft = Infinity;
    await appended(log, 'd');
    expect(writable).toEqual([false, true]);
    expect(acks).toEqual(['b', 'c']);
    await log.close();
    expect((await replayed(disk)).texts).toEqual(['a', 'b', 'c', 'd']);
  },
);

test('disk full at the first entry of a segment: the same file takes it later', async () => {
  const { log } = openLog(disk);
  await appended(log, 'a');
  log.rotate();
  disk.spaceLeft = 10;
  const late = appended(log, 'b');
  await until(() => log.full);
  disk.spaceLeft = Infinity;
  await late;
  await log.close();
  expect(await replayed(disk)).toMatchObject({ texts: ['a', 'b'], damaged: [], lastSequence: 2 });
});

test('close on a full disk: does not wait, and says that not everything is on disk', async () => {
  const { log } = openLog(disk);
  disk.spaceLeft = 0;
  log.append(entryOf('a'), () => undefined);
  await until(() => log.full);
  expect(await log.close()).toBe(false);
});
