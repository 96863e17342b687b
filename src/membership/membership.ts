/**
 * The members of the cluster as this node knows them: gossip, founding, the failure detector, and the ring that follows.
 *
 * First form: nodes found a cluster together and stay its members. A node that comes later stays `joining`: it knows the
 * ring and holds no partitions. Which data moves when the ring changes is not decided here, so the place of a
 * founder (host, zone, weight) stays what it was when the cluster began.
 */
import { type ActorRefFrom, createActor } from 'xstate';
import { inject, injectable } from 'tsyringe';
import { gossipMachine } from '../../actors/membership/gossip.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import type { Placement } from '../../actors/rules/placement.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { type IncomingCall, Peers } from '../bus/peers.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Inspection } from '../seams/inspection.js';
import { Random } from '../seams/random.js';
import { Tables } from '../seams/table.js';
import { gossipOf } from '../wire/protocol/gossip.js';
import type { Settings } from '../wire/protocol/news.js';
import type { ClusterChange, ClusterView, Member, Reachability, Ring } from './cluster-view.js';
import { Absences } from './absences.js';
import { Founding } from './founding.js';
import { IdClaim, twinError } from './id-claim.js';
import { Learning } from './learning.js';
import { Lineage } from './lineage.js';
import { type KnownCluster, MemberTable } from './member-table.js';
import { PeerWatch } from './peer-watch.js';
import { Problems } from './problems.js';
import { Removals, removedError } from './removals.js';
import { RingCache } from './ring-cache.js';
import { Roster } from './roster.js';
import { type Holds, type Replicas, replicasConflict, replicasOf } from './replicas.js';
import { isCompatible, settingsOf } from './settings.js';
import { Telling } from './telling.js';
import { TimeOfDay } from './time-of-day.js';

/** Nodes that are started together need a moment to find each other; after so many beats it is worth a word. */
const patienceBeats = 5;

@injectable()
export class Membership implements ClusterView {
  readonly problems = new Problems();
  private readonly roster: Roster;
  private readonly founding: Founding;
  private readonly table: MemberTable;
  private readonly watch: PeerWatch;
  private readonly rings: RingCache;
  private readonly claim: IdClaim;
  private readonly gossip: ActorRefFrom<typeof gossipMachine>;
  private readonly settings: Settings;
  private readonly instance: number;
  private readonly listeners: ((change: ClusterChange) => void)[] = [];
  private readonly fatalListeners: ((error: Error) => void)[] = [];
  /** `asked`: this node may serve, as far as its past goes. */
  readonly lineage: Lineage;
  private readonly learning: Learning;
  private readonly telling: Telling;
  private readonly absences: Absences;
  readonly removals: Removals;
  private readonly replicas: Replicas;
  /** Of this node's store. */
  holds: Holds = () => false;
  private startGeneration = 1;
  private stopped = false;
  /** What `start` waits for has come. */
  isStarted = false;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Bus) private readonly bus: Bus,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) random: Random,
    @inject(Tables) tables: Tables,
    @inject(NodeOptions) options: NodeOptions,
    @inject(Buckets) buckets: Buckets,
    @inject(Inspection) inspection: Inspection,
    @inject(TimeOfDay) private readonly timeOfDay: TimeOfDay,
    @inject(LateWords) lateWords: LateWords,
  ) {
    const { name, host, zone, weight, pid, partitions } = options;
    const born = { generation: 1, heartbeat: 0, epochs: 0, status: 'joining' } as const;
    this.roster = new Roster({ ...born, id: peers.self, name, host, zone, weight, pid });
    this.lineage = new Lineage({ peers, clock, roster: this.roster });
    this.settings = settingsOf({ partitions, buckets });
    this.replicas = replicasOf(buckets);
    this.instance = random.below(2 ** 32);
    this.table = new MemberTable(tables, () => this.known());
    this.rings = new RingCache(partitions);
    this.watch = new PeerWatch({
      clock,
      hearing,
      lateWords,
      inspection,
      probe: (peer) => this.telling.tell(peer, { hello: true }),
      onChange: (node, now) => this.reached(node, now),
    });
    const { problems, roster } = this;
    this.absences = new Absences({ clock, problems, roster, graceMs: options.tombstoneGraceMs });
    this.learning = new Learning(roster, this.watch, this.lineage, clock);
    this.founding = new Founding({
      roster: this.roster,
      foundersMin: options.founders,
      isReachable: (node) => this.reachability(node) !== 'down',
      save: (done) => this.table.save(done),
      tell: () => this.telling.tellAll({ hello: false }),
      onFounded: () => {
        this.placesChanged();
        this.telling.tellAll({ hello: false });
      },
    });
    const { settings, watch, founding, lineage, table, absences } = this;
    const known = { peers, clock, roster, founding, watch, timeOfDay };
    this.telling = new Telling({ ...known, bus, random, settings, lineage });
    this.removals = new Removals({ ...known, table, absences, end: (error) => this.end(error) });
    this.claim = new IdClaim({
      peers,
      clock,
      own: () => ({ instance: this.instance, generation: this.startGeneration, pid }),
      onTwin: (twin) => this.end(twinError(peers.self, twin)),
    });
    const actions = {
      greet: () => this.telling.tellAll({ hello: true }),
      beat: () => this.beat(),
      review: () => this.watch.review(),
      claimId: () => this.claim.check(),
      suspend: () => this.watch.suspend(),
      resume: () => this.watch.resume(),
    };
    this.gossip = createActor(gossipMachine.provide({ actions }), { clock });
    inspection.attach(this.gossip);
  }

  /**
   * Resolves when this node knows what its disk knows, nobody objected to its id, and somebody has told what time it is, or nobody
   * is there to tell. Rejects when another process runs with it, when N is not that of the data, and with `MalformedError` when the
   * members on disk can't be read.
   */
  async start(): Promise<void> {
    this.restore();
    this.peers.onContact((peer, contact) => this.watch.contact(peer, contact));
    this.removals.start();
    this.peers.handle('gossip', (call) => this.receive(call));
    this.bus.onStatus((status) => {
      this.gossip.send({ type: status === 'connected' ? 'link.restored' : 'link.lost' });
    });
    const stopAsking = this.hearing.keepAsking();
    const asked = this.ask();
    const twin = await this.claim.assert();
    await asked;
    stopAsking();
    if (twin !== undefined) throw twinError(this.self.id, twin);
    if (this.stopped || this.self.removed === true) return;
    this.gossip.start();
    this.founding.consider();
    if (this.roster.otherIds.length > 0) await this.timeOfDay.told();
    this.isStarted = true;
  }

  stop(): void {
    this.stopped = true;
    this.gossip.send({ type: 'node.stopping' });
    this.gossip.stop();
    this.watch.stop();
  }

  get self(): Member {
    return this.roster.self;
  }

  get ring(): Ring {
    return this.rings.current;
  }

  members(): readonly Member[] {
    return this.roster.all();
  }

  get removed(): ReadonlySet<NodeId> {
    return this.removals.known;
  }

  reachability(node: NodeId): Reachability {
    return node === this.self.id ? 'alive' : this.watch.reachability(node);
  }

  isAbsent(node: NodeId): boolean {
    return this.watch.isAbsent(node);
  }

  isMet(node: NodeId): boolean {
    return this.watch.isMet(node);
  }

  get doubtedAtMs(): number {
    return this.learning.doubtedAtMs;
  }

  placement(partition: number, n: number): Placement {
    return this.rings.placement(partition, n);
  }

  onChange(listener: (change: ClusterChange) => void): void {
    this.listeners.push(listener);
  }

  /** Another process runs with this node's id: this one must end. */
  onFatal(listener: (error: Error) => void): void {
    this.fatalListeners.push(listener);
  }

  /** From NATS, and with it from everybody. */
  get isCutOff(): boolean {
    return this.gossip.getSnapshot().matches('cutOff');
  }

  /** Why this node holds no partitions; undefined when it does. */
  waitingFor(): string | undefined {
    return this.founding.waitingFor();
  }

  private restore(): void {
    const { vote, members, replicas } = this.table.load();
    const conflict = replicas && replicasConflict(replicas, this.replicas, this.holds);
    if (conflict !== undefined) throw new RangeError(conflict);
    const { id } = this.self;
    for (const member of members) {
      if (member.id === id) {
        const kept = this.roster.restore(member, { keepsPlace: vote.founders.includes(id) });
        if (kept !== undefined) this.problems.report('place', kept);
      } else this.roster.learn(member, { direct: true });
    }
    if (this.self.removed === true) throw removedError();
    this.startGeneration = this.self.generation;
    this.founding.restore(vote);
    for (const other of this.roster.otherIds) this.watch.watch(other);
    this.removals.restore();
    this.placesChanged();
    this.table.save();
  }

  private async ask(): Promise<void> {
    const { roster, lineage } = this;
    const others = roster.active().filter(({ id, removed }) => id !== this.self.id && !removed);
    await lineage.ask(others.map(({ id }) => id));
    this.startGeneration = this.self.generation;
    this.table.save();
    this.changed({ kind: 'ring' });
  }

  private receive(call: IncomingCall<'gossip'>): void {
    const { from } = call;
    if (this.stopped) return;
    const said = gossipOf(call.body);
    if (said.kind === 'claim') {
      if (from === this.self.id) this.claim.answer(call, said.claim);
      return;
    }
    if (said.kind === 'removal') return this.removals.removing.answer(call, said);
    if (said.kind === 'recall') {
      this.learning.answerRecall(call, said.row);
      return this.table.save();
    }
    const { news } = said;
    const { settings, founding, problems } = this;
    // A machine has one voice, though it came back under another id, and a node that waits to be taken in has none.
    const counts = !founding.founded || this.roster.get(from)?.status === 'active';
    if (this.timeOfDay.hear(from, news.clock, { counts })) this.telling.tell(from, { hello: true });
    const sender = { id: from, name: this.roster.get(from)?.name ?? from };
    if (!isCompatible({ sender, news, settings, vote: founding.vote, problems })) {
      // So that both sides can say what is wrong.
      if (news.hello) this.telling.tell(from, { hello: false });
      return;
    }
    const before = this.self;
    const learned = this.learning.learn(from, news);
    this.removals.review();
    this.founding.hear(from, news);
    this.placesChanged();
    const { founded } = this.founding;
    const ignorant = founded && news.vote.founders.length === 0;
    if (news.hello || ignorant)
      this.telling.tell(from, { hello: learned.has('unknown'), rows: true });
    // The row of this node is news again when somebody doubted it.
    else if (learned.has('unknown') || this.self !== before)
      this.telling.tell(from, { hello: learned.has('unknown') });
    if (learned.has('new') && !founded) this.telling.tellAll({ hello: false });
    this.founding.consider();
    this.table.save();
  }

  private end(error: Error): void {
    for (const listener of this.fatalListeners) listener(error);
  }

  private reached(node: NodeId, now: Reachability): void {
    const joiner =
      this.roster.get(node)?.status === 'joining' && !this.founding.list.includes(node);
    if (now === 'down' && joiner) {
      this.roster.forget(node);
      this.timeOfDay.forget(node);
      this.founding.forget(node);
      this.watch.unwatch(node);
    }
    if (this.roster.get(node)?.status === 'active') this.absences.note(node, now);
    this.changed({ kind: 'reachability', node, now });
    // This node may be the second source somebody waits for. (Within the turn its own belief is still being made.)
    if (now !== 'alive') this.clock.endOfTurn(() => this.spread());
  }

  private beat(): void {
    this.roster.beat();
    this.lineage.lease();
    this.absences.review();
    const waitingFor = this.waitingFor();
    if (waitingFor === undefined) this.problems.settle('waiting');
    else if (this.self.heartbeat >= patienceBeats) this.problems.report('waiting', waitingFor);
    this.timeOfDay.review(this.problems);
    this.founding.consider();
    if (!this.founding.founded) this.telling.tellAll({ hello: false });
    else this.spread();
    this.table.save();
  }

  private spread(): void {
    if (!this.stopped) this.telling.spread();
  }

  private known(): KnownCluster & { readonly revision: number } {
    const { revision } = this.roster;
    return {
      vote: this.founding.wanted,
      members: this.roster.all(),
      replicas: this.replicas,
      revision,
    };
  }

  private placesChanged(): void {
    if (this.rings.update(this.roster)) this.changed({ kind: 'ring' });
  }

  private changed(change: ClusterChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
