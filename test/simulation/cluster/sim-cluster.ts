/** A whole cluster in one process: nodes, clients, one NATS, one virtual clock, one seed. */
import type { BucketOptions } from '../../../actors/rules/bucket.js';
import { isMember, type RingVersion } from '../../../actors/rules/configuration.js';
import { limits } from '../../../actors/rules/limits.js';
import { composeNode, type QuorateNode } from '../../../src/node/compose-node.js';
import type { Durability } from '../../../actors/rules/durability.js';
import type { NodeOptions } from '../../../src/options/node-options.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { StoreBounds } from '../../../src/options/store-bounds.js';
import { FrameClient } from '../client/frame-client.js';
import { Marks } from '../client/marks.js';
import { PlainClient } from '../client/plain-client.js';
import { Scheduler, SimProcess } from '../core/scheduler.js';
import { SimRandom } from '../core/sim-random.js';
import { Trace } from '../core/trace.js';
import { ChainOracle } from '../oracle/chain-oracle.js';
import { ChainWatch } from '../oracle/chain-watch.js';
import { DotOracle } from '../oracle/dot-oracle.js';
import { FoundingOracle } from '../oracle/founding-oracle.js';
import { MergeWatch } from '../oracle/merge-watch.js';
import { MoveOracle, type Owners } from '../oracle/move-oracle.js';
import { Violations } from '../oracle/violations.js';
import { SimBus } from '../seams/sim-bus.js';
import { SimClock, wallMsAt } from '../seams/sim-clock.js';
import { diskFaultsNone, SimDisk } from '../seams/sim-disk.js';
import { type BusNoise, SimNats } from '../seams/sim-nats.js';
import { optionsOf, replicasOf } from '../oracle/bucket-reader.js';
import { tokenOf } from '../workload/values.js';
import { Changes } from './changes.js';
import { heldBy, onDropped, OwnersSeen } from './holdings.js';
import { timeQuietly } from './quiet-glass.js';
import { SimNode } from './sim-node.js';

export interface ClusterOptions {
  readonly seed: string;
  readonly nodes: number;
  /** undefined: all nodes. */
  readonly founders: number | undefined;
  /** Of what its nodes found. */
  readonly ring: RingVersion;
  readonly partitions: number;
  /** What nodes that come later ask for, unless they are told otherwise. */
  readonly join: 'auto' | 'ask';
  /** Of NATS; nodes and clients are spread over them. */
  readonly servers: number;
  /** Whether the server maps `kv.put.…` to partitions, as `nats.conf` does. */
  readonly mapping: boolean;
  readonly durability: Durability;
  readonly defaults: Partial<BucketOptions>;
  readonly buckets: Readonly<Record<string, Partial<BucketOptions>>>;
  /** They do not stay so. */
  readonly bucketsChange: boolean;
  readonly latencyUs: number;
  readonly syncUs: number;
  readonly commitUs: number;
  readonly tombstoneGraceMs: number;
  readonly uploadLeaseMs: number;
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
  ring: 1,
  partitions: 16,
  servers: 1,
  join: 'ask',
  mapping: true,
  durability: { kind: 'sync' },
  defaults: {},
  buckets: {},
  bucketsChange: false,
  latencyUs: 200,
  syncUs: 400,
  commitUs: diskFaultsNone.commitUs,
  tombstoneGraceMs: nodeOptionsDefault.tombstoneGraceMs,
  uploadLeaseMs: nodeOptionsDefault.uploadLeaseMs,
  hintAgeMs: nodeOptionsDefault.hintAgeMs,
  restartUs: undefined,
  storeBounds: {},
  keepTrace: false,
};

/** Where a node stands that comes to a cluster which is there; what is not said is its own. */
export interface Newcomer {
  readonly host?: string | undefined;
  readonly zone?: string | undefined;
  readonly weight?: number | undefined;
  readonly join?: 'auto' | 'ask' | undefined;
  readonly replaces?: string | undefined;
}

/** With the disk it had: one whose disk was wiped has another id once it has started again. */
function isThere({ lastId, isScrapped, wipedId }: SimNode): boolean {
  return !isScrapped && wipedId !== lastId;
}

export class SimCluster {
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly scheduler: Scheduler;
  readonly violations: Violations;
  readonly nats: SimNats;
  readonly noise: BusNoise;
  readonly dots: DotOracle;
  readonly merges = new MergeWatch();
  /** Of requests under the glass. */
  readonly marks = new Marks();
  readonly founding: FoundingOracle;
  readonly chain: ChainOracle;
  readonly changes: Changes;
  readonly moves: MoveOracle;
  private readonly all: SimNode[] = [];
  private readonly watch: ChainWatch;
  private readonly owners = new OwnersSeen();
  /** Told of each process of a node before it starts; for trace files. */
  onComposed: ((node: SimNode, product: QuorateNode) => void) | undefined;
  private readonly newcomers: ((node: SimNode) => void)[] = [];
  private connections = 0;
  /** Whether what they show is real time, but for a second or two. */
  clocksCount = false;
  private operators = 0;
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
    this.dots = new DotOracle(this.violations, limits, tokenOf, () =>
      this.clocksCount ? wallMsAt(this.scheduler.nowUs) : Infinity,
    );
    this.nats.onPublish.push((_from, publication) => this.dots.hear(publication));
    this.nats.onDoubled.push((publication) => this.dots.hearDoubled(publication));
    this.founding = new FoundingOracle(this.violations);
    this.nats.onPublish.push((from, publication) => this.founding.hear(from, publication));
    this.chain = new ChainOracle(this.violations, () => this.scheduler.nowUs);
    this.watch = new ChainWatch(this.chain);
    this.nats.onPublish.push((_from, publication) => this.watch.hear(publication));
    this.changes = new Changes({
      chain: this.chain,
      watch: this.watch,
      random: this.random.fork('changes'),
      scheduler: this.scheduler,
      nodes: this.all,
    });
    this.moves = this.watchMoves();
    this.nats.onPublish.push((_from, publication) => this.merges.hear(publication));
    this.merges.onAsked.push((merge) => this.moves.asked(merge));
    const { nodes, founders = nodes } = options;
    for (let i = 1; i <= nodes; i++) this.makeNode(`n${i}`, {}, founders);
  }

  private watchMoves(): MoveOracle {
    const { chain, owners } = this;
    const sight = {
      held: (id: string, partition: number) => {
        const node = this.all.find(({ lastId }) => lastId === id);
        return node && heldBy(node, partition);
      },
      owners: owners.of.bind(owners),
      quorums: this.quorums(),
      nOf: (name: string) => this.bucket(name.slice(0, name.indexOf('/'))).n,
    };
    const moves = new MoveOracle(sight, this.violations);
    chain.onChosen.push((configuration) => moves.chosen(configuration));
    chain.onLearned.push((node, configuration) => moves.learned(node, configuration));
    return moves;
  }

  get nodes(): readonly SimNode[] {
    return this.all;
  }

  /** Told of each node, and of those that come later as they do. */
  onNode(listener: (node: SimNode) => void): void {
    this.newcomers.push(listener);
    for (const node of this.all) listener(node);
  }

  /**
   * A machine with an empty disk, which starts; one that was there before starts again. It comes to
   * a cluster that is there, and founds none though all of that be down.
   */
  add(name: string, newcomer: Newcomer): void {
    const known = this.all.find((node) => node.name === name);
    (known ?? this.makeNode(name, newcomer, 0)).start();
  }

  /** Of a bucket, with what it does not say itself. */
  private bucket(name: string): BucketOptions {
    const { defaults, buckets } = this.options;
    const book = this.chain.newest?.buckets;
    if (book !== undefined) return optionsOf(book, name);
    return { ...nodeOptionsDefault.defaults, ...defaults, ...buckets[name] };
  }

  /** Each N there is, with the smallest W of the buckets that have it. */
  private quorums(): Map<number, number> {
    const least = new Map<number, number>();
    // What changes while it looks it does not know.
    if (this.options.bucketsChange) return least;
    for (const name of ['', ...Object.keys(this.options.buckets)]) {
      const { n, w } = this.bucket(name);
      least.set(n, Math.min(w, least.get(n) ?? w));
    }
    return least;
  }

  /** Clients come to the servers in turns. */
  private connect(name: string): void {
    if (this.options.servers > 1)
      this.nats.servers.place(name, 1 + (this.connections++ % this.options.servers));
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
    this.connect(name);
    const bus = new SimBus(this.nats, name, process);
    this.marks.join(name);
    const { prefix } = nodeOptionsDefault;
    const traceOf = (): string | undefined => this.marks.of(name);
    const client = new PlainClient(bus, this.scheduler, process, prefix, traceOf);
    return { client, process, bus };
  }

  /** The TypeScript client, as `client` gives the plain one. */
  frameClient(name: string): { client: FrameClient; process: SimProcess } {
    const { scheduler } = this;
    const process = new SimProcess(name);
    this.connect(name);
    const bus = new SimBus(this.nats, name, process);
    const clock = new SimClock(scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    const random = this.random.fork(`client ${name}`);
    return { client: new FrameClient({ bus, clock, random }), process };
  }

  /** Each has a connection of its own. */
  nextOperator(): number {
    return ++this.operators;
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
   * Those that may hold or serve something, by the newest configuration; of founders that never
   * told of one, all whose directory was not wiped and that were not removed.
   */
  get members(): readonly SimNode[] {
    const { newest } = this.chain;
    const there = this.nodes.filter((node) => !node.isRemoved && isThere(node));
    if (newest === undefined)
      return there.filter(({ wipedId, isLate }) => wipedId === undefined && !isLate);
    return there.filter(({ lastId }) => isMember(newest, lastId));
  }

  /** N of a bucket, by the newest configuration; undefined: as nodes were told. */
  replicasOf(bucket: string): number | undefined {
    const { newest } = this.chain;
    return newest && replicasOf(newest, bucket)?.before;
  }

  /** Names of who owns a key, by the newest configuration, before and after what moves. */
  ownersOf(name: string, partition: number): Owners {
    const { newest } = this.chain;
    if (newest === undefined) return { before: [], after: [] };
    const { n } = this.bucket(name.slice(0, name.indexOf('/')));
    const { before, after } = this.owners.of(newest, partition, n);
    const named = (ids: readonly string[]): string[] => ids.map((id) => this.changes.nameOf(id));
    return { before: named(before), after: named(after) };
  }

  /** By the newest configuration, before or after what moves; where none is known: it does not. */
  owns({ lastId }: SimNode, name: string, partition: number): boolean {
    const { newest } = this.chain;
    if (newest === undefined) return false;
    const { n } = this.bucket(name.slice(0, name.indexOf('/')));
    const { before, after } = this.owners.of(newest, partition, n);
    return before.includes(lastId) || after.includes(lastId);
  }

  /** How many have acknowledged what was put by what its bucket says, whenever that was. */
  quorumOf(name: string): number {
    if (this.options.bucketsChange) return 1;
    return this.bucket(name.slice(0, name.indexOf('/'))).w;
  }

  /** What a member holds that is not its own, by the newest configuration; undefined: nothing. */
  stray(): string | undefined {
    const { newest } = this.chain;
    if (newest === undefined) return undefined;
    for (const node of this.members)
      for (let partition = 0; partition < newest.partitions; partition++)
        for (const [name, { siblings }] of heldBy(node, partition) ?? [])
          if (!this.owns(node, name, partition))
            return `${node.name} holds ${name}, which is not its own, with ${siblings.length} siblings`;
    return undefined;
  }

  /**
   * Members, and those that leave, that nobody is any more: their machines are gone for good, or
   * their disks wiped.
   */
  lost(): readonly string[] {
    const { newest } = this.chain;
    if (newest === undefined) return [];
    const { members, move, leaving, removed } = newest;
    const places = [...members, ...(move?.members ?? [])].map(({ id }) => id);
    const isGone = (id: string): boolean =>
      !this.nodes.some((node) => node.lastId === id && isThere(node));
    return [...new Set([...places, ...leaving])].filter(
      (id) => !removed.includes(id) && isGone(id),
    );
  }

  /** It was a member and is none any more: its process has ended, or will. */
  hasDeparted({ lastId }: SimNode): boolean {
    const { newest } = this.chain;
    return newest !== undefined && this.chain.wasMember(lastId) && !isMember(newest, lastId);
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
      if (!this.hasDeparted(node)) node.start();
    }
  }

  /** Ends every process, so that nothing is left to run. */
  abandon(): void {
    this.restarts = false;
    for (const node of this.nodes) node.process?.die();
  }

  private makeNode(name: string, newcomer: Newcomer, founders: number): SimNode {
    const { host, zone, weight, join, replaces = '' } = newcomer;
    const { options, scheduler, random, trace, nats } = this;
    const disk = new SimDisk(random.fork(`${name}/disk`), {
      ...diskFaultsNone,
      syncUs: options.syncUs,
      commitUs: options.commitUs,
    });
    const nodeOptions: NodeOptions = {
      ...nodeOptionsDefault,
      name,
      host: host ?? `host-${name}`,
      ...(zone !== undefined && { zone }),
      ...(weight !== undefined && { weight }),
      dataDir: `/${name}`,
      partitions: options.partitions,
      durability: options.durability,
      founders,
      foundingRing: options.ring,
      join: join ?? options.join,
      defaults: { ...nodeOptionsDefault.defaults, ...options.defaults },
      buckets: options.buckets,
      tombstoneGraceMs: options.tombstoneGraceMs,
      uploadLeaseMs: options.uploadLeaseMs,
      scrubMemory: true,
      hintAgeMs: options.hintAgeMs,
      storeBounds: options.storeBounds,
    };
    this.connect(name);
    const node = new SimNode(
      name,
      disk,
      { driftPpm: 0, wallOffsetMs: 0 },
      {
        scheduler,
        random: random.fork('nodes'),
        trace,
        nats,
        compose: (seams) => composeNode(seams, { ...nodeOptions, ...this.tellsAnew(node) }),
        onComposed: (node, product) => {
          onDropped(product, (partition, states) =>
            this.moves.dropped(product.id === '' ? node.lastId : product.id, partition, states),
          );
          timeQuietly(product, () => this.scheduler.nowUs);
          this.onComposed?.(node, product);
        },
        onRead: ({ lastId }) => this.moves.restarted(lastId),
        onExit: (node, error) => this.exited(node, error),
      },
    );
    node.replaces = replaces;
    node.host = nodeOptions.host;
    node.zone = nodeOptions.zone;
    disk.onCommitted = (table, value) => {
      if (table === 'chain') this.watch.committed(node.node?.id ?? node.lastId, value);
    };
    this.all.push(node);
    for (const listener of this.newcomers) listener(node);
    return node;
  }

  /** Who comes to a cluster that is there with an empty disk is to found none, as newcomers are. */
  private tellsAnew({ replaces, wipedId }: SimNode): Partial<NodeOptions> {
    const isNew = wipedId !== undefined && this.chain.newest !== undefined;
    return { replaces, ...(isNew && { founders: 0 }) };
  }

  private exited(node: SimNode, error: Error | undefined): void {
    // One that was told so by others, while the operator got no answer.
    if (error?.message.includes('was removed from its cluster')) node.isRemoved = true;
    if (node.isRemoved || this.hasDeparted(node)) return;
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
