/**
 * The way in for those who watch: `kv.watch.<bucket>`, and where they acknowledge. Any node serves
 * any watch. Form of the messages: `src/guide/watching.md`.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { ByteString } from '../../actors/rules/key.js';
import { KeyPattern } from '../../actors/rules/key-pattern.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { Buckets } from '../buckets/buckets.js';
import { bucketRefusal } from '../coordinator/bucket-refusal.js';
import { MalformedError, OverloadedError, QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { FeedPeers } from '../watch/feed-peers.js';
import { Pulses } from '../watch/pulses.js';
import { WatchSession, type SessionParts } from '../watch/session.js';
import { watchInstruments } from '../watch/watch-instruments.js';
import { isInbox, Subjects } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';
import { endWord, watchHeaders } from '../wire/watch-messages.js';
import { errorHeaders } from './headers.js';
import { checkBucket, checkText } from './names.js';
import { Traffic } from './traffic.js';
import { watchDemands } from './watch-demands.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

@scoped(Lifecycle.ContainerScoped)
export class WatchApi {
  private readonly subjects: Subjects;
  private readonly sessions = new Map<string, WatchSession>();
  private readonly subscriptions: BusSubscription[] = [];
  private readonly parts: SessionParts;
  private readonly self: string;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(WorkQueue) private readonly queue: WorkQueue,
    @inject(Random) private readonly random: Random,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(FeedPeers) peers: FeedPeers,
    @inject(Pulses) pulses: Pulses,
    @inject(ClusterView) view: ClusterView,
    @inject(Clock) clock: Clock,
    @inject(Inspection) inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.subjects = new Subjects(options.prefix);
    this.self = peers.self;
    const instruments = watchInstruments(metrics, () => this.sessions.size);
    const { partitions } = options;
    const following = { peers, pulses, view, buckets, clock, partitions };
    this.parts = { ...following, bus, inspection, instruments };
  }

  open(): void {
    const { subjects } = this;
    this.subscriptions.push(
      this.queue.subscribe(subjects.watch('*'), (message) => this.asked(message)),
      this.bus.subscribe(subjects.watching(this.self), (message) => this.acknowledged(message)),
    );
  }

  /** All watches are told that they end here. */
  close(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
    for (const session of this.sessions.values()) session.stop();
  }

  private asked(message: BusMessage): void {
    const { reply } = message;
    if (reply === '') return;
    if (!isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    try {
      this.begin(message);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const headers = { [watchHeaders.word]: 'ended', ...errorHeaders(error, { write: false }) };
      this.bus.publish(reply, nothing, { headers });
    }
  }

  private begin({ subject, data, reply }: BusMessage): void {
    const { sessions } = this;
    checkText(subject);
    const name = subject.slice(subject.lastIndexOf('.') + 1);
    const bucket: ByteString = byteStringOf(name);
    checkBucket(bucket);
    const { refused } = this.buckets.of(bucket);
    if (refused !== undefined) throw bucketRefusal(refused, { bucket });
    const { keys, include, values, places } = watchDemands(data, this.options.partitions);
    const pattern = KeyPattern.of(byteStringOf(keys));
    if (pattern === undefined)
      throw new MalformedError('keys is a pattern of keys as NATS has it: orders.>, *.new');
    if (sessions.size >= watchLimits.watchesMax)
      throw new OverloadedError(`this node serves ${watchLimits.watchesMax} watches already`);
    const id = this.random.bytes(8).toString('hex');
    const session = new WatchSession(
      this.parts,
      {
        reply,
        acknowledgeTo: this.subjects.watching(this.self, name, id),
        filter: { bucket, pattern, values, deleted: include === 'history' },
        from: { places, keys: include !== 'updates' },
      },
      () => sessions.delete(id),
    );
    sessions.set(id, session);
    session.start();
  }

  /** Whatever anybody sends here: at most a watch goes on or ends whose name its author knows. */
  private acknowledged({ subject, data }: BusMessage): void {
    const session = this.sessions.get(subject.slice(subject.lastIndexOf('.') + 1));
    if (session === undefined || data.length > watchLimits.acknowledgementBytesMax) return;
    const text = Buffer.from(data).toString('latin1');
    if (text === endWord) session.leave();
    else if (/^\d*$/.test(text)) session.acknowledged(Number(text));
  }
}
