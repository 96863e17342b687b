import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { actorOf } from '../../actors/rules/actor.js';
import { storageKeyOf } from '../../actors/rules/key.js';
import { emptyState, mint, sameState } from '../../actors/rules/versions.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { DurableStore } from '../../src/store/durable-store.js';
import { encodeState } from '../../src/wire/key-state-codec.js';
import { encodeBatch } from '../../src/wire/state-batch.js';
import { LoneReplica } from '../support/lone-replica.js';
import { Scheduler, SimProcess } from './core/scheduler.js';
import { SimRandom } from './core/sim-random.js';
import { Trace } from './core/trace.js';
import { SimClock } from './seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from './seams/sim-disk.js';
import { SimLogDirectory } from './seams/sim-log-directory.js';
import { SimTables } from './seams/sim-tables.js';
import { Metrics } from '../../src/seams/metrics.js';

const key = storageKeyOf({ partition: 0, bucket: 'b', key: 'k' });
const state = mint({
  local: emptyState,
  seen: undefined,
  actor: actorOf('ffffffffffffffff', 1),
  value: Buffer.from('v'),
  writtenAtMs: 1,
  expiresAtMs: 0,
  operation: '',
});
const batch = encodeBatch([{ key, bytes: encodeState(state) }]);
const other = encodeBatch([
  { key: storageKeyOf({ partition: 1, bucket: 'b', key: 'other' }), bytes: encodeState(state) },
]);

interface Life {
  readonly process: SimProcess;
  readonly store: DurableStore;
}

/** A store with its process, started on a disk that earlier ones have used. */
async function begun(disk: SimDisk, scheduler: Scheduler): Promise<Life> {
  const life = born(disk, scheduler);
  let ready = false;
  void new LoneReplica(life.store).recover().then(() => (ready = true));
  await scheduler.run({ endUs: scheduler.nowUs + 60e6, until: () => ready });
  expect(ready).toBe(true);
  return life;
}

function born(disk: SimDisk, scheduler: Scheduler): Life {
  const process = new SimProcess('store');
  const host = { scheduler, process, trace: new Trace({ keep: false }) };
  const store = new DurableStore(
    new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 }),
    new SimRandom(`life ${scheduler.nowUs}`),
    new SimLogDirectory(disk, host),
    new SimTables(disk, host),
    { ...nodeOptionsDefault, scrubMemory: true, name: 'store', dataDir: '/store', partitions: 4 },
    new Metrics(),
  );
  return { process, store };
}

test('store: killed before its sync, the write comes again to the next process, then the power goes: what was acknowledged is there', async () => {
  const scheduler = new Scheduler((error) => {
    throw error;
  });
  // Commits are slow, so that for a while the log alone holds the write.
  const faults = { ...diskFaultsNone, syncUs: 50_000, commitUs: 5e6, loseAllPpm: 1_000_000 };
  const disk = new SimDisk(new SimRandom('disk'), faults);
  const first = await begun(disk, scheduler);
  let early = false;
  first.store.merge(batch, {}, () => (early = true));
  await scheduler.run({ endUs: scheduler.nowUs + 5_000 });
  first.process.die();
  disk.kill();
  expect(early).toBe(false);

  const second = await begun(disk, scheduler);
  expect(second.store.read(key)).toBeDefined();
  let acknowledged = false;
  second.store.merge(batch, {}, () => (acknowledged = true));
  await scheduler.run({ endUs: scheduler.nowUs + 100_000 });
  expect(acknowledged).toBe(true);
  second.process.die();
  disk.crash();

  const third = await begun(disk, scheduler);
  const found = third.store.read(key)?.state ?? emptyState;
  expect(sameState(found, state)).toBe(true);
});

test.each(Array.from({ length: 12 }, (_, i) => i))(
  'store, disk %i: killed while its flush is seen but not on disk, the next process has just read the log when the power goes: nothing is lost',
  async (seed) => {
    const scheduler = new Scheduler((error) => {
      throw error;
    });
    const faults = { ...diskFaultsNone, syncUs: 1_000, commitUs: 20_000, loseAllPpm: 1_000_000 };
    const disk = new SimDisk(new SimRandom(`disk ${seed}`), faults);
    const first = await begun(disk, scheduler);
    let acknowledged = false;
    first.store.merge(batch, {}, () => (acknowledged = true));
    await scheduler.run({ endUs: scheduler.nowUs + 100_000, until: () => acknowledged });
    first.process.die();
    disk.kill();

    // It begins a segment of its own, so the one with the write is covered as a whole.
    const second = await begun(disk, scheduler);
    second.store.merge(other, {}, () => undefined);
    const isSeen = (): boolean => disk.tables.get('records')?.has(key) === true;
    await scheduler.run({ endUs: scheduler.nowUs + 1e6, until: isSeen });
    expect(isSeen()).toBe(true);
    second.process.die();
    disk.kill();

    const third = born(disk, scheduler);
    void new LoneReplica(third.store).recover();
    await scheduler.run({ endUs: scheduler.nowUs + 5_000 });
    third.process.die();
    disk.crash();

    const fourth = await begun(disk, scheduler);
    expect(sameState(fourth.store.read(key)?.state ?? emptyState, state)).toBe(true);
  },
);
