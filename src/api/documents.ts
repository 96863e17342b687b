/**
 * Documents for clients and tools, as MessagePack or, with `Kv-Accept: json`, as JSON:
 * `kv.ring` from one node, `kv.status` from every node.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { nAfter } from '../../actors/rules/spread.js';
import { noMoment } from '../../actors/rules/told-clock.js';
import { Buckets } from '../buckets/buckets.js';
import { OwnTime } from '../bus/own-time.js';
import { ToldClocks } from '../bus/told-clocks.js';
import { MalformedError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { encodeDocument, type DocumentValue } from '../wire/message-pack.js';
import {
  ringMessageOf,
  type RingBucket,
  type RingMessage,
  type RingNode,
} from '../wire/ring-message.js';
import { headerNames, isInbox, Subjects } from '../wire/subjects.js';
import { textOf } from '../wire/text.js';
import { errorHeaders } from './headers.js';
import { NodeStatusSource, type NodeStatus } from './node-status.js';
import { Traffic } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = new Uint8Array(0);

@scoped(Lifecycle.ContainerScoped)
export class Documents {
  private readonly subscriptions: BusSubscription[] = [];
  private readonly ofThisTurn = new Map<string, Buffer>();

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(NodeStatusSource) private readonly node: NodeStatusSource,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(OwnTime) private readonly time: OwnTime,
    @inject(ToldClocks) private readonly clocks: ToldClocks,
    @inject(Clock) private readonly clock: Clock,
    @inject(WorkQueue) private readonly queue: WorkQueue,
  ) {}

  open(): void {
    const { ring, status } = new Subjects(this.options.prefix);
    this.subscriptions.push(
      this.queue.subscribe(ring, (message) => this.answer(message, 'ring')),
      this.bus.subscribe(status, (message) => this.answer(message, 'status')),
    );
  }

  close(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
  }

  private answer(message: BusMessage, document: 'ring' | 'status'): void {
    const { reply } = message;
    if (reply === '') return;
    if (!isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    let json: boolean;
    try {
      json = message.header(headerNames.accept) === 'json';
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.bus.publish(reply, nothing, { headers: errorHeaders(error, { write: false }) });
      return;
    }
    this.bus.publish(reply, this.encoded(document, json));
  }

  /**
   * Made once a turn of the event loop: 20 000 questions at once, one after the other, kept a node
   * from anything else for seconds.
   */
  private encoded(document: 'ring' | 'status', json: boolean): Buffer {
    const name = `${document} ${json}`;
    let bytes = this.ofThisTurn.get(name);
    if (bytes === undefined) {
      const value = documentOf(document === 'ring' ? this.ring() : this.node.status());
      bytes = json ? Buffer.from(JSON.stringify(value)) : encodeDocument(value);
      if (this.ofThisTurn.size === 0) this.clock.endOfTurn(() => this.ofThisTurn.clear());
      this.ofThisTurn.set(name, bytes);
    }
    return bytes;
  }

  private ring(): RingMessage {
    const { configuration, cluster, layout, sharesSubjects } = this.view;
    const { defaults, own } = this.buckets;
    const nodes: RingNode[] = [];
    for (const { id, name, host, zone, weight, status } of this.view.members())
      if (status !== 'left')
        nodes.push({
          id,
          name,
          host,
          zone,
          weight,
          reachability: this.view.reachability(id),
          ...(this.view.removed.has(id) && { removed: true as const }),
          ...this.view.standing(id),
          ...this.clockOf(id),
        });
    const buckets: RingBucket[] = [];
    const after: [string, number][] = [];
    for (const [bucket, { n, r, spread }] of own) {
      const name = textOf(bucket);
      if (name === undefined || (spread === defaults.spread && r === defaults.r)) continue;
      buckets.push([name, n, r]);
      if (spread !== n) after.push([name, nAfter(spread)]);
    }
    const others: string[] = [];
    for (const [bucket, { resolve }] of own) {
      const name = textOf(bucket);
      if (name !== undefined && resolve !== defaults.resolve) others.push(name);
    }
    const usual = defaults.resolve === 'service';
    const resized = {
      ...(defaults.spread !== defaults.n && { n: nAfter(defaults.spread) }),
      ...(after.length > 0 && { buckets: after }),
    };
    return ringMessageOf({
      epoch: configuration,
      cluster,
      sharesSubjects,
      partitions: this.options.partitions,
      nodes,
      n: defaults.n,
      r: defaults.r,
      buckets,
      ...((usual || others.length > 0) && { resolvers: { usual, others } }),
      layout,
      resized,
    });
  }

  private clockOf(id: NodeId): Pick<RingNode, 'clock'> {
    if (id === this.view.self.id) return { clock: this.time.now() };
    const nowMs = this.clock.monotonicMs();
    const clock = this.clocks.momentAt(id, nowMs, nowMs);
    return clock === noMoment ? {} : { clock };
  }
}

/**
 * Both are made of what documents are made of; interfaces lack the index signature that would say
 * so.
 */
function documentOf(value: RingMessage | NodeStatus): DocumentValue {
  return value as unknown as DocumentValue;
}
