/**
 * Memberships of several nodes on simulated seams: virtual time, a simulated NATS, disks that
 * outlive processes.
 */
import 'reflect-metadata';
import { KnownBuckets } from '../../src/buckets/known-buckets.js';
import { Membership } from '../../src/membership/membership.js';
import { TimeOfDay } from '../../src/membership/time-of-day.js';
import { BusPeers } from '../../src/bus/bus-peers.js';
import { Hearing } from '../../src/bus/hearing.js';
import { LateWords } from '../../src/bus/late-words.js';
import { OwnTime } from '../../src/bus/own-time.js';
import { ToldClocks } from '../../src/bus/told-clocks.js';
import type { Member } from '../../actors/rules/membership.js';
import { encodeMember, encodeVote } from '../../src/wire/member-rows.js';
import { type NodeOptions, nodeOptionsDefault } from '../../src/options/node-options.js';
import { AgreedClock } from '../../src/seams/agreed-clock.js';
import { Inspection } from '../../src/seams/inspection.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { Trace } from '../simulation/core/trace.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { type ClockFaults, SimClock } from '../simulation/seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../simulation/seams/sim-disk.js';
import { SimNats } from '../simulation/seams/sim-nats.js';
import { SimTables } from '../simulation/seams/sim-tables.js';
import { Metrics } from '../../src/seams/metrics.js';

export interface NodeLife {
  readonly id: string;
  readonly name: string;
  readonly process: SimProcess;
  readonly membership: Membership;
  readonly peers: BusPeers;
  readonly clock: AgreedClock;
  readonly hearing: Hearing;
  readonly faults: ClockFaults;
  /** Errors the node would have ended with, and what its start rejected with. */
  readonly fatal: string[];
  /** `ring`, or `<name of the peer> <reachability>`, with the virtual time in ms. */
  readonly changes: { readonly atMs: number; readonly what: string }[];
}

export class MemberWorld {
  readonly errors: unknown[] = [];
  readonly scheduler = new Scheduler((error) => this.errors.push(error));
  readonly trace = new Trace({ keep: false });
  readonly nats: SimNats;
  readonly noise = { latencyUs: 200, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 };
  private readonly random: SimRandom;
  private readonly disks = new Map<string, SimDisk>();
  private readonly names = new Map<string, string>();
  private readonly busNames = new Map<string, string>();
  private lives = 0;

  constructor(
    seed: string,
    private readonly common: Partial<NodeOptions> = {},
  ) {
    this.random = new SimRandom(seed);
    this.nats = new SimNats(this.scheduler, this.random.fork('nats'), this.trace, {
      noise: this.noise,
      mapping: undefined,
      payloadBytesMax: 1024 * 1024,
      pendingBytesMax: 1e7,
    });
  }

  get nowMs(): number {
    return this.scheduler.nowUs / 1000;
  }

  /** A new life of the named node, on the disk it has (or on that of `disk`). */
  start(name: string, options: Partial<NodeOptions> & { readonly disk?: string } = {}): NodeLife {
    const { disk: diskName = name, ...own } = options;
    const process = new SimProcess(name);
    const id = this.idOf(diskName);
    this.names.set(id, diskName);
    const random = this.random.fork(`${name}-${++this.lives}`);
    const faults = { driftPpm: 0, wallOffsetMs: 0 };
    const clock = new AgreedClock(new SimClock(this.scheduler, process, faults));
    this.busNames.set(name, `${name}-${this.lives}`);
    const bus = new SimBus(this.nats, this.busNameOf(name), process);
    const tables = new SimTables(this.diskOf(diskName), {
      scheduler: this.scheduler,
      process,
      trace: this.trace,
    });
    const metrics = new Metrics();
    const hearing = new Hearing(bus, clock, metrics);
    const settings = {
      ...nodeOptionsDefault,
      join: 'ask' as const,
      name,
      host: name,
      dataDir: '',
      ...this.common,
      ...own,
    };
    const lateWords = new LateWords(clock);
    const peers = new BusPeers(bus, clock, random, { id, prefix: 'kv' }, metrics);
    const membership = new Membership(
      peers,
      bus,
      hearing,
      clock,
      random,
      tables,
      settings,
      new KnownBuckets(settings),
      new Inspection(clock),
      new TimeOfDay(new OwnTime(clock, random), new ToldClocks(), clock, hearing, lateWords),
      lateWords,
      metrics,
    );
    const parts = { membership, peers, clock, hearing, faults };
    const life: NodeLife = { id, name, process, ...parts, fatal: [], changes: [] };
    const end = (error: unknown): void => {
      life.fatal.push(String(error));
      process.die();
    };
    membership.onFatal(end);
    membership.onLeft(() => end('it has left its cluster'));
    membership.view.onChange((change) => {
      const peer = change.kind === 'ring' ? '' : (this.names.get(change.node) ?? change.node);
      const what = change.kind === 'ring' ? 'ring' : `${peer} ${change.now}`;
      life.changes.push({ atMs: this.nowMs, what });
    });
    try {
      membership.start();
    } catch (error) {
      end(error);
    }
    return life;
  }

  idOf(name: string): string {
    return this.random.fork(`id-${name}`).bytes(8).toString('hex');
  }

  nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }

  /** What NATS calls the latest life of a node. */
  busNameOf(name: string): string {
    return this.busNames.get(name)!;
  }

  async run(ms: number): Promise<void> {
    await this.scheduler.run({ endUs: this.scheduler.nowUs + ms * 1000 });
    if (this.errors.length > 0) throw this.errors[0];
  }

  /** Returns how long it took; throws when it did not come true in time. */
  async until(condition: () => boolean, msMax: number): Promise<number> {
    const fromMs = this.nowMs;
    await this.scheduler.run({
      endUs: this.scheduler.nowUs + msMax * 1000,
      until: () => this.errors.length > 0 || condition(),
    });
    if (this.errors.length > 0) throw this.errors[0];
    if (!condition()) throw new Error(`did not come true in ${msMax} ms`);
    return this.nowMs - fromMs;
  }

  /** kill -9: the process ends, NATS closes its connection, what the disk did not have is gone. */
  kill(life: NodeLife): void {
    life.process.die();
    this.diskOf(life.name).crash();
  }

  /** Both ways, between each of the one and each of the other side. */
  between(
    [side, other]: readonly [Iterable<string>, Iterable<string>],
    what: 'cut' | 'heal',
  ): void {
    for (const one of side)
      for (const two of other)
        for (const [x, y] of [
          [one, two],
          [two, one],
        ] as const) {
          const way = { from: this.busNameOf(x), to: this.busNameOf(y) };
          if (what === 'heal') this.nats.heal(way);
          else this.nats.cut(way, 'split');
        }
  }

  diskOf(name: string): SimDisk {
    let disk = this.disks.get(name);
    if (disk === undefined) {
      disk = new SimDisk(this.random.fork(`disk-${name}`), { ...diskFaultsNone });
      this.disks.set(name, disk);
    }
    return disk;
  }
}

export const names = ['a', 'b', 'c'];

/** Nodes that have founded a cluster. */
export async function cluster(
  seed: string,
  nodes: readonly string[] = names,
  options: Partial<NodeOptions> = {},
): Promise<{ world: MemberWorld; lives: NodeLife[] }> {
  const world = new MemberWorld(seed, { founders: nodes.length, ...options });
  const lives = nodes.map((name) => world.start(name));
  await world.until(() => allActive(lives), 5_000);
  return { world, lives };
}

/**
 * Nodes of a cluster that was founded before, as their disks say: for many, of whom each would have
 * to tell all others at once.
 */
export async function settled(
  seed: string,
  nodes: readonly string[],
): Promise<{ world: MemberWorld; lives: NodeLife[] }> {
  const world = new MemberWorld(seed);
  const born = { zone: '', weight: 1, pid: 1, generation: 1, heartbeat: 0, epochs: 0 };
  const rows = nodes.map((name): Member => {
    return { ...born, id: world.idOf(name), name, host: name, status: 'active' };
  });
  const founders = rows.map(({ id }) => id).sort();
  const vote = encodeVote({ attempt: 0, stored: founders, founders });
  const table = rows.map((row) => [row.id, encodeMember(row)] as const);
  for (const name of nodes)
    world.diskOf(name).tables.set('members', new Map([['!founders', vote], ...table]));
  const lives: NodeLife[] = [];
  for (const name of nodes) {
    lives.push(world.start(name));
    await world.run(20);
  }
  await world.run(3_000);
  if (!allActive(lives)) throw new Error('not all are members again');
  // Who is first asks others that are not there yet, and NATS says so: that is no false suspicion.
  for (const { changes } of lives) changes.length = 0;
  return { world, lives };
}

export function allActive(lives: readonly NodeLife[]): boolean {
  return lives.every(
    ({ membership }) =>
      membership.view.self.status === 'active' &&
      membership.view.members().filter(({ status }) => status === 'active').length === lives.length,
  );
}
