/**
 * The members of the cluster as this node knows them, and its own place among them: the parts of
 * this folder, put together.
 *
 * First form: nodes found a cluster together and stay its members. A node that comes later stays
 * `joining`: it knows the ring and holds no partitions. Which data moves when the ring changes is
 * not decided here, so the place of a founder (host, zone, weight) stays what it was when the
 * cluster began.
 */
import { inject, injectable } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { Peers } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Random } from '../seams/random.js';
import { Tables } from '../seams/table.js';
import { Outages } from './outages.js';
import { GossipExchange } from './gossip-exchange.js';
import { IdClaim } from './id-claim.js';
import { Identity } from './identity.js';
import { KeptMembers } from './kept-members.js';
import { Learning } from './learning.js';
import { Life, type LifeEffects } from './life.js';
import { Lineage } from './lineage.js';
import { MemberView } from './member-view.js';
import { PeerWatch } from './peer-watch.js';
import { Problems } from './problems.js';
import { Reconciliation } from './reconciliation.js';
import { Removals, removedError } from './removals.js';
import { Roster } from './roster.js';
import { settingsOf } from './settings.js';
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
  readonly removals: Removals;
  private readonly roster: Roster;
  private readonly watch: PeerWatch;
  private readonly telling: Telling;
  private readonly exchange: GossipExchange;
  private readonly joinListeners: (() => void)[] = [];
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
    @inject(Buckets) buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(TimeOfDay) private readonly timeOfDay: TimeOfDay,
    @inject(LateWords) lateWords: LateWords,
  ) {
    const { name, host, zone, weight, pid, partitions, founders: foundersMin } = options;
    const born = { generation: 1, heartbeat: 0, epochs: 0, status: 'joining' } as const;
    const roster = new Roster({ ...born, id: peers.self, name, host, zone, weight, pid });
    this.roster = roster;
    const { problems } = this;
    this.watch = new PeerWatch({
      clock,
      hearing,
      lateWords,
      inspection,
      isCutOff: () => this.isCutOff,
      probe: (peer) => this.telling.tell(peer, { hello: true }),
      onChange: (node, now) => this.exchange.reached(node, now),
    });
    const removed = new Set<NodeId>();
    const { watch } = this;
    const reconciliation = new Reconciliation({
      clock,
      roster,
      tell: (node) => this.telling.tell(node, { hello: true, rows: true }),
    });
    const reconcile = (node: NodeId): void => reconciliation.with(node);
    this.view = new MemberView({ roster, watch, removed, partitions, reconcile });
    const { view } = this;
    const isReachable = (node: NodeId): boolean => view.reachability(node) !== 'down';
    const seams = { clock, inspection, roster };
    this.life = new Life({ ...seams, foundersMin, isReachable }, this.effects());
    const { life } = this;
    this.kept = new KeptMembers({ tables, buckets, roster, problems, vote: () => life.next });
    this.lineage = new Lineage({ peers, clock, roster });
    const instance = random.below(2 ** 32);
    const claimed = () => ({ instance, generation: this.startGeneration, pid });
    const claim = new IdClaim({ peers, clock, own: claimed });
    const { kept, lineage } = this;
    this.identity = new Identity({
      ...seams,
      claim,
      lineage,
      onRecalled: () => this.recalled(),
      onKnown: () => this.becameKnown(),
      end: (error) => this.end(error),
    });
    const { identity } = this;
    const outages = new Outages({ clock, problems, roster, graceMs: options.tombstoneGraceMs });
    const settings = settingsOf({ partitions, buckets });
    const parts = { peers, clock, roster, watch, life, timeOfDay };
    this.telling = new Telling({ ...parts, bus, random, settings, identity });
    this.removals = new Removals({ ...parts, known: removed, kept, outages });
    const { telling, removals } = this;
    const learning = new Learning(roster, watch, identity, view);
    const own = { inspection, settings, view, identity, claim, lineage, kept, problems };
    this.exchange = new GossipExchange({ ...parts, ...own, outages, learning, telling, removals });
  }

  /**
   * Takes up what the disk knows; who wants to know when this node has joined its cluster listens
   * before. Throws `RangeError` when N is not that of the data, and `MalformedError` when the
   * members on disk can't be read.
   */
  start(): void {
    const { roster, watch, kept, life } = this;
    const vote = kept.restore();
    for (const other of roster.otherIds) watch.watch(other);
    const isRemoved = roster.self.removed === true;
    life.send({ type: 'disk.read', vote, known: roster.allIds, isRemoved });
  }

  stop(): void {
    this.life.send({ type: 'node.stopping' });
  }

  /** This node may serve. */
  onJoined(listener: () => void): void {
    this.joinListeners.push(listener);
  }

  /** It must end: another process runs with its id, or it was removed. */
  onFatal(listener: (error: Error) => void): void {
    this.fatalListeners.push(listener);
  }

  /** From NATS, and with it from everybody. */
  get isCutOff(): boolean {
    return this.exchange.isCutOff;
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
      tellAll: () => this.telling.tellAll({ hello: false }),
      tellSome: () => this.telling.spread(),
      activate: (founders) => this.roster.activate(founders),
      takePlace: () => this.view.review(),
      join: () => {
        for (const listener of this.joinListeners) listener();
      },
      endAsRemoved: () => this.end(removedError()),
      fallSilent: () => {
        // It may be told to stop before it knows that it is alone with its id.
        this.endAsking();
        this.exchange.stop();
        this.identity.stop();
        this.watch.stop();
      },
    };
  }

  private listen(): void {
    const { peers, bus, roster, removals, view, kept, watch, exchange, identity } = this;
    this.startGeneration = roster.self.generation;
    removals.restore();
    view.review();
    kept.save();
    peers.onContact((peer, contact) => watch.contact(peer, contact));
    removals.start();
    peers.handle('gossip', (call) => exchange.receive(call));
    bus.onStatus((status) => exchange.linked(status === 'connected'));
    this.endAsking = this.hearing.keepAsking();
    identity.start();
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

  private end(error: Error): void {
    for (const listener of this.fatalListeners) listener(error);
  }
}
