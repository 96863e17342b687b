/**
 * Transfer: receives the partitions that move to this node, by the `transfer` machine, and tells
 * which it has received.
 *
 * A partition is *streamed* from one source, batch by batch in the order of its keys; where that
 * one falls silent, another goes on behind the last key. Who sent all of it is a source whose keys
 * this node has; so is one whose trees were compared with it (`tree-exchange.ts`). Between batches
 * it rests, as long as both sides want: the source says so, this node by its own `Pace`.
 */
import { inject, injectable } from 'tsyringe';
import { type Actor, createActor } from 'xstate';
import type { TransferEffects, TransferEvent } from '../../actors/replica/transfer.machine.js';
import { transferChart, type transferMachine } from '../../actors/replica/transfer.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import type { Direction } from '../../actors/rules/layout.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { isStreamed } from '../../actors/rules/transfer.js';
import { Buckets } from '../buckets/buckets.js';
import { goesByAnother, Peers, type CallId } from '../bus/peers.js';
import { MalformedError, QuorateError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import {
  offerOf,
  sentOf,
  transferBody,
  type SentStates,
  type TransferQuestion,
} from '../wire/protocol/transfer.js';
import { keyedStatesOf } from '../wire/state-batch.js';
import type { WireValue } from '../wire/wire-value.js';
import { BackgroundActor } from './background-actor.js';
import { Pace } from './pace.js';
import { Reception } from './reception.js';
import { TreeExchange } from './tree-exchange.js';

/** The source at hand, and what is left to be had from it. */
interface AtSource {
  readonly source: NodeId;
  readonly toStream: number[];
  readonly toCompare: number[];
}

@injectable()
export class Transfer implements TransferEffects {
  private readonly actor: BackgroundActor<Actor<typeof transferMachine>>;
  private layout: ConfigurationNumber;
  private direction: Direction | undefined;
  private reception: Reception;
  private at: AtSource = { source: '', toStream: [], toCompare: [] };
  private call: CallId | undefined;
  /** Counts what was asked, so that a callback that can't be taken back knows it is late. */
  private questions = 0;
  private readonly pace: Pace;
  private readonly listeners: (() => void)[] = [];
  private readonly counted: Readonly<Record<'partitions' | 'states' | 'bytes', Counter>>;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(TreeExchange) private readonly exchange: TreeExchange,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.actor = new BackgroundActor(() => createActor(transferChart(this), { clock }), inspection);
    this.counted = {
      partitions: metrics.counter('transfer.partitions', 'partitions received from their owners'),
      states: metrics.counter('transfer.states', 'states that were streamed to this node'),
      bytes: metrics.counter('transfer.bytes', 'bytes of them'),
    };
    this.pace = new Pace(clock, store);
    this.layout = view.configuration;
    this.direction = view.direction;
    this.reception = this.begun();
    view.onChange((change) => {
      if (change.kind === 'ring') this.followMoves();
      else if (change.now === 'down') this.reception.noteDown(change.node);
    });
  }

  start(): void {
    if (!this.actor.start()) return;
    this.followMoves();
  }

  stop(): void {
    if (this.actor.stop()) this.giveUp();
  }

  /**
   * Partitions of which this node has what their owners hold, by the layout it goes by now; durable
   * here. They stay received however the move goes on, unless more is wanted of this node by now.
   */
  received(): ReadonlySet<number> {
    return this.reception.received;
  }

  /**
   * Owners before that can be heard and do not answer: as far as the rules have it, partitions are
   * received without them.
   */
  unanswering(): readonly NodeId[] {
    return this.reception.unanswering();
  }

  /** Called when more was received. */
  onReceived(listener: () => void): void {
    this.listeners.push(listener);
  }

  choose(): void {
    const events = { chosen: 'lot.chosen', stuck: 'lot.stuck', none: 'lot.none' } as const;
    this.send({ type: events[this.reception.choose()] });
  }

  ask(): void {
    const { reception, layout, direction } = this;
    const source = reception.nextSource();
    if (source === undefined || direction === undefined) return this.send({ type: 'lot.had' });
    const partitions = reception.lotOf(source);
    this.at = { source, toStream: [], toCompare: [] };
    this.question({ kind: 'offer', layout, direction, partitions }, (body) => {
      const counts = offerOf(body, partitions.length);
      const { toStream, toCompare } = this.at;
      partitions.forEach((partition, i) => {
        const held = this.store.trees.keysOf(partition);
        const streams = reception.isStreaming(partition) || isStreamed(held, counts[i]!);
        (streams ? toStream : toCompare).push(partition);
      });
      this.send({ type: 'source.offered', ...this.left() });
    });
  }

  fetch(): void {
    const { layout, direction, reception, pace } = this;
    const [partition] = this.at.toStream;
    if (partition === undefined || direction === undefined)
      throw new Error('there is nothing to stream');
    if (this.store.refusal() !== undefined) return this.send({ type: 'store.refused' });
    const after = reception.reached(partition);
    this.question({ kind: 'states', layout, direction, partition, after }, (body) => {
      const sent = sentOf(body, after);
      const { length } = sent.batch;
      const stored = (states: number): void => {
        this.counted.states.value += states;
        this.counted.bytes.value += length;
        this.noteBatch(partition, sent);
        const restMs = Math.max(pace.restMs(), sent.restMs);
        this.send({ type: 'batch.stored', ...this.left(), restMs });
      };
      pace.work(() => {
        const states = this.checkedCount(sent, { partition, after });
        const onDurable = this.unlessGivenUp(() => stored(states));
        this.store.merge(sent.batch, {}, onDurable);
      });
    });
  }

  compare(): void {
    const { source, toCompare } = this.at;
    this.exchange.order({
      peer: source,
      partitions: [...toCompare],
      onEnd: (wentThrough) => {
        if (!wentThrough) return this.send({ type: 'source.silent' });
        for (const partition of toCompare) this.reception.noteHad(partition, source);
        this.send({ type: 'source.compared' });
      },
    });
  }

  leaveAlone(): void {
    const isOwnFault = this.store.refusal()?.reason === 'diskFull';
    this.reception.leaveAlone(this.at.source, { isOwnFault });
  }

  settle(): void {
    this.store.settled(
      this.unlessGivenUp(() => {
        const before = this.received().size;
        const isMore = this.reception.conclude();
        this.counted.partitions.value += this.received().size - before;
        if (isMore) for (const listener of this.listeners) listener();
        this.send({ type: 'lot.durable' });
      }),
    );
  }

  giveUp(): void {
    if (this.call !== undefined) this.peers.giveUp(this.call);
    this.call = undefined;
    this.exchange.withdraw();
    this.questions++;
  }

  private send(event: TransferEvent): void {
    this.actor.send(event);
  }

  private followMoves(): void {
    const { configuration, direction } = this.view;
    const isTurned = direction !== this.direction;
    this.direction = direction;
    if (configuration !== this.layout) this.reception = this.begun();
    else if (!isTurned) return this.send({ type: 'partitions.moved' });
    this.layout = configuration;
    this.send({ type: 'layout.changed' });
  }

  private begun(): Reception {
    const { view, options, buckets, clock } = this;
    return new Reception({
      self: this.peers.self,
      partitions: options.partitions,
      view,
      counts: () => buckets.replicaCounts,
      monotonicMs: () => clock.monotonicMs(),
    });
  }

  private left(): { readonly streams: number; readonly compares: number } {
    return { streams: this.at.toStream.length, compares: this.at.toCompare.length };
  }

  private noteBatch(partition: number, { upTo, isWhole }: SentStates): void {
    const { source, toStream, toCompare } = this.at;
    const now = this.reception.noteBatch(partition, { source, upTo, isWhole });
    if (now === 'goesOn') return;
    toStream.shift();
    if (now === 'toCompare') toCompare.push(partition);
  }

  /** How many states it has. Throws `MalformedError` on what was not asked for. */
  private checkedCount(
    { batch, upTo }: SentStates,
    asked: { readonly partition: number; readonly after: StorageKey },
  ): number {
    const states = keyedStatesOf(asBuffer(batch));
    let last = asked.after;
    for (const { key } of states) {
      if (partitionOfStorageKey(key) !== asked.partition || key <= last)
        throw new MalformedError('states of other keys than were asked for');
      last = key;
    }
    if (upTo !== '' && last > upTo) throw new MalformedError('states behind their end');
    return states.length;
  }

  private unlessGivenUp(callback: () => void): () => void {
    const { questions } = this;
    return () => {
      if (questions === this.questions) callback();
    };
  }

  private question(question: TransferQuestion, take: (body: readonly WireValue[]) => void): void {
    const { source } = this.at;
    this.call = this.peers.call(source, 'transfer', transferBody(question), (answer) => {
      this.call = undefined;
      if (goesByAnother(answer)) this.view.reconcile(source);
      if (answer.kind !== 'ok') return this.send({ type: 'source.silent' });
      try {
        take(answer.body);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
        const isSense = !(error instanceof MalformedError);
        this.send({ type: isSense ? 'store.refused' : 'source.silent' });
      }
    });
  }
}
