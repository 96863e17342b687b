/**
 * Hinted handoff: looks at regular times for what this node owes and to whom, and runs one
 * `handoff` machine per target.
 *
 * A hint whose target stays away longer than `hintAgeMs`, or has used up half of its share of the
 * room, or was removed, or does not own the key any more, is re-homed: its states go to all other
 * owners, and only when each of them has acknowledged is the hint settled. From then on as many
 * primaries hold the state as the cluster has, and the target gets it by tree exchange. Until then
 * it stays, whatever its age: a hint is never dropped.
 */
import { inject, injectable } from 'tsyringe';
import type { ActorRefFrom } from 'xstate';
import { createActor } from 'xstate';
import type { HandoffEffects, HandoffEvent } from '../../actors/replica/handoff.machine.js';
import { handoffChart, type handoffMachine } from '../../actors/replica/handoff.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { isReplica, type Placement } from '../../actors/rules/placement.js';
import { heirsOf } from '../../actors/rules/routing.js';
import { Buckets } from '../buckets/buckets.js';
import { Peers } from '../bus/peers.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import type { TimerId } from '../seams/clock.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Journal } from '../seams/journal.js';
import { Metrics, type Counter } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { Tracing } from '../seams/tracing.js';
import { Store } from '../store/store.js';
import { Delivery } from './hint-delivery.js';
import { ToldDebts } from './told-debts.js';

@injectable()
export class Handoff {
  private readonly actors = new Map<NodeId, ActorRefFrom<typeof handoffMachine>>();
  private timer: TimerId;
  private readonly debts: ToldDebts;
  private readonly counted: Readonly<Record<'delivered' | 'rehomed' | 'failures', Counter>>;

  constructor(
    @inject(Store) private readonly store: Store,
    @inject(Peers) private readonly peers: Peers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) private readonly random: Random,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) private readonly inspection: Inspection,
    @inject(Metrics) metrics: Metrics,
    @inject(Tracing) private readonly tracing: Tracing,
    @inject(Journal) journal: Journal,
  ) {
    this.debts = new ToldDebts(store.hints, view, journal);
    this.counted = {
      delivered: metrics.counter('handoff.delivered', 'hints their primary took'),
      rehomed: metrics.counter('handoff.rehomed', 'hints all other primaries took instead'),
      failures: metrics.counter('handoff.failures', 'batches of hints that were not taken'),
    };
    view.onChange((change) => {
      if (this.timer === undefined || change.kind !== 'reachability') return;
      if (change.now === 'alive' && store.hints.targets().includes(change.node))
        this.note(change.node);
    });
  }

  start(): void {
    if (this.timer === undefined) this.scan();
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = undefined;
    for (const target of this.actors.keys()) this.dismiss(target);
  }

  private scan(): void {
    const targets = this.store.hints.targets().sort();
    this.debts.review(targets);
    for (const target of targets) this.note(target);
    this.timer = this.clock.setTimeout(() => this.scan(), limits.handoffScanMs);
  }

  private note(target: NodeId): void {
    if (this.mayHaveIt(target)) this.actorFor(target).send({ type: 'target.reachable' });
    else if (this.isOverdue(target)) this.actorFor(target).send({ type: 'hints.overdue' });
  }

  private mayHaveIt(target: NodeId): boolean {
    return this.isMember(target) && this.view.reachability(target) === 'alive';
  }

  private isOverdue(target: NodeId): boolean {
    const { hints } = this.store;
    const { oldestMs } = hints.counters(target);
    return (
      !this.isMember(target) ||
      oldestMs > this.options.hintAgeMs ||
      hints.isCrowded(target) ||
      // It needn't come back for them; and who leaves does not wait for anybody to come back.
      !this.ownsAny(target) ||
      this.view.isLeaving
    );
  }

  private ownsAny(node: NodeId): boolean {
    for (let partition = 0; partition < this.options.partitions; partition++)
      if (isReplica(this.view.placement(partition, this.buckets.largest), node)) return true;
    return false;
  }

  private isMember(target: NodeId): boolean {
    return this.view.holders().includes(target);
  }

  private actorFor(target: NodeId): ActorRefFrom<typeof handoffMachine> {
    const running = this.actors.get(target);
    if (running !== undefined) return running;
    const delivery = this.deliveryTo(target, (event) => this.actors.get(target)?.send(event));
    const actor = createActor(handoffChart(delivery), {
      clock: this.clock,
      id: `handoff-${target}`,
    });
    this.inspection.attach(actor);
    this.actors.set(target, actor);
    actor.subscribe({ complete: () => this.dismiss(target) });
    actor.start();
    return actor;
  }

  private dismiss(target: NodeId): void {
    const actor = this.actors.get(target);
    if (actor === undefined) return;
    this.actors.delete(target);
    this.inspection.detach(actor);
    actor.stop();
  }

  private deliveryTo(target: NodeId, send: (event: HandoffEvent) => void): HandoffEffects {
    const { view } = this;
    const heirs = (key: StorageKey): readonly NodeId[] | undefined =>
      heirsOf(this.placementOf(key), view, { self: this.peers.self, target });
    return new Delivery(
      { store: this.store, peers: this.peers, target, send },
      {
        get configuration() {
          return view.configuration;
        },
        isOwner: (key) => isReplica(this.placementOf(key), target),
        heirsOf: heirs,
        differs: (node) => view.reconcile(node),
        jitter: () => this.random.below(1024) / 1024,
        settled: (records, delivered) => {
          if (!this.tracing.owesSome) return;
          for (const record of records) {
            const { key } = record;
            const to = delivered.has(record) ? [target] : (heirs(key) ?? []);
            this.tracing.handedOff(target, [key], to);
          }
        },
        count: (what, records) => {
          this.counted[what].value += records;
          if (what !== 'failures') this.debts.paid(target, what, records);
        },
      },
    );
  }

  private placementOf(key: StorageKey): Placement {
    const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
    return this.view.placement(partitionOfStorageKey(key), n);
  }
}
