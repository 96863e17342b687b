/**
 * Where a node's insight is asked for, with the nodes' password: applications can't publish there.
 *
 *   `_kv.<node>.insight`     MessagePack map in, MessagePack map out: `src/insight/README.md`
 *
 * Whatever is asked, the answer is bounded, and nothing that is asked reaches further than this.
 */
import { inject, injectable } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import { NodeAddress } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import { Membership } from '../membership/membership.js';
import { NodeOptions } from '../options/node-options.js';
import { TreeExchange } from '../replica/tree-exchange.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { sketchOf } from '../seams/chart-sketch.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics } from '../seams/metrics.js';
import { ShownShare } from '../seams/shown-share.js';
import { Store } from '../store/store.js';
import { encodeDocument, type DocumentValue } from '../wire/message-pack.js';
import { isInbox, nodeSubject } from '../wire/subjects.js';
import { askOf, type Ask } from './asks.js';
import { countWithin } from './bytes-within.js';
import { keyCopy, keysPage } from './key-copies.js';
import type { Note } from './notes.js';
import { Timeline } from './timeline.js';
import { TraceRecorder, type Kept } from './trace-recorder.js';
import { Watchers } from './watchers.js';

type Answer = { readonly [field: string]: unknown };

@injectable()
export class InsightDesk {
  private readonly watchers: Watchers;
  private readonly timeline: Timeline;
  private readonly kept: ShownShare;
  private subscription: BusSubscription | undefined;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(NodeAddress) private readonly address: NodeAddress,
    @inject(Clock) private readonly clock: Clock,
    @inject(Store) private readonly store: Store,
    @inject(Membership) private readonly membership: Membership,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Inspection) private readonly inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
    @inject(TraceRecorder) private readonly traces: TraceRecorder,
    @inject(TreeExchange) private readonly exchange: Pick<TreeExchange, 'differing'>,
  ) {
    const { id: self } = address;
    const { view } = membership;
    this.watchers = new Watchers({ clock, bus, inspection, self });
    this.kept = new ShownShare(clock, insightLimits.keptToldPerSecond);
    const ill = (): string | undefined => this.illness();
    this.timeline = new Timeline({ clock, self, view, metrics, hints: store.hints, ill });
  }

  start(): void {
    const { watchers, timeline, traces } = this;
    timeline.onEvent = (note) => watchers.tell(note);
    traces.onNote = (note) => watchers.tell(note);
    traces.shows = () => watchers.showsTrace();
    traces.onKept = (kept) => this.tellKept(kept);
    this.membership.problems.onReport((text) => timeline.add('ill', text));
    timeline.start();
    const subject = nodeSubject(this.address.prefix, this.address.id, 'insight');
    this.subscription = this.bus.subscribe(subject, (message) => this.asked(message));
  }

  stop(): void {
    this.subscription?.unsubscribe();
    this.timeline.stop();
    this.watchers.stop();
    this.traces.wish({ rate: 0, slowMs: 0, failed: false });
  }

  /** Some of them: a node that is overloaded has little else in its time line otherwise. */
  private tellKept({ what, text, id }: Kept): void {
    if (this.kept.shows()) this.timeline.add(what, text, undefined, { trace: id });
  }

  private asked({ data, reply }: BusMessage): void {
    if (!isInbox(reply)) return;
    const bytesMax = Math.min(limits.messageBytesMax, this.bus.payloadBytesMax);
    const answer = this.answerTo(data);
    const fits = answer.length <= bytesMax;
    this.bus.publish(reply, fits ? answer : encodeDocument({ error: 'it does not fit a message' }));
  }

  private answerTo(data: Uint8Array): Buffer {
    try {
      return encodeDocument(this.done(askOf(data)) as DocumentValue);
    } catch (error) {
      const isNo = error instanceof QuorateError;
      const text = isNo ? error.message : `this node failed at it: ${String(error)}`;
      return encodeDocument({ error: text });
    }
  }

  private done(ask: Ask): Answer {
    const { store, traces, watchers } = this;
    const { partitions } = this.options;
    switch (ask.ask) {
      case 'watch':
        watchers.watch(ask.to, ask.charts, ask.leaseMs);
        return { until: this.clock.wallMs() + ask.leaseMs };
      case 'view':
        return this.view();
      case 'timeline':
        return this.timeline.since(ask.after);
      case 'trace':
        return { notes: within(traces.notesOf(ask.id) ?? []) };
      case 'traces':
        return { traces: within(traces.summaries()) };
      case 'sample':
        return { ...traces.wish(ask.wish) };
      case 'key':
        return keyCopy(store, ask, partitions);
      default:
        return keysPage({ store, clock: this.clock }, ask, partitions);
    }
  }

  /** How this node sees the others, and where its charts are. */
  private view(): Answer {
    const { store, membership, address } = this;
    const { view } = membership;
    const others = view.members().filter(({ id }) => id !== address.id);
    const reach = others.map(({ id }) => [id, view.reachability(id)] as const);
    const owed = store.hints.targets().map((id) => [id, store.hints.counters(id).count] as const);
    return {
      reach: Object.fromEntries(reach),
      absent: others.filter(({ id }) => view.isAbsent(id)).map(({ id }) => id),
      hints: Object.fromEntries(owed),
      differing: this.exchange.differing.slice(0, insightLimits.differingMax),
      watchers: this.watchers.count,
      charts: within(this.charts()),
    };
  }

  private charts(): Note[] {
    const atUs = Math.round(this.clock.wallMs() * 1000);
    const base = { atUs, node: this.address.id };
    return this.inspection.attachedCharts().flatMap((actor) => {
      const sketch = sketchOf(actor, 'xstate.init', actor.getSnapshot());
      return sketch?.kind === 'chart' ? [{ ...sketch, ...base }] : [];
    });
  }

  private illness(): string | undefined {
    if (this.membership.isCutOff) return 'this node hears nobody: it is cut off';
    return this.store.refusal()?.message;
  }
}

/** As many from the first on as an answer has room for. */
function within<T>(values: readonly T[]): readonly T[] {
  const { answerBytesMax, answerNotesMax } = insightLimits;
  return values.slice(0, Math.min(answerNotesMax, countWithin(values, answerBytesMax)));
}
