/**
 * The members of the cluster as this node knows them, and its own place among them: the parts of
 * this folder, put together.
 */
import { inject, injectable } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import type { BucketBook } from '../../actors/rules/bucket-book.js';
import {
  type Configuration,
  isMember,
  membersOf,
  type Place,
} from '../../actors/rules/configuration.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { Peers } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Metrics } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { Tables } from '../seams/table.js';
import { Configurations } from './configurations.js';
import type { Consent } from './consent.js';
import { RemovedError } from './departure.js';
import type { Driving } from './driving.js';
import { Outages } from './outages.js';
import { GossipExchange } from './gossip-exchange.js';
import { IdClaim } from './id-claim.js';
import { Identity, type IdentityOptions } from './identity.js';
import { KeptMembers } from './kept-members.js';
import { Learning } from './learning.js';
import { Life, type LifeEffects } from './life.js';
import { Lineage } from './lineage.js';
import { MemberView } from './member-view.js';
import { placeProblem } from './own-place.js';
import { peerGauges } from './peer-gauges.js';
import { PeerWatch, type PeerWatchOptions } from './peer-watch.js';
import { Problems } from './problems.js';
import { Reconciliation } from './reconciliation.js';
import type { Recovering } from './recovering.js';
import type { Removing } from './removing.js';
import { Roster } from './roster.js';
import { forkText, settingsOf } from './settings.js';
import { toldProblem } from './told-buckets.js';
import { Telling } from './telling.js';
import { TimeOfDay } from './time-of-day.js';

@injectable()
export class Membership {
  readonly problems = new Problems();
  readonly view: MemberView;
  readonly life: Life;
  readonly identity: Identity;
  readonly lineage: Lineage;
  readonly kept: KeptMembers;
  readonly configurations: Configurations;
  readonly consent: Consent;
  readonly removing: Removing;
  readonly recovering: Recovering;
  private readonly outages: Outages;
  /** As it was told at its start. */
  private readonly told: Omit<Place, 'id'>;
  private readonly toldBuckets: BucketBook;
  private readonly roster: Roster;
  private readonly watch: PeerWatch;
  private readonly telling: Telling;
  private readonly driving: Driving;
  private readonly exchange: GossipExchange;
  private readonly joinListeners: (() => void)[] = [];
  private readonly leftListeners: (() => void)[] = [];
  private readonly fatalListeners: ((error: Error) => void)[] = [];
  private startGeneration = 1;
  private endAsking: () => void = () => undefined;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Bus) private readonly bus: Bus,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(Clock) clock: Clock,
    @inject(Random) random: Random,
    @inject(Tables) tables: Tables,
    @inject(NodeOptions) options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(TimeOfDay) private readonly timeOfDay: TimeOfDay,
    @inject(LateWords) lateWords: LateWords,
    @inject(Metrics) metrics: Metrics,
  ) {
    const { name, host, zone, weight, pid, partitions, founders, join, replaces } = options;
    const { foundingRing } = options;
    const born = { generation: 1, heartbeat: 0, epochs: 0, status: 'joining' } as const;
    const wish = { join, replaces, ...(founders === 0 && { founds: false as const }) };
    const roster = new Roster({ ...born, id: peers.self, name, host, zone, weight, pid, wish });
    this.roster = roster;
    this.told = { name, host, zone, weight };
    this.toldBuckets = buckets.book;
    const { problems } = this;
    const watch = this.watching({ clock, hearing, lateWords, inspection });
    this.watch = watch;
    this.lineage = new Lineage({ peers, clock, roster });
    const { lineage } = this;
    const seams = { peers, clock, random, tables, inspection, roster, watch };
    const list = (): readonly NodeId[] => this.life.list;
    this.configurations = new Configurations({ ...seams, partitions, list });
    const { configurations } = this;
    const { chain, fence } = configurations;
    const tell = (node: NodeId): void => this.telling.tell(node, { asks: 'rows', rows: true });
    const reconciliation = new Reconciliation({ clock, roster, tell });
    const reconcile = (node: NodeId): void => reconciliation.with(node);
    this.view = new MemberView({ roster, watch, removed: fence.removed, partitions, reconcile });
    const { view } = this;
    const isReachable = (node: NodeId): boolean => view.reachability(node) !== 'down';
    const known = (): Configuration | undefined => chain.known;
    this.life = new Life(
      { ...seams, founders, foundingRing, wish, isReachable, known },
      this.effects(),
    );
    const { life } = this;
    const isBooked = (): boolean => chain.stored()?.buckets !== undefined;
    this.kept = new KeptMembers({ tables, buckets, roster, isBooked, vote: () => life.next });
    const instance = random.below(2 ** 32);
    const claimed = () => ({ instance, generation: this.startGeneration, pid });
    const claim = new IdClaim({ peers, clock, own: claimed });
    this.identity = this.identifying({ ...seams, claim, lineage });
    const { kept, identity } = this;
    this.outages = new Outages({ clock, problems, roster, graceMs: options.tombstoneGraceMs });
    const settings = settingsOf({ partitions, buckets });
    const parts = { ...seams, life, timeOfDay, identity, settings };
    const chainNews = () => configurations.news();
    this.telling = new Telling({ ...parts, bus, chain: chainNews });
    this.consent = configurations.consent();
    const { consent } = this;
    this.removing = configurations.removing(consent);
    this.recovering = configurations.recovering(watch);
    this.driving = configurations.driving({ buckets, view, problems, consent });
    const learning = new Learning(roster, watch, identity, view, this.telling.hanging);
    const { outages, telling, driving } = this;
    const own = { configurations, view, claim, lineage, kept, problems };
    const doing = { outages, learning, telling, consent, driving, metrics };
    this.exchange = new GossipExchange({ ...parts, ...own, ...doing });
    peerGauges(metrics, { roster, watch, isRemoved: (node) => fence.removed.has(node) });
    this.followChain();
  }

  /**
   * Takes up what the disk knows; who wants to know when this node has joined its cluster listens
   * before. Throws `RangeError` when N is not that of the data, and `MalformedError` when the
   * members on disk can't be read.
   */
  start(): void {
    const { roster, watch, kept, life } = this;
    const { chain } = this.configurations;
    const vote = kept.restore();
    for (const other of roster.otherIds) watch.watch(other);
    chain.load();
    this.comparePlace();
    const { isMember, departure } = chain;
    const hasDeparted = departure !== undefined;
    life.send({ type: 'disk.read', vote, known: roster.allIds, isMember, hasDeparted });
  }

  stop(): void {
    this.life.send({ type: 'node.stopping' });
  }

  /** This node may serve. */
  onJoined(listener: () => void): void {
    this.joinListeners.push(listener);
  }

  /** It is no member any more, having handed on all that it held: it is to end. */
  onLeft(listener: () => void): void {
    this.leftListeners.push(listener);
  }

  /** It must end: another process runs with its id, or it was removed. */
  onFatal(listener: (error: Error) => void): void {
    this.fatalListeners.push(listener);
  }

  /**
   * Whoever has the cluster go on hears now how far this node is with its move, instead of with one
   * of the next beats; its own word it looks at with each beat.
   */
  tellProgress(): void {
    const { driver } = this.driving;
    if (driver !== undefined && driver !== this.peers.self)
      this.telling.tell(driver, { asks: 'nothing' });
  }

  /** From NATS, and with it from everybody. */
  get isCutOff(): boolean {
    return this.exchange.isCutOff;
  }

  private watching(
    seams: Pick<PeerWatchOptions, 'clock' | 'hearing' | 'lateWords' | 'inspection'>,
  ): PeerWatch {
    return new PeerWatch({
      ...seams,
      isCutOff: () => this.isCutOff,
      probe: (peer) => this.telling.tell(peer, { asks: 'sign' }),
      onChange: (node, now) => this.exchange.reached(node, now),
    });
  }

  private identifying(parts: Omit<IdentityOptions, 'onRecalled' | 'onKnown' | 'end'>): Identity {
    return new Identity({
      ...parts,
      onRecalled: () => this.recalled(),
      onKnown: () => this.becameKnown(),
      end: (error) => this.end(error),
    });
  }

  private effects(): LifeEffects {
    return {
      listen: () => this.listen(),
      store: (done) => {
        this.roster.revision++;
        this.kept.save(done);
      },
      greet: () => {
        this.exchange.start();
        this.life.countMet();
      },
      awaitTime: () => this.timeOfDay.told(),
      tellAll: () => this.telling.tellAll('nothing'),
      tellSome: () => this.telling.spread(),
      configure: () => this.configurations.found(this.life.list, this.life.ring),
      join: () => {
        for (const listener of this.joinListeners) listener();
      },
      endAsDeparted: () => this.endAsDeparted(),
      fallSilent: () => {
        // It may be told to stop before it knows that it is alone with its id.
        this.endAsking();
        this.configurations.proposing.stop();
        this.configurations.chain.table.stop();
        this.exchange.stop();
        this.identity.stop();
        this.watch.stop();
      },
    };
  }

  private followChain(): void {
    const { problems, life, roster, configurations } = this;
    const { chain } = configurations;
    chain.onDeparture(() => life.send({ type: 'self.departed' }));
    chain.onLearned((configuration) => this.goBy(configuration));
    chain.onRecoveredApart((other) => {
      const names = membersOf(other).map((id) => roster.get(id)?.name ?? id);
      problems.report('recovery', forkText(names));
    });
  }

  private listen(): void {
    const { peers, bus, roster, kept, watch, exchange, identity, configurations } = this;
    this.startGeneration = roster.self.generation;
    kept.save();
    peers.onContact((peer, contact) => watch.contact(peer, contact));
    configurations.start();
    peers.handle('gossip', (call) => exchange.receive(call));
    bus.onStatus((status) => exchange.linked(status === 'connected'));
    this.endAsking = this.hearing.keepAsking();
    identity.start();
  }

  /** Who is a member, where data lie and from whom anything is taken follows from it. */
  private goBy(configuration: Configuration): void {
    this.buckets.goBy(configuration);
    this.compareBuckets(configuration);
    const { roster, watch, timeOfDay, outages, view, life, kept, configurations } = this;
    const { came, went } = roster.goBy(configuration);
    for (const node of came) watch.watch(node);
    for (const node of went) {
      watch.unwatch(node);
      timeOfDay.drop(node);
      outages.note(node, 'alive');
    }
    for (const node of configurations.fence.goBy(configuration, roster.markedIds)) {
      watch.remove(node);
      timeOfDay.drop(node);
      outages.note(node, 'down');
    }
    view.goBy(configuration);
    this.comparePlace();
    kept.save();
    const isOf = isMember(configuration, roster.self.id);
    life.send({ type: 'configuration.learned', isMember: isOf });
    if (configurations.chain.departure !== undefined) life.send({ type: 'departure.stored' });
    // Whoever drives waits for that before the move is over.
    if (configuration.move?.moved.length === configuration.partitions) this.tellProgress();
  }

  private comparePlace(): void {
    const problem = placeProblem(this.told, this.roster.self);
    if (problem === undefined) this.problems.clear('place');
    else this.problems.report('place', problem);
  }

  private compareBuckets(configuration: Configuration): void {
    const problem = toldProblem(this.toldBuckets, configuration.buckets);
    if (problem === undefined) this.problems.clear('told buckets');
    else this.problems.report('told buckets', problem);
  }

  private recalled(): void {
    this.startGeneration = this.roster.self.generation;
    this.kept.save();
    this.view.changed({ kind: 'ring' });
  }

  private becameKnown(): void {
    this.endAsking();
    this.life.send({ type: 'self.known' });
  }

  private endAsDeparted(): void {
    const { departure } = this.configurations.chain;
    if (departure?.kind !== 'left') return this.end(new RemovedError(departure));
    for (const listener of this.leftListeners) listener();
  }

  private end(error: Error): void {
    for (const listener of this.fatalListeners) listener(error);
  }
}
