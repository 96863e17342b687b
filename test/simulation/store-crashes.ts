/**
 * The store alone on a simulated disk, against a model that knows what was acknowledged: mints,
 * merges, removals, hints, flushes, and between them power cuts, kills, clean stops and full disks.
 */
import 'reflect-metadata';
import { isDeepStrictEqual } from 'node:util';
import type { StorageKey } from '../../actors/rules/key.js';
import { actorOf } from '../../actors/rules/actor.js';
import { storageKeyOf } from '../../actors/rules/key.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { emptyState, merge, mint, nothingSeen, sameState } from '../../actors/rules/versions.js';
import type { Durability } from '../../actors/rules/durability.js';
import { nodeOptionsDefault, type NodeOptions } from '../../src/options/node-options.js';
import { DurableStore } from '../../src/store/durable-store.js';
import { encodable } from '../../src/wire/key-state-codec.js';
import { encodeStates } from '../../src/wire/state-batch.js';
import { LoneReplica } from '../support/lone-replica.js';
import { treesFromScratch } from '../support/trees-from-scratch.js';
import { Scheduler, SimProcess } from './core/scheduler.js';
import { SimRandom } from './core/sim-random.js';
import { Trace } from './core/trace.js';
import { SimClock } from './seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from './seams/sim-disk.js';
import { SimLogDirectory } from './seams/sim-log-directory.js';
import { SimTables } from './seams/sim-tables.js';
import { Metrics } from '../../src/seams/metrics.js';

export interface StoreRun {
  readonly seed: string;
  readonly lives: number;
  readonly durability: Durability;
  /**
   * Bits flip: of the log between the lives, of the tables while the store runs. What was
   * acknowledged may be gone then (other nodes have it), but every start succeeds, nothing is
   * invented, and the trees are those of what is left.
   */
  readonly rot?: 'log' | 'tables';
}

const partitions = 4;
const keys: readonly StorageKey[] = Array.from({ length: 12 }, (_, i) =>
  storageKeyOf({ partition: i % partitions, bucket: 'b', key: `k${i}` }),
);
const remoteNode = 'ffffffffffffffff';
const target = 'eeeeeeeeeeeeeeee';

/** Runs the lives one after the other; returns what was wrong, and the trace's digest. */
export async function runStore(run: StoreRun): Promise<{ problems: string[]; digest: string }> {
  const world = new StoreWorld(run);
  for (let life = 0; life < run.lives && world.problems.length === 0; life++) await world.live();
  return { problems: world.problems, digest: world.trace.digest() };
}

class StoreWorld {
  readonly problems: string[] = [];
  readonly trace = new Trace({ keep: true });
  private readonly random: SimRandom;
  private readonly disk: SimDisk;
  private readonly scheduler: Scheduler;
  /**
   * Acknowledged as durable: must be found again. Removed keys are unsettled until the next write.
   */
  private readonly acknowledged = new Map<StorageKey, KeyState>();
  /**
   * Raised by what takes a key or a hint away: an earlier write that is acknowledged later promises
   * nothing any more.
   */
  private readonly removals = new Map<string, number>();
  /** Everything ever handed to the store: nothing else may be found. */
  private readonly written = new Map<StorageKey, KeyState>();
  private readonly owed = new Set<StorageKey>();
  private readonly epochs = new Set<number>();
  private epochMax = 0;
  private remoteEpoch = 1;
  private damages = 0;

  constructor(private readonly run: StoreRun) {
    this.random = new SimRandom(`store ${run.seed}`);
    this.disk = new SimDisk(this.random.fork('disk'), { ...diskFaultsNone });
    this.scheduler = new Scheduler((error) =>
      this.problems.push(`threw ${error instanceof Error ? error.stack : String(error)}`),
    );
  }

  async live(): Promise<void> {
    const process = new SimProcess('store');
    const store = this.open(process);
    let ready = false;
    const replica = new LoneReplica(store);
    replica.recover().then(
      () => (ready = true),
      (error: unknown) =>
        process.alive && this.problems.push(`recover: ${String((error as Error).stack)}`),
    );
    const { random, scheduler } = this;
    const lastsUs = random.between(0, random.pick([10_000, 50_000, 400_000]));
    await scheduler.run({ endUs: scheduler.nowUs + 20e6, until: () => ready });
    if (ready) {
      const endUs = scheduler.nowUs + lastsUs;
      this.check(store);
      while (scheduler.nowUs < endUs && this.problems.length === 0) {
        this.act(store);
        await scheduler.run({ endUs: scheduler.nowUs + random.below(3000) });
        if (this.run.rot === 'tables') await this.rotAndLook(store);
      }
    }
    await this.end(replica, process, ready);
  }

  private open(process: SimProcess): DurableStore {
    const { scheduler, trace, disk } = this;
    const host = { scheduler, process, trace };
    const options: NodeOptions = {
      ...nodeOptionsDefault,
      scrubMemory: true,
      name: 'store',
      dataDir: '/store',
      partitions,
      durability: this.run.durability,
      storeBounds: { memtableBytesMax: 4_000, logSegmentBytesMax: 3_000, cacheBytesMax: 2_000 },
    };
    const store = new DurableStore(
      // Each life begins at the same time of the day: epochs go on by what is on the disk alone.
      new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: -scheduler.nowUs / 1000 }),
      this.random.fork(`life ${scheduler.nowUs}`),
      new SimLogDirectory(disk, host),
      new SimTables(disk, host),
      options,
      new Metrics(),
    );
    store.onFatal((error) => this.problems.push(`fatal ${error.message}`));
    store.onCorrupt(() => this.damages++);
    return store;
  }

  private async end(replica: LoneReplica, process: SimProcess, ready: boolean): Promise<void> {
    const { random, scheduler, disk } = this;
    const how = ready ? random.below(6) : 0;
    if (how === 0) {
      process.die();
      disk.kill();
      this.trace.add(scheduler.nowUs, 'world', 'kill');
    } else if (how === 1) {
      let closed = false;
      void replica.close().then(() => (closed = true));
      await scheduler.run({ endUs: scheduler.nowUs + 20e6, until: () => closed });
      if (!closed) this.problems.push(`close never ends (full: ${this.disk.faults.full})`);
      process.die();
    } else {
      process.die();
      this.trace.add(scheduler.nowUs, 'world', `power cut: ${disk.crash()}`);
    }
    if (this.run.rot === 'log' && random.below(2) === 0) disk.rot('files');
  }

  private act(store: DurableStore): void {
    const { random } = this;
    const key = random.pick(keys);
    const refused = store.refusal() !== undefined;
    if (random.below(60) === 0) this.disk.faults.full = !this.disk.faults.full;
    if (refused) return;
    const kind = random.below(10);
    if (kind < 4) this.mint(store, key);
    else if (kind < 8) this.merge(store, key, random.below(3) === 0);
    else if (kind === 8) this.settle(store);
    else this.remove(store, key);
  }

  private mint(store: DurableStore, key: StorageKey): void {
    const held = store.read(key);
    let mark = held?.mark ?? 0;
    if (mark === 0 || mark < store.validEpoch()) {
      mark = store.drawEpoch();
      if (this.epochs.has(mark)) this.problems.push(`epoch ${mark} is drawn twice`);
      this.epochs.add(mark);
      this.epochMax = Math.max(this.epochMax, mark);
    }
    const state = this.minted(held?.state ?? emptyState, actorOf(store.nodeId, mark));
    this.note(key, state);
    const acknowledge = this.acknowledger(key, state);
    store.mint([{ key, state: encodable(state), mark }], acknowledge);
  }

  private merge(store: DurableStore, key: StorageKey, owed: boolean): void {
    const actor = actorOf(remoteNode, this.remoteEpoch++);
    const held = store.read(key)?.state;
    const base = this.random.below(2) === 0 ? emptyState : (held ?? emptyState);
    // Now and then a state it has already, as when a message comes twice: nothing is written, and
    // it is acknowledged.
    const state =
      held !== undefined && this.random.below(4) === 0 ? held : this.minted(base, actor);
    this.note(key, state);
    const batch = encodeStates([{ key, state: encodable(state) }]);
    const acknowledge = this.acknowledger(key, state);
    const settled = this.removals.get(`hint ${key}`);
    store.merge(batch, owed ? { owedTo: target } : {}, () => {
      acknowledge();
      if (owed && this.removals.get(`hint ${key}`) === settled) this.owed.add(key);
    });
  }

  private minted(local: KeyState, actor: string): KeyState {
    const blind = this.random.below(2) === 0 || local.siblings.length > 5;
    return mint({
      local,
      seen: blind ? undefined : nothingSeen,
      actor,
      value: this.random.below(8) === 0 ? null : this.random.bytes(this.random.below(300)),
      writtenAtMs: this.scheduler.nowUs / 1000,
      expiresAtMs: 0,
      operation: '',
    });
  }

  private settle(store: DurableStore): void {
    const hints = store.hints.next(target, { records: 3, bytes: 10_000 });
    if (hints.length === 0) return;
    store.setOwned(() => true);
    for (const { key } of hints) this.forget(`hint ${key}`, this.owed, key);
    store.hints.settle(target, hints, () => undefined);
  }

  private remove(store: DurableStore, key: StorageKey): void {
    const held = store.read(key);
    if (held === undefined) return;
    this.forget(key, this.acknowledged, key);
    this.forget(`hint ${key}`, this.owed, key);
    store.remove([{ key, digest: held.digest }], () => undefined);
  }

  private note(key: StorageKey, state: KeyState): void {
    this.written.set(key, merge(this.written.get(key) ?? emptyState, state));
  }

  private acknowledger(key: StorageKey, state: KeyState): () => void {
    const removal = this.removals.get(key);
    return () => {
      if (this.removals.get(key) !== removal) return;
      this.acknowledged.set(key, merge(this.acknowledged.get(key) ?? emptyState, state));
    };
  }

  private forget(what: string, from: { delete(key: string): boolean }, key: string): void {
    from.delete(key);
    this.removals.set(what, (this.removals.get(what) ?? 0) + 1);
  }

  private check(store: DurableStore): void {
    for (const key of keys) {
      const found = store.read(key)?.state ?? emptyState;
      const wanted = this.acknowledged.get(key) ?? emptyState;
      if (this.run.rot === undefined && !sameState(merge(found, wanted), found))
        this.problems.push(`${JSON.stringify(key)} misses what was acknowledged`);
      const known = this.written.get(key) ?? emptyState;
      if (found.siblings.some(({ dot }) => !known.context.some((e) => e.actor === dot.actor)))
        this.problems.push(`${JSON.stringify(key)} holds what was never written`);
    }
    if (this.run.rot !== undefined) return;
    if (store.validEpoch() <= this.epochMax)
      this.problems.push(`epoch ${this.epochMax} is valid after a start`);
    const hints = new Set(store.hints.next(target, { records: 100, bytes: 1e9 }).map((d) => d.key));
    for (const key of this.owed)
      if (!hints.has(key)) this.problems.push(`the hint of ${JSON.stringify(key)} is gone`);
    this.checkTrees(store);
  }

  private async rotAndLook(store: DurableStore): Promise<void> {
    const { random, scheduler } = this;
    if (random.below(8) === 0)
      this.trace.add(scheduler.nowUs, 'world', `rot ${this.disk.rot('tables')}`);
    if (random.below(8) > 0) return;
    // What is found damaged leaves the trees once the turn is over.
    for (let found = -1; found < this.damages;) {
      await scheduler.run({ endUs: scheduler.nowUs + 2000 });
      found = this.damages;
      for (let partition = 0; partition < partitions; partition++)
        store.scan({ partition, limit: 1000 });
    }
    this.checkTrees(store);
  }

  /** The tree a store kept up to date is the one computed from what it holds. */
  private checkTrees(store: DurableStore): void {
    for (let partition = 0; partition < partitions; partition++) {
      const held = new Set(store.scan({ partition, limit: 1000 }).map(({ key }) => key));
      const wanted = keys.filter((key) => store.peek(key) !== undefined && held.has(key)).length;
      const all = keys.filter(
        (key) => key.charCodeAt(1) === partition && store.peek(key) !== undefined,
      ).length;
      if (wanted !== all || held.size !== all)
        this.problems.push(`partition ${partition} scans ${held.size} keys and holds ${all}`);
    }
    for (const [partition, { leaves }] of treesFromScratch(store, partitions).entries())
      if (!isDeepStrictEqual(store.trees.leafDigests(partition), leaves))
        this.problems.push(`the tree of partition ${partition} is not that of its keys`);
  }
}
