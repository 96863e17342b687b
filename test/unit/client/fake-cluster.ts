/**
 * Scripted nodes on a simulated NATS in virtual time: they answer the ring and frames, and remember
 * what they were sent. What a store would do is not theirs: a node keeps the last values put, so
 * that gets have something to say.
 */
import type { Moment } from '../../../actors/rules/told-clock.js';
import type { Context as Versions } from '../../../actors/rules/versions.js';
import { actorOf } from '../../../actors/rules/actor.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { isReadAlike, placementOf, type Layout } from '../../../actors/rules/placement.js';
import { QuorateClient, type ClientOptions } from '../../../src/client/client.js';
import type { BusMessage } from '../../../src/seams/bus.js';
import {
  encodeGetReply,
  encodePutReply,
  encodeRefusal,
  type FrameRefusal,
  type GetFrameReply,
  type FrameValue,
  type ManifestPlace,
  type RowError,
} from '../../../src/wire/frame-replies.js';
import { type Frame } from '../../../src/wire/frames.js';
import { encodeContext } from '../../../src/wire/key-state-codec.js';
import { decodeClientFrame, encodeOwnReply, type OwnFrame } from '../../../src/wire/own-frames.js';
import { digestBytes } from '../../../src/wire/digest-codec.js';
import { encodeDocument } from '../../../src/wire/message-pack.js';
import { uploadOf, uploadText } from '../../../src/wire/part-names.js';
import {
  ringMessageOf,
  type RingNode,
  type RingResolvers,
} from '../../../src/wire/ring-message.js';
import { Scheduler, SimProcess } from '../../simulation/core/scheduler.js';
import { SimRandom } from '../../simulation/core/sim-random.js';
import { Trace } from '../../simulation/core/trace.js';
import { SimBus } from '../../simulation/seams/sim-bus.js';
import { SimClock } from '../../simulation/seams/sim-clock.js';
import { SimNats } from '../../simulation/seams/sim-nats.js';

export type Word =
  'answer' | 'silence' | Omit<FrameRefusal, 'kind' | 'clock'> | readonly RowError[];
/** What a node makes of a frame; `answer` unless told. */
export type Script = (frame: Frame, seen: number) => Word;

/** What a node makes of an own read; `answer` unless told. Bytes are published as they are. */
export type OwnScript = (frame: OwnFrame) => 'answer' | 'silence' | Buffer;

export interface SeenFrame {
  readonly atMs: number;
  readonly frame: Frame;
}

export const partitions = 12;
const empty = new Uint8Array(0);
/** The time a node takes for a frame. */
export const workUs = 1_000;

export class FakeNode {
  readonly id: string;
  readonly frames: SeenFrame[] = [];
  readonly own: OwnFrame[] = [];
  /** All nodes hold the same. */
  readonly values: Map<string, FrameValue>;
  script: Script = () => 'answer';
  ownScript: OwnScript = () => 'answer';
  /** Keys of which it holds another state than the others do. */
  readonly differs = new Set<string>();
  founded = true;
  /** Which one it goes by, and whether `kv.ring` tells another. */
  configuration = 7;
  toldConfiguration: number | undefined;
  clusterId: number | undefined;
  /** By which it answers own reads, and what `kv.ring` tells: see `FakeCluster.moving`. */
  layout: Layout;
  down: readonly number[] = [];
  process: SimProcess | undefined;
  probes = 0;
  replyBytesMax: number = limits.messageBytesMax;
  takesUs = workUs;
  /** How often it was started: names the process. */
  private lives = 0;
  private startedMs = 0;
  /** Frames of puts that were read after their moment. */
  unread = 0;
  /** Frames by another configuration. */
  misdirected = 0;
  /** Own reads of keys that it is no reader of; refused. */
  misread = 0;

  constructor(
    private readonly cluster: FakeCluster,
    readonly index: number,
  ) {
    this.id = String(index + 1).repeat(16);
    this.values = cluster.values;
    this.layout = { preferenceList: (partition) => cluster.startingAt(partition, cluster.ids) };
  }

  start(): void {
    const process = new SimProcess(`n${this.index}`);
    this.process = process;
    this.lives++;
    this.startedMs = this.cluster.nowMs;
    const bus = new SimBus(this.cluster.nats, process.name, process);
    bus.subscribe('kv.ring', ({ reply }) => bus.publish(reply, this.ring()), { queue: 'q' });
    bus.subscribe(`kv.frame.${this.id}`, (message) => this.take(bus, process, message));
    bus.subscribe('kv.put.>', (message) => this.begin(bus, message), { queue: 'q' });
  }

  kill(): void {
    this.process?.die();
  }

  /** As if it had been started anew, unnoticed. */
  restartClock(): void {
    this.lives++;
    this.startedMs = this.cluster.nowMs;
  }

  get clock(): Moment {
    const ms = Math.floor(this.cluster.nowMs - this.startedMs);
    return { process: 100 * (this.index + 1) + this.lives, ms };
  }

  keys(): string[] {
    return this.frames.flatMap(({ frame }) => frame.keys.map((key) => Buffer.from(key).toString()));
  }

  private ring(): Buffer {
    const { nodes } = this.cluster;
    if (!this.founded) return Buffer.alloc(0);
    const ring = ringMessageOf({
      epoch: this.toldConfiguration ?? this.configuration,
      cluster: this.clusterId,
      partitions,
      nodes: nodes.map(({ id, index, clock }): RingNode => {
        const reachability = this.down.includes(index) ? 'down' : 'alive';
        return { id, name: `n${index}`, host: `h${index}`, zone: '', reachability, clock };
      }),
      n: 3,
      r: 2,
      buckets: [],
      ...(this.cluster.resolvers !== undefined && { resolvers: this.cluster.resolvers }),
      layout: this.layout,
    });
    return encodeDocument(JSON.parse(JSON.stringify(ring)));
  }

  private take(bus: SimBus, process: SimProcess, message: BusMessage): void {
    const { reply } = message;
    if (message.data.length === 0) {
      this.probes++;
      const refusal = { code: 400, outcome: 'none', message: 'empty' } as const;
      bus.publish(reply, encodeRefusal({ ...refusal, clock: this.clock }));
      return;
    }
    // A copy: the bytes of a message are spoiled when its turn ends.
    const frame = decodeClientFrame(Buffer.from(message.data));
    if (frame.configuration !== null && frame.configuration !== this.configuration) {
      this.misdirected++;
      const refusal = { code: 421, outcome: 'none', message: 'another configuration' } as const;
      bus.publish(reply, encodeRefusal({ ...refusal, clock: this.clock }));
      return;
    }
    if (frame.kind === 'own' && !this.isReaderOf(frame)) {
      this.misread++;
      const refusal = { code: 503, outcome: 'none', message: 'no reader of the key' } as const;
      bus.publish(reply, encodeRefusal({ ...refusal, clock: this.clock }));
      return;
    }
    if (frame.kind === 'own') {
      this.own.push(frame);
      const word = this.ownScript(frame);
      if (word === 'silence') return;
      const answer = (): Buffer => (word === 'answer' ? this.tell(frame) : word);
      this.cluster.scheduler.in(this.takesUs, process, () => bus.publish(reply, answer()));
      return;
    }
    if (frame.kind === 'put' && this.isPast(frame.until)) {
      this.unread++;
      const refusal = { code: 504, outcome: 'none', message: 'late' } as const;
      bus.publish(reply, encodeRefusal({ ...refusal, clock: this.clock }));
      return;
    }
    const word = this.script(frame, this.frames.length);
    this.frames.push({ atMs: this.cluster.scheduler.nowUs / 1000, frame });
    if (word === 'silence') return;
    const { scheduler } = this.cluster;
    scheduler.in(this.takesUs, process, () => bus.publish(reply, this.answer(frame, word)));
  }

  /** Of uploads, which is all that is asked for plainly here. */
  private begin(bus: SimBus, message: BusMessage): void {
    if (message.header('Kv-Upload') !== 'begin') throw new Error('not the begin of an upload');
    const upload = uploadOf(this.cluster.nowMs, String(this.cluster.uploads++).padStart(10, '0'));
    bus.publish(message.reply, empty, { headers: { 'Kv-Upload': uploadText(upload) } });
  }

  /** Of what is answered about these keys. */
  private manifestsOf(keys: readonly Uint8Array[]): readonly ManifestPlace[] {
    const { manifests } = this.cluster;
    return keys.flatMap((bytes, row): ManifestPlace[] => {
      const places = manifests.get(Buffer.from(bytes).toString('latin1')) ?? [];
      return places.map((place) => [row, place] as const);
    });
  }

  private isReaderOf({ bucket, keys, side }: OwnFrame): boolean {
    return keys.every((bytes) => {
      const key = Buffer.from(bytes).toString('latin1');
      const partition = partitionOf({ bucket, key }, partitions);
      const placement = placementOf(this.layout, partition, 3);
      return isReadAlike(side, placement) && placement.readers.includes(this.id);
    });
  }

  private isPast(until: Moment | null): boolean {
    const { process, ms } = this.clock;
    return until?.process !== process || until.ms < ms;
  }

  /** A digest stands for a key's context, which each put changes. */
  private tell({ keys, whole }: OwnFrame): Buffer {
    const digests = Buffer.alloc(keys.length * digestBytes);
    const contexts: (Uint8Array | null)[] = [];
    const values: FrameValue[] = [];
    const errors: RowError[] = [];
    for (const [index, bytes] of keys.entries()) {
      const key = Buffer.from(bytes).toString('latin1');
      const context = this.cluster.contexts.get(key);
      const value = this.values.get(key) ?? null;
      digests.writeUInt32BE(context?.[0]?.counter ?? 0, index * digestBytes);
      if (this.differs.has(key)) digests[index * digestBytes + 7] = this.index + 1;
      contexts.push(context === undefined ? null : encodeContext(context));
      values.push(value);
      if (value === null)
        errors.push({ index, code: 404, outcome: 'none', message: 'no such key' });
    }
    const receipts = ['r=1/1 primaries=1 fallbacks=0 durability=sync'];
    const columns = { contexts, values, receipts, receiptOf: null, errors, clock: null };
    const shown = { kind: 'get', ...columns, ...this.manifestsColumn(keys) } as const;
    return encodeOwnReply({ digests, shown: whole ? shown : undefined }, this.replyBytesMax);
  }

  private answer(frame: Frame, word: Exclude<Word, 'silence'>): Buffer {
    if (word !== 'answer' && 'code' in word) return encodeRefusal({ ...word, clock: this.clock });
    const errors: RowError[] = word === 'answer' ? [] : [...word];
    const failed = new Set(errors.map(({ index }) => index));
    const contexts: (Uint8Array | null)[] = [];
    const values: FrameValue[] = [];
    for (const [i, bytes] of frame.keys.entries()) {
      const key = Buffer.from(bytes).toString('latin1');
      const known = this.values.get(key);
      if (failed.has(i)) {
        contexts.push(null);
        values.push(null);
      } else if (frame.kind === 'put') {
        this.values.set(key, frame.values[i]!);
        if (frame.manifests?.[i] === true) this.cluster.manifests.set(key, [0]);
        else this.cluster.manifests.delete(key);
        contexts.push(encodeContext(this.mint(key)));
      } else {
        const context = this.cluster.contexts.get(key);
        contexts.push(context === undefined ? null : encodeContext(context));
        values.push(known ?? null);
        if (known === undefined || known === null)
          errors.push({ index: i, code: 404, outcome: 'none', message: 'no such key' });
      }
    }
    const receipts = [
      `${frame.kind === 'put' ? 'w' : 'r'}=2/2 primaries=2 fallbacks=0 durability=sync`,
    ];
    const columns = { contexts, receipts, receiptOf: null, errors, clock: this.clock };
    return frame.kind === 'put'
      ? encodePutReply({ kind: 'put', ...columns }, this.replyBytesMax)
      : encodeGetReply(
          { kind: 'get', ...columns, values, ...this.manifestsColumn(frame.keys) },
          this.replyBytesMax,
        );
  }

  private manifestsColumn(keys: readonly Uint8Array[]): Pick<GetFrameReply, 'manifests'> {
    const manifests = this.manifestsOf(keys);
    return manifests.length === 0 ? {} : { manifests };
  }

  private mint(key: string): Versions {
    const counter = (this.cluster.contexts.get(key)?.[0]?.counter ?? 0) + 1;
    const context = [{ actor: actorOf(this.id, 1), counter }];
    this.cluster.contexts.set(key, context);
    return context;
  }
}

export class FakeCluster {
  readonly errors: unknown[] = [];
  /** As `kv.ring` tells of them. */
  resolvers: RingResolvers | undefined;
  readonly values = new Map<string, FrameValue>();
  readonly contexts = new Map<string, Versions>();
  /** By key, which of its values are manifests. */
  readonly manifests = new Map<string, readonly number[]>();
  uploads = 0;
  readonly scheduler = new Scheduler((error) => this.errors.push(error));
  readonly nats: SimNats;
  readonly nodes: readonly FakeNode[];
  readonly clientProcess = new SimProcess('client');
  private readonly random = new SimRandom('client');

  constructor(options: { readonly nodes?: number; readonly payloadBytesMax?: number } = {}) {
    const { nodes = 3, payloadBytesMax = 1024 * 1024 } = options;
    const trace = new Trace({ keep: false });
    this.nats = new SimNats(this.scheduler, new SimRandom('nats'), trace, {
      noise: { latencyUs: 100, lossPpm: 0, duplicatePpm: 0, reorderPpm: 0 },
      mapping: undefined,
      payloadBytesMax,
      pendingBytesMax: 64 * 1024 * 1024,
    });
    this.nodes = Array.from({ length: nodes }, (_, index) => new FakeNode(this, index));
  }

  get nowMs(): number {
    return this.scheduler.nowUs / 1000;
  }

  get ids(): string[] {
    return this.nodes.map(({ id }) => id);
  }

  /** A partition's list starts at its own place among these. */
  startingAt(partition: number, ids: readonly string[]): string[] {
    return ids.map((_, i) => ids[(partition + i) % ids.length]!);
  }

  /** Partitions move between nodes of these indexes; each list starts as `startingAt` says. */
  moving(from: readonly number[], to: readonly number[], moved: readonly number[]): Layout {
    const listOf = (indexes: readonly number[]) => (partition: number) =>
      this.startingAt(
        partition,
        indexes.map((index) => this.nodes[index]!.id),
      );
    const hasMoved = (partition: number): boolean => moved.includes(partition);
    return { preferenceList: listOf(from), next: { preferenceList: listOf(to), hasMoved } };
  }

  /** Nodes go by another layout from now on. */
  learn(configuration: number, layout: Layout, nodes: readonly FakeNode[] = this.nodes): void {
    for (const node of nodes) Object.assign(node, { configuration, layout });
  }

  client(options: ClientOptions = {}): QuorateClient {
    const process = this.clientProcess;
    const bus = new SimBus(this.nats, 'client', process);
    const clock = new SimClock(this.scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
    return new QuorateClient({ bus, clock, random: this.random }, options);
  }

  /** All nodes up, a client that knows the ring. */
  async ready(options: ClientOptions = {}): Promise<QuorateClient> {
    for (const node of this.nodes) node.start();
    await this.after(10);
    const client = this.client(options);
    await this.after(10);
    return client;
  }

  after(ms: number): Promise<void> {
    return this.scheduler.run({ endUs: this.scheduler.nowUs + ms * 1000 });
  }

  /** Runs virtual time until the promise has settled. */
  async settled<T>(promise: Promise<T>, msMax = 20_000): Promise<T> {
    let over = false;
    const mark = (): void => {
      over = true;
    };
    promise.then(mark, mark);
    const endUs = this.scheduler.nowUs + msMax * 1000;
    await this.scheduler.run({ endUs, until: () => over });
    if (!over) throw new Error(`not settled within ${msMax} ms of virtual time`);
    return promise;
  }

  /** The error a promise rejects with. */
  async failure(promise: Promise<unknown>): Promise<unknown> {
    return this.settled(
      promise.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  }
}
