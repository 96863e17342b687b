import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { storeLimits } from '../../../actors/rules/limits/store.js';
import type { Table, Tables } from '../../../src/seams/table.js';
import { Epochs } from '../../../src/store/epochs.js';
import { ManualClock } from '../../support/manual-clock.js';
import { put, keyNamed, StoreHome } from '../../support/store-process.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

test('clean stops and kills in turn: never drawn twice, ascending, valid ones those since the start', async () => {
  let highest = 0;
  for (const end of ['clean', 'clean', 'kill', 'clean', 'kill', 'kill', 'clean']) {
    const process = await home.start();
    const { store } = process;
    const first = store.drawEpoch();
    expect(first).toBe(store.validEpoch());
    expect(first).toBeGreaterThan(highest);
    for (let i = 1; i < 100; i++) expect(store.drawEpoch()).toBe(first + i);
    await (end === 'kill' ? process.kill() : store.close());
    const next = await home.start();
    expect(next.report.clean).toBe(end !== 'kill');
    highest = next.store.drawEpoch();
    expect(highest).toBeGreaterThan(first + 99);
    await next.store.close();
  }
});

test.each([
  { title: 'stands still', laterMs: 0 },
  { title: 'goes back by years', laterMs: -3e11 },
  { title: 'was years ahead, in 2090', firstMs: Date.UTC(2090), laterMs: 0 },
])('a wall clock that $title: epochs ascend all the same, after a kill as well', async (clock) => {
  let last = 0;
  let row: Buffer | undefined;
  for (const wallMs of [clock.firstMs ?? Date.UTC(2026), Date.UTC(2026) + clock.laterMs]) {
    for (let life = 0; life < 3; life++) {
      const epochs = epochsAt(wallMs, {
        read: () => row,
        write: (written) => (row = written),
      });
      await epochs.start(() => undefined);
      expect(epochs.draw()).toBeGreaterThan(last);
      last = epochs.draw();
      expect(epochs.leasedTo).toBeLessThan(limits.epochsMax);
      if (life === 1) row = epochs.stop();
    }
  }
});

test('a copy of the data, put back: what was drawn since is not drawn again', async () => {
  const copy = (await lifeOf(undefined, Date.UTC(2026))).stop();
  const since = await lifeOf(copy, Date.UTC(2026) + 1_000);
  let last = 0;
  for (let i = 0; i < 5 * 64 * 1_000; i++) last = since.draw();
  // Five seconds later, as fast as it can draw them.
  const again = await lifeOf(copy, Date.UTC(2026) + 6_001);
  expect(again.draw()).toBeGreaterThan(last);
});

test('twelve leases drawn: renewed in the background, refused only when the disk does not keep up', async () => {
  const process = await home.start();
  let last = 0;
  for (let i = 0; i < 12 * storeLimits.epochsLeased; i++) {
    if (i % (storeLimits.epochsLeased / 4) === 0)
      await new Promise<void>((done) =>
        process.tables.commit(
          () => undefined,
          () => done(),
        ),
      );
    const epoch = process.store.drawEpoch();
    if (epoch <= last) throw new Error(`${epoch} after ${last}`);
    last = epoch;
  }
  process.tables.held = [];
  expect(() => {
    for (;;) process.store.drawEpoch();
  }).toThrow('epochs');
  process.tables.release();
  await new Promise<void>((done) =>
    process.tables.commit(
      () => undefined,
      () => done(),
    ),
  );
  expect(process.store.drawEpoch()).toBeGreaterThan(last);
  await process.kill();
  const next = await home.start();
  expect(next.store.validEpoch()).toBeGreaterThan(last);
  await next.store.close();
});

test('on a full disk one lease is asked for at a time, and none after the stop: the tables are closed', async () => {
  const clock = new ManualClock();
  const asked: ((error?: Error) => void)[] = [];
  const tables = { commit: (_, done) => void asked.push(done) } as Partial<Tables> as Tables;
  const epochs = new Epochs({
    clock,
    tables,
    meta: { get: () => undefined } as Partial<Table> as Table,
    onFatal: (error) => {
      throw error;
    },
    onFull: () => undefined,
  });
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const started = epochs.start(() => undefined);
  asked.shift()!(full);
  await started;
  const skipped = epochs.skip(5);
  asked.shift()!(full);
  await skipped;
  clock.advance(storeLimits.epochsRetryMs);
  expect(asked).toHaveLength(1);
  const underWay = asked.shift()!;
  epochs.stop();
  underWay(full);
  clock.advance(10 * storeLimits.epochsRetryMs);
  expect(asked).toEqual([]);
});

test('the node id is kept with the data; another directory is another node', async () => {
  const first = await home.start();
  expect(first.store.nodeId).toMatch(/^[0-9a-f]{16}$/);
  await first.kill();
  const again = await home.start();
  expect(again.store.nodeId).toBe(first.store.nodeId);
  await again.store.close();
  const elsewhere = new StoreHome();
  const other = await elsewhere.start();
  expect(other.store.nodeId).not.toBe(first.store.nodeId);
  await other.store.close();
  elsewhere.remove();
});

test('another number of partitions is refused', async () => {
  const first = await home.start();
  await put(first.store, keyNamed('a'), 'x');
  await first.store.close();
  await expect(home.start({ partitions: 16 })).rejects.toThrow('8 partitions');
});

test('tables wiped, log left: a new node, the log is set aside and everything suspect', async () => {
  const first = await home.start();
  await put(first.store, keyNamed('a'), 'x');
  await first.kill();
  const elsewhere = new StoreHome();
  elsewhere.disk = home.disk;
  const next = await elsewhere.start();
  expect(next.report).toMatchObject({ clean: false, suspectPartitions: 'all', replayedRecords: 0 });
  expect(next.report.quarantined).toHaveLength(1);
  expect(home.disk.quarantined.size).toBe(1);
  expect(next.store.read(keyNamed('a'))).toBeUndefined();
  await next.store.close();
  elsewhere.remove();
});

/** Of a node that starts from the copy; what it writes is lost. */
async function lifeOf(copy: Buffer | undefined, wallMs: number): Promise<Epochs> {
  const epochs = epochsAt(wallMs, { read: () => copy, write: () => undefined });
  await epochs.start(() => undefined);
  return epochs;
}

/** On tables of one row; `wallMs`: what its clock says. */
function epochsAt(
  wallMs: number,
  { read, write }: { read: () => Buffer | undefined; write: (row: Buffer) => void },
): Epochs {
  const clock = new ManualClock();
  clock.wallMs = () => wallMs;
  const tables = {
    commit: (put, done) => {
      put({ put: (_table, _key, row) => write(Buffer.from(row)), remove: () => undefined });
      done();
    },
  } as Partial<Tables> as Tables;
  return new Epochs({
    clock,
    tables,
    meta: { get: read } as Partial<Table> as Table,
    onFatal: (error) => {
      throw error;
    },
    onFull: () => undefined,
  });
}
