import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { storeLimits } from '../../../actors/rules/limits/store.js';
import type { Table, Tables } from '../../../src/seams/table.js';
import { epochBlock, Epochs } from '../../../src/store/epochs.js';
import { ManualClock } from '../../support/manual-clock.js';
import { put, keyNamed, StoreHome } from '../../support/store-process.js';

let home: StoreHome;

beforeEach(() => {
  home = new StoreHome();
});

afterEach(() => home.remove());

test('clean stops and kills in turn: never drawn twice, ascending, valid ones exactly since the last kill', async () => {
  let highest = 0;
  let valid = 0;
  for (const end of ['clean', 'clean', 'kill', 'clean', 'kill', 'kill', 'clean']) {
    const process = await home.start();
    const { store } = process;
    expect(store.validEpoch()).toBeGreaterThanOrEqual(valid);
    const first = store.drawEpoch();
    expect(first).toBeGreaterThan(highest);
    expect(first).toBeGreaterThanOrEqual(store.validEpoch());
    if (valid !== store.validEpoch()) expect(store.validEpoch()).toBeGreaterThan(highest);
    for (let i = 1; i < 100; i++) expect(store.drawEpoch()).toBe(first + i);
    highest = first + 99;
    valid = store.validEpoch();
    await (end === 'kill' ? process.kill() : store.close());
    const next = await home.start();
    if (end === 'kill') expect(next.store.validEpoch()).toBeGreaterThan(highest);
    else expect(next.store.validEpoch()).toBe(valid);
    expect(next.report.clean).toBe(end !== 'kill');
    await next.store.close();
    valid = next.store.validEpoch();
  }
});

test('three blocks drawn: renewed in the background, refused only when the disk does not keep up', async () => {
  const process = await home.start();
  let last = 0;
  for (let i = 0; i < 3 * epochBlock; i++) {
    if (i % (epochBlock / 4) === 0)
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
  const started = epochs.start(true, () => undefined);
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
