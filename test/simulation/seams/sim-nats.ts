/**
 * One simulated NATS: subjects with wildcards, queue groups, "no responders", subject mapping with
 * partitions, and everything that can go wrong between two of its clients.
 *
 * A connection is two ordered lanes, as TCP gives them: what is published in one turn of a process
 * travels together, and what is due together at a process is handled in one of its turns. Loss,
 * duplication and reordering come on top; they happen between processes, not on the way to the
 * server, so "no responders" stays truthful unless a cut of kind `split` makes the servers
 * disagree.
 */
import { crc32 } from 'node:zlib';
import type { BusMessage, BusStatus } from '../../../src/seams/bus.js';
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';
import type { Trace } from '../core/trace.js';
import { copyOf } from './copy-of.js';
import { withoutTraces } from './plain-payload.js';
import { type CutKind, SimServers } from './sim-servers.js';
import { SubjectTree } from './subject-tree.js';

/**
 * Chances in a million, drawn for each delivery. Only subjects in `noisy` are lost, doubled or
 * reordered.
 */
export interface BusNoise {
  latencyUs: number;
  lossPpm: number;
  duplicatePpm: number;
  reorderPpm: number;
}

export interface SimNatsOptions {
  readonly noise: BusNoise;
  /** Subject mapping of `nats.conf`; undefined: a server without it. */
  readonly mapping: { readonly prefix: string; readonly partitions: number } | undefined;
  readonly payloadBytesMax: number;
  /** Bytes the server keeps for a client before it cuts the connection. */
  readonly pendingBytesMax: number;
}

export interface Publication {
  readonly subject: string;
  readonly reply: string;
  payload: Buffer;
  /** CRC-32 of the payload without traces, once somebody needed it. */
  crc?: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** A message as its receiver has it. */
export interface Handed {
  /** '' where it is the server's own word. */
  readonly from: string;
  readonly to: string;
  readonly publication: Publication;
}

export interface Subscription {
  readonly order: number;
  readonly lane: Lane;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly handler: (message: BusMessage) => void;
}

/** What a connection of the client side hands to the server. */
export type Upward =
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'subscribe'; readonly subscription: Subscription }
  | { readonly kind: 'unsubscribe'; readonly subscription: Subscription }
  | { readonly kind: 'ping'; readonly onPong: () => void };

interface Delivery {
  readonly bytes: number;
  run(): Buffer | undefined;
}

interface Batch<T> {
  readonly madeUs: number;
  readonly dueUs: number;
  readonly items: T[];
}

/** The server's side of one connection; `SimBus` is the client's. */
export class Lane {
  connected = true;
  /** Raised by each disconnect: what was under way before it is lost. */
  session = 0;
  readonly subscriptions = new Set<Subscription>();
  pendingBytes = 0;
  onStatus: ((status: BusStatus) => void) | undefined;
  /** What to tell the server again after a reconnect. */
  onReconnect: (() => readonly Upward[]) | undefined;
  up: Batch<Upward> | undefined;
  down: Batch<Delivery> | undefined;
  /** Set: nothing goes through, and neither side knows. What the client has sent meanwhile. */
  stranded: Publication[] | undefined;
  /** Nobody reads any more what the server sends. */
  isDeaf = false;

  constructor(
    readonly name: string,
    readonly process: SimProcess,
  ) {}
}

export class SimNats {
  readonly servers = new SimServers();
  private readonly tree = new SubjectTree<Subscription>();
  private readonly lanes = new Set<Lane>();
  private readonly cuts = new Map<string, CutKind>();
  private readonly clogs = new Map<string, number>();
  private readonly holds = new Map<string, number>();
  /** When the last message comes out of a route that was put into one so far. */
  heldUntilUs = 0;
  private readonly lags = new Map<string, number>();
  /** End the connections that only the server believes in. */
  private readonly dead = new Set<() => void>();
  private nextOrder = 0;
  /** A request was put under the glass. */
  private hasTraces = false;
  /**
   * How long the server believes in the connection of a process that dies: a host that vanishes
   * says no good-bye.
   */
  lingerUs = 0;
  /** Sees every publication as the server takes it; for oracles. */
  readonly onPublish: ((from: string, publication: Publication) => void)[] = [];
  /** Told of what a client sends, when it does; for trace files. */
  readonly onSent: ((from: string, publication: Publication) => void)[] = [];
  /** Told of what is handed to a client; for trace files. */
  readonly onHanded: ((handed: Handed) => void)[] = [];
  /** Told of what goes to members of several queue groups. */
  readonly onDoubled: ((publication: Publication) => void)[] = [];

  constructor(
    readonly scheduler: Scheduler,
    private readonly random: SimRandom,
    private readonly trace: Trace,
    readonly options: SimNatsOptions,
  ) {}

  order(): number {
    return this.nextOrder++;
  }

  attach(name: string, process: SimProcess): Lane {
    const lane = new Lane(name, process);
    this.lanes.add(lane);
    process.atDeath(() => {
      const detach = (): void => this.detach(lane);
      if (this.lingerUs === 0) detach();
      else this.scheduler.in(this.lingerUs, undefined, detach);
    });
    return lane;
  }

  detach(lane: Lane): void {
    this.drop(lane);
    this.lanes.delete(lane);
  }

  // --- faults ---

  /** Messages from `from` no longer reach `to`; one way. */
  cut(way: { from: string; to: string }, kind: CutKind): void {
    this.cuts.set(wayOf(way), kind);
  }

  heal(way: { from: string; to: string }): void {
    this.cuts.delete(wayOf(way));
  }

  healAll(): void {
    this.cuts.clear();
    this.servers.healAll();
    this.clogs.clear();
    this.holds.clear();
    this.lags.clear();
    for (const end of this.dead) end();
  }

  /** Messages from `from` to `to` are held back until then. */
  clog(way: { from: string; to: string }, untilUs: number): void {
    this.clogs.set(wayOf(way), untilUs);
  }

  /**
   * They lie in a route between two servers until then, and reach whoever of `to` listens by that
   * time.
   */
  hold(way: { from: string; to: string }, untilUs: number): void {
    this.holds.set(wayOf(way), untilUs);
  }

  /**
   * The route from the server of the one to that of the other takes so much longer; 0: no longer.
   */
  lag(way: { from: string; to: string }, byUs: number): void {
    this.lags.set(wayOf(way), byUs);
  }

  /** Cuts the connection of a client, which comes back after `forUs`. */
  disconnect(name: string, options: { forUs: number; why: string }): void {
    for (const lane of this.lanes)
      if (lane.name === name && lane.connected) this.disconnectLane(lane, options);
  }

  /**
   * The connection of a client goes dead. It notices after `forUs` and has another one soon; the
   * server believes in the dead one for `lateUs` longer: what listened by it swallows its share,
   * and what was sent by it is read as late.
   */
  strand(name: string, { forUs, lateUs }: { forUs: number; lateUs: number }): void {
    for (const lane of this.lanes)
      if (lane.name === name && lane.connected && lane.stranded === undefined)
        this.strandLane(lane, { forUs, lateUs });
  }

  private strandLane(lane: Lane, { forUs, lateUs }: { forUs: number; lateUs: number }): void {
    const dead = new Lane(lane.name, lane.process);
    dead.isDeaf = true;
    for (const subscription of lane.subscriptions) {
      const left = { ...subscription, lane: dead };
      dead.subscriptions.add(left);
      this.tree.add(left.subject, left);
    }
    this.drop(lane);
    lane.connected = true;
    const stranded: Publication[] = [];
    lane.stranded = stranded;
    this.trace.add(this.scheduler.nowUs, lane.name, 'stranded');
    this.scheduler.in(forUs, undefined, () => {
      if (lane.stranded === stranded && lane.connected)
        this.disconnectLane(lane, { forUs: 250_000, why: 'stranded' });
    });
    const end = (): void => {
      if (!this.dead.delete(end)) return;
      this.trace.add(
        this.scheduler.nowUs,
        lane.name,
        `${stranded.length} sent by a dead connection`,
      );
      for (const publication of stranded) this.route(dead, publication);
      this.drop(dead);
    };
    this.dead.add(end);
    this.scheduler.in(forUs + lateUs, undefined, end);
  }

  /** The server goes away; everyone's connection breaks and comes back one by one. */
  restart(options: { forUs: number; spreadUs: number }): void {
    for (const lane of this.lanes) {
      if (!lane.connected) continue;
      const forUs = options.forUs + this.random.below(options.spreadUs + 1);
      this.disconnectLane(lane, { forUs, why: 'server restart' });
    }
  }

  /** A server is gone: its clients find another one, which is `to`. */
  loseServer(server: number, to: (client: string) => number): void {
    for (const lane of this.lanes) {
      if (this.servers.of(lane.name) !== server || !lane.connected) continue;
      this.disconnectLane(lane, { forUs: 250_000, why: `server ${server} is gone` });
    }
    for (const name of new Set(this.connectionNames()))
      if (this.servers.of(name) === server) this.servers.place(name, to(name));
  }

  connectionNames(): string[] {
    return [...this.lanes].map((lane) => lane.name);
  }

  private disconnectLane(lane: Lane, options: { forUs: number; why: string }): void {
    this.trace.add(this.scheduler.nowUs, lane.name, `disconnected: ${options.why}`);
    this.drop(lane);
    this.scheduler.in(0, lane.process, () => lane.onStatus?.('disconnected'));
    this.scheduler.in(options.forUs, undefined, () => this.reconnect(lane));
  }

  private reconnect(lane: Lane): void {
    if (!lane.process.alive || !this.lanes.has(lane)) return;
    lane.connected = true;
    this.trace.add(this.scheduler.nowUs, lane.name, 'reconnected');
    for (const item of lane.onReconnect?.() ?? []) this.take(lane, item);
    this.scheduler.in(0, lane.process, () => lane.onStatus?.('connected'));
  }

  private drop(lane: Lane): void {
    lane.connected = false;
    lane.stranded = undefined;
    lane.session++;
    lane.up = undefined;
    lane.down = undefined;
    lane.pendingBytes = 0;
    for (const subscription of lane.subscriptions)
      this.tree.remove(subscription.subject, subscription);
    lane.subscriptions.clear();
  }

  // --- from a client ---

  send(lane: Lane, item: Upward): void {
    if (item.kind === 'publish')
      for (const listener of this.onSent) listener(lane.name, item.publication);
    if (lane.stranded !== undefined) {
      if (item.kind === 'publish') lane.stranded.push(this.published(lane, item.publication));
      return;
    }
    const { nowUs } = this.scheduler;
    const open = lane.up;
    if (open !== undefined && open.madeUs === nowUs && open.dueUs > nowUs) {
      open.items.push(item);
      return;
    }
    const arrivalUs = nowUs + this.random.latency(this.options.noise.latencyUs);
    const dueUs = Math.max(arrivalUs, open?.dueUs ?? 0);
    const batch: Batch<Upward> = { madeUs: nowUs, dueUs, items: [item] };
    lane.up = batch;
    const { session } = lane;
    this.scheduler.in(dueUs - nowUs, undefined, () => {
      if (lane.session !== session) return;
      if (lane.up === batch) lane.up = undefined;
      for (const one of batch.items) this.take(lane, one);
    });
  }

  private take(lane: Lane, item: Upward): void {
    switch (item.kind) {
      case 'publish':
        this.route(lane, this.published(lane, item.publication));
        break;
      case 'subscribe':
        lane.subscriptions.add(item.subscription);
        this.tree.add(item.subscription.subject, item.subscription);
        break;
      case 'unsubscribe':
        if (lane.subscriptions.delete(item.subscription))
          this.tree.remove(item.subscription.subject, item.subscription);
        break;
      case 'ping':
        this.enqueue(lane, this.arrivalUs(lane), {
          bytes: 0,
          run: () => {
            item.onPong();
            return undefined;
          },
        });
    }
  }

  /** Told when it is sent, not when it is read: what a dead connection sent is no younger. */
  private published(from: Lane, sent: Publication): Publication {
    const subject = this.mapped(sent.subject);
    const publication = subject === sent.subject ? sent : { ...sent, subject };
    if (publication.headers?.['Kv-Trace'] !== undefined) this.hasTraces = true;
    for (const listener of this.onPublish) listener(from.name, publication);
    return publication;
  }

  private route(from: Lane, publication: Publication): void {
    const { subject } = publication;
    let queues: Map<string, Subscription[]> | undefined;
    let reached = 0;
    for (const subscription of this.tree.match(subject)) {
      if (this.cutOf(from, subscription.lane) === 'split') continue;
      reached++;
      if (subscription.queue === undefined) this.deliver(from, subscription, publication);
      else {
        queues ??= new Map();
        const members = queues.get(subscription.queue);
        if (members === undefined) queues.set(subscription.queue, [subscription]);
        else members.push(subscription);
      }
    }
    if (queues !== undefined) {
      for (const members of queues.values())
        this.deliver(from, this.random.pick(members), publication);
      if (queues.size > 1) for (const listener of this.onDoubled) listener(publication);
    }
    if (reached === 0 && publication.reply !== '') this.noResponders(from, publication);
  }

  /**
   * As nats-server does it: to the publisher alone, if it subscribes to the reply subject itself.
   */
  private noResponders(from: Lane, publication: Publication): void {
    if (from.isDeaf) return;
    const own = this.tree
      .match(publication.reply)
      .find(({ lane, queue }) => lane === from && queue === undefined);
    if (own === undefined) return;
    const answer: Publication = {
      subject: publication.reply,
      reply: '',
      payload: Buffer.alloc(0),
      headers: undefined,
    };
    this.enqueue(from, this.arrivalUs(from), this.delivery(own, answer, undefined));
  }

  private deliver(from: Lane, to: Subscription, publication: Publication): void {
    const { noise } = this.options;
    const { lane } = to;
    if (lane.isDeaf) return this.lost(publication, lane, 'dead');
    if (this.cutOf(from, lane) !== undefined) return this.lost(publication, lane, 'cut');
    const untilUs = this.inRouteUntilUs({ from: from.name, to: lane.name });
    if (untilUs > this.scheduler.nowUs) return this.holdBack(to, publication, { from, untilUs });
    let dueUs = this.arrivalUs(lane);
    if (this.clogs.size > 0) {
      const clogUs = this.clogs.get(wayOf({ from: from.name, to: lane.name }));
      if (clogUs !== undefined) dueUs = Math.max(dueUs, clogUs);
    }
    if (isNoisy(publication.subject)) {
      if (this.random.chance(noise.lossPpm)) return this.lost(publication, lane, 'lost');
      if (this.random.chance(noise.duplicatePpm))
        this.enqueue(lane, dueUs, this.delivery(to, publication, from));
      if (this.random.chance(noise.reorderPpm))
        return this.straggle(lane, this.delivery(to, publication, from));
    }
    this.enqueue(lane, dueUs, this.delivery(to, publication, from));
  }

  private inRouteUntilUs(way: { from: string; to: string }): number {
    if (this.holds.size === 0 && this.lags.size === 0) return 0;
    const name = wayOf(way);
    const lagUs = this.lags.get(name) ?? 0;
    return Math.max(this.holds.get(name) ?? 0, this.scheduler.nowUs + lagUs);
  }

  private holdBack(
    { lane, queue }: Subscription,
    publication: Publication,
    { from, untilUs }: { readonly from: Lane; readonly untilUs: number },
  ): void {
    this.heldUntilUs = Math.max(this.heldUntilUs, untilUs);
    this.scheduler.in(untilUs - this.scheduler.nowUs, undefined, () => {
      for (const to of this.tree.match(publication.subject))
        if (to.lane.name === lane.name && to.queue === queue && !to.lane.isDeaf)
          this.enqueue(to.lane, this.arrivalUs(to.lane), this.delivery(to, publication, from));
    });
  }

  private cutOf(from: Lane, to: Lane): CutKind | undefined {
    const route = this.servers.cutOf(from.name, to.name);
    if (route !== undefined || this.cuts.size === 0) return route;
    return this.cuts.get(wayOf({ from: from.name, to: to.name }));
  }

  private lost(publication: Publication, lane: Lane, why: string): void {
    this.trace.add(this.scheduler.nowUs, lane.name, `${why} ${publication.subject}`);
  }

  private delivery(
    to: Subscription,
    publication: Publication,
    /** undefined: the server, which says that nobody subscribes. */
    from: Lane | undefined,
  ): Delivery {
    const { subject, reply, headers } = publication;
    // A copy for each handler: its bytes are spoiled once the turn is over.
    const data = copyOf(publication.payload);
    const plain = this.hasTraces ? withoutTraces(subject, data) : data;
    const noResponders = from === undefined;
    return {
      bytes: plain.length + subject.length + 64,
      run: () => {
        if (!to.lane.subscriptions.has(to)) return undefined;
        const what = noResponders
          ? `no responders ${subject}`
          : `< ${subject} ${reply} ${plain.length} ${(publication.crc ??= crc32(plain))}`;
        this.trace.add(this.scheduler.nowUs, to.lane.name, what);
        for (const listener of this.onHanded)
          listener({ from: from?.name ?? '', to: to.lane.name, publication });
        to.handler({ subject, reply, data, noResponders, header: headerOf(headers) });
        return data;
      },
    };
  }

  // --- to a client ---

  private arrivalUs(lane: Lane): number {
    const arrivalUs = this.scheduler.nowUs + this.random.latency(this.options.noise.latencyUs);
    return Math.max(arrivalUs, lane.down?.dueUs ?? 0);
  }

  private enqueue(lane: Lane, dueUs: number, delivery: Delivery): void {
    lane.pendingBytes += delivery.bytes;
    if (lane.pendingBytes > this.options.pendingBytesMax) {
      this.disconnectLane(lane, { forUs: 2_000_000, why: 'slow consumer' });
      return;
    }
    const open = lane.down;
    if (open !== undefined && open.dueUs >= dueUs && open.dueUs > this.scheduler.nowUs) {
      open.items.push(delivery);
      return;
    }
    const batch: Batch<Delivery> = { madeUs: this.scheduler.nowUs, dueUs, items: [delivery] };
    lane.down = batch;
    this.schedule(lane, batch);
  }

  /** Out of order: overtaken by what comes later. */
  private straggle(lane: Lane, delivery: Delivery): void {
    lane.pendingBytes += delivery.bytes;
    const lateUs = this.random.between(1, 20) * this.options.noise.latencyUs;
    this.schedule(lane, {
      madeUs: this.scheduler.nowUs,
      dueUs: this.arrivalUs(lane) + lateUs,
      items: [delivery],
    });
  }

  private schedule(lane: Lane, batch: Batch<Delivery>): void {
    const { session } = lane;
    this.scheduler.in(batch.dueUs - this.scheduler.nowUs, lane.process, () => {
      if (lane.session !== session) return;
      if (lane.down === batch) lane.down = undefined;
      const used: Buffer[] = [];
      for (const delivery of batch.items) {
        lane.pendingBytes -= delivery.bytes;
        const data = delivery.run();
        if (data !== undefined && data.length > 0) used.push(data);
        if (!lane.process.alive) return;
      }
      // Behind the end-of-turn callbacks of the handlers: whoever kept a view past its turn now
      // sees garbage.
      if (used.length > 0)
        this.scheduler.in(0, lane.process, () => used.forEach((data) => data.fill(0xdb)));
    });
  }

  private mapped(subject: string): string {
    const { mapping } = this.options;
    if (mapping === undefined || !subject.startsWith(`${mapping.prefix}.`)) return subject;
    const tokens = subject.slice(mapping.prefix.length + 1).split('.');
    const verb = tokens[0]!;
    const mappable = tokens.length >= 3 && tokens.length <= 10;
    if (!mappable || (verb !== 'put' && verb !== 'get' && verb !== 'del')) return subject;
    const partition = partitionOfTokens(tokens.slice(1), mapping.partitions);
    return `${mapping.prefix}.p.${partition}.${tokens.join('.')}`;
  }
}

/**
 * Node to node and answers: what NATS' own clusters may drop. A request of a client is never
 * doubled: that would be a second request.
 */
function isNoisy(subject: string): boolean {
  return subject.startsWith('_');
}

function headerOf(
  headers: Readonly<Record<string, string>> | undefined,
): (name: string) => string | undefined {
  if (headers === undefined) return () => undefined;
  return (wanted) => {
    const lower = wanted.toLowerCase();
    for (const name in headers) if (name.toLowerCase() === lower) return headers[name];
    return undefined;
  };
}

function wayOf(way: { from: string; to: string }): string {
  return `${way.from}>${way.to}`;
}

/** Which partition `<bucket>.<key>` belongs to, by nats-server's `partition()`. */
export function partitionOfTokens(tokens: readonly string[], partitions: number): number {
  return fnv1a(tokens.join('')) % partitions;
}

/** The hash of nats-server's `partition()`, written down here a second time on purpose. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(text, 'latin1'))
    hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash);
}
