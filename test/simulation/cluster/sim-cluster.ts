/** A whole cluster in one process: nodes, clients, one NATS, one virtual clock, one seed. */
import type { BucketOptions } from '../../../actors/rules/bucket.js';
import { limits } from '../../../actors/rules/limits.js';
import { composeNode } from '../../../src/node/compose-node.js';
import type { Durability } from '../../../src/options/durability.js';
import type { NodeOptions } from '../../../src/options/node-options.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { StoreBounds } from '../../../src/options/store-bounds.js';
import { FrameClient } from '../client/frame-client.js';
import { PlainClient } from '../client/plain-client.js';
import { Scheduler, SimProcess } from '../core/scheduler.js';
import { SimRandom } from '../core/sim-random.js';
import { Trace } from '../core/trace.js';
import { DotOracle } from '../oracle/dot-oracle.js';
import { FoundingOracle } from '../oracle/founding-oracle.js';
import { Violations } from '../oracle/violations.js';
import { SimBus } from '../seams/sim-bus.js';
import { SimClock } from '../seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../seams/sim-disk.js';
import { type BusNoise, SimNats } from '../seams/sim-nats.js';
import { tokenOf } from '../workload/values.js';
import { SimNode } from './sim-node.js';

export interface ClusterOptions {
  readonly seed: string;
  readonly nodes: number;
  /** undefined: all nodes. */
  readonly founders: number | undefined;
  readonly partitions: number;
  /** Whether the server maps `kv.put.…` to partitions, as `nats.conf` does. */
  readonly mapping: boolean;
  readonly durability: Durability;
  readonly defaults: Partial<BucketOptions>;
  readonly buckets: Readonly<Record<string, Partial<BucketOptions>>>;
  readonly latencyUs: number;
  readonly syncUs: number;
  readonly commitUs: number;
  readonly tombstoneGraceMs: number;
  readonly hintAgeMs: number;
  /** How long until a node that ended by itself is started again; undefined: it stays away. */
  readonly restartUs: number | undefined;
  /** Smaller than a real node's, so that flushes, segments and evictions happen. */
  readonly storeBounds: Partial<StoreBounds>;
  readonly keepTrace: boolean;
  readonly onLine?: (line: string) => void;
}

export const clusterOptionsDefault: Omit<ClusterOptions, 'seed'> = {
  nodes: 3,
  founders: undefined,
  partitions: 16,
  mapping: true,
  durability: { kind: 'sync' },
  defaults: {},
  buckets: {},
  latencyUs: 200,
  syncUs: 400,
  commitUs: diskFaultsNone.commitUs,
  tombstoneGraceMs: nodeOptionsDefault.tombstoneGraceMs,
  hintAgeMs: nodeOptionsDefault.hintAgeMs,
  restartUs: undefined,
  storeBounds: {},
  keepTrace: false,
};

export class SimCluster {
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly scheduler: Scheduler;
  readonly violations: Violations;
  readonly nats: SimNats;
  readonly noise: BusNoise;
  readonly nodes: readonly SimNode[];
  readonly dots: DotOracle;
  readonly founding: FoundingOracle;
  private restarts = true;
  /** Healed: they are started again however they end. */
  private readonly healed = new Set<SimNode>();

  constructor(readonly options: ClusterOptions) {
    this.random = new SimRandom(options.seed);
    const { onLine } = options;
    this.trace = new Trace({ keep: options.keepTrace, ...(onLine && { onLine }) });
    this.scheduler = new Scheduler((error, process) => this.threw(error, process));
    this.violations = new Violations(() => this.scheduler.nowUs);
    this.noise = { latencyUs: options.latencyUs, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 };
    const { partitions } = options;
    this.nats = new SimNats(this.scheduler, this.random.fork('nats'), this.trace, {
      noise: this.noise,
      mapping: options.mapping ? { prefix: nodeOptionsDefault.prefix, partitions } : undefined,
      payloadBytesMax: 1024 * 1024,
      pendingBytesMax: 8 * 1024 * 1024,
    });
    this.dots = new DotOracle(this.violations, limits, tokenOf);
    this.nats.onPublish.push((_from, publication) => this.dots.hear(publication));
    this.nats.onDoubled.push((publication) => this.dots.hearDoubled(publication));
    this.founding = new FoundingOracle(this.violations);
    this.nats.onPublish.push((from, publication) => this.founding.hear(from, publication));
    this.nodes = Array.from({ length: options.nodes }, (_, i) => this.makeNode(`n${i + 1}`));
  }

  startAll(): void {
    for (const node of this.nodes) node.start();
  }

  node(name: string): SimNode {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  client(name: string): { client: PlainClient; process: SimProcess; bus: SimBus } {
    const process = new SimProcess(name);
    const bus = new SimBus(this.nats, name, process);
    const client = new PlainClient(bus, this.scheduler, process, nodeOptionsDefault.prefix);
    return { client, process, bus };
  }

  /** The TypeScript client, as `client` gives the plain one. */
  frameClient(name: string): { client: FrameClient; process: SimProcess } {
    const { scheduler } = this;
    const process = new SimProcess(name);
    const bus = new SimBus(this.nats, name, process);
    const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    const random = this.random.fork(`client ${name}`);
    return { client: new FrameClient({ bus, clock, random }), process };
  }

  /** Runs on for so long. */
  async after(durationUs: number): Promise<void> {
    await this.scheduler.run({ endUs: this.scheduler.nowUs + durationUs });
  }

  /** Runs until it holds; false when that took longer. Asked every `everyUs` of virtual time. */
  async until(holds: () => boolean, withinUs: number): Promise<boolean> {
    const endUs = this.scheduler.nowUs + withinUs;
    await this.scheduler.run({ endUs, until: holds });
    return holds();
  }

  /**
   * Those that have a place in the ring: all whose directory was never wiped, that were not removed
   * and did not come after it was founded.
   */
  get members(): readonly SimNode[] {
    return this.nodes.filter(
      ({ wipedId, isLate, isRemoved }) => wipedId === undefined && !isLate && !isRemoved,
    );
  }

  /** Once there is a cluster: it serves whole, and who is not of it is known to be late. */
  get isFounded(): boolean {
    const { founders } = this.founding;
    if (founders === undefined) return false;
    for (const node of this.nodes)
      if (node.idOnceRead !== undefined) node.isLate = !founders.includes(node.idOnceRead);
    return this.nodes.every(({ ready, isLate }) => ready || isLate);
  }

  get allReady(): boolean {
    return this.members.every(({ ready }) => ready);
  }

  /**
   * Everything that was done to the surroundings is undone; those of `nodes` who are down start.
   */
  heal(nodes: readonly SimNode[]): void {
    Object.assign(this.noise, { lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 });
    this.nats.healAll();
    for (const node of nodes) {
      this.healed.add(node);
      const { syncUs, commitUs } = this.options;
      Object.assign(node.disk.faults, {
        ...diskFaultsNone,
        syncUs,
        commitUs,
        stalled: node.disk.faults.stalled,
      });
      node.disk.release();
      node.resume();
      node.start();
    }
  }

  /** Ends every process, so that nothing is left to run. */
  abandon(): void {
    this.restarts = false;
    for (const node of this.nodes) node.process?.die();
  }

  private makeNode(name: string): SimNode {
    const { options, scheduler, random, trace, nats } = this;
    const disk = new SimDisk(random.fork(`${name}/disk`), {
      ...diskFaultsNone,
      syncUs: options.syncUs,
      commitUs: options.commitUs,
    });
    const nodeOptions: NodeOptions = {
      ...nodeOptionsDefault,
      name,
      host: `host-${name}`,
      dataDir: `/${name}`,
      partitions: options.partitions,
      durability: options.durability,
      founders: options.founders ?? options.nodes,
      defaults: { ...nodeOptionsDefault.defaults, ...options.defaults },
      buckets: options.buckets,
      tombstoneGraceMs: options.tombstoneGraceMs,
      scrubMemory: true,
      hintAgeMs: options.hintAgeMs,
      storeBounds: options.storeBounds,
    };
    return new SimNode(
      name,
      disk,
      { driftPpm: 0, wallOffsetMs: 0 },
      {
        scheduler,
        random: random.fork('nodes'),
        trace,
        nats,
        compose: (seams) => composeNode(seams, nodeOptions),
        onExit: (node, error) => this.exited(node, error),
      },
    );
  }

  private exited(node: SimNode, error: Error | undefined): void {
    // One that was told so by others, while the operator got no answer.
    if (error?.message.includes('was removed from its cluster')) node.isRemoved = true;
    if (node.isRemoved) return;
    const restartUs = this.options.restartUs ?? (this.healed.has(node) ? 0 : undefined);
    const wanted = error !== undefined || this.healed.has(node);
    if (!wanted || restartUs === undefined) return;
    this.scheduler.in(restartUs, undefined, () => {
      if (this.restarts) node.start();
    });
  }

  /** No code may throw into the event loop: a real process would have ended. */
  private threw(error: unknown, process: SimProcess | undefined): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const who = process?.name ?? 'world';
    this.trace.add(this.scheduler.nowUs, who, `threw ${text.split('\n')[0]}`);
    this.violations.add('crash', 'uncaught', `${who}: ${text}`);
  }
}
