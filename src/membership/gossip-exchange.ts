/**
 * What members tell each other: takes in what comes, answers it, and tells of what this node knows
 * in the rhythm of `gossip.machine.ts`. What follows for its own membership is the chart's.
 */
import { type ActorRefFrom, createActor } from 'xstate';
import { gossipMachine } from '../../actors/membership/gossip.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { noVote } from '../../actors/rules/founding.js';
import { limits } from '../../actors/rules/limits.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { mayFound, type Reachability } from '../../actors/rules/membership.js';
import type { IncomingCall } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Counter, Metrics } from '../seams/metrics.js';
import { gossipOf } from '../wire/protocol/gossip.js';
import { isDown, type News, type Settings } from '../wire/protocol/news.js';
import { abstentionText } from './abstention.js';
import type { Configurations } from './configurations.js';
import type { Consent } from './consent.js';
import type { Driving } from './driving.js';
import type { Outages } from './outages.js';
import type { IdClaim } from './id-claim.js';
import type { Identity } from './identity.js';
import type { KeptMembers } from './kept-members.js';
import type { Learning } from './learning.js';
import type { Life } from './life.js';
import type { Lineage } from './lineage.js';
import type { MemberView } from './member-view.js';
import type { PeerWatch } from './peer-watch.js';
import type { Problems } from './problems.js';
import type { Learned, Roster } from './roster.js';
import { isCompatible, otherCluster } from './settings.js';
import type { Telling } from './telling.js';
import type { TimeOfDay } from './time-of-day.js';

export interface GossipExchangeOptions {
  readonly clock: Clock;
  readonly inspection: Inspection;
  readonly settings: Settings;
  readonly roster: Roster;
  readonly view: MemberView;
  readonly watch: PeerWatch;
  readonly life: Life;
  readonly identity: Identity;
  readonly claim: IdClaim;
  readonly lineage: Lineage;
  readonly learning: Learning;
  readonly telling: Telling;
  readonly configurations: Configurations;
  readonly driving: Driving;
  readonly consent: Consent;
  readonly kept: KeptMembers;
  readonly timeOfDay: TimeOfDay;
  readonly outages: Outages;
  readonly problems: Problems;
  readonly metrics: Metrics;
}

export class GossipExchange {
  private readonly gossip: ActorRefFrom<typeof gossipMachine>;
  private readonly heard: Counter;

  constructor(private readonly options: GossipExchangeOptions) {
    const { clock, inspection, watch, identity } = options;
    const actions = {
      greet: () => this.greet(),
      spread: () => this.spread(),
      beat: () => this.beat(),
      review: () => watch.review(),
      claimId: () => identity.claimId(),
      suspend: () => watch.suspend(),
      resume: () => watch.resume(),
    };
    this.gossip = createActor(gossipMachine.provide({ actions }), { clock });
    inspection.attach(this.gossip);
    this.heard = options.metrics.counter('gossip.heard', 'messages about members that came');
  }

  start(): void {
    this.expectTime();
    this.gossip.start();
  }

  stop(): void {
    this.gossip.send({ type: 'node.stopping' });
    this.gossip.stop();
  }

  get isCutOff(): boolean {
    return this.gossip.getSnapshot().matches('cutOff');
  }

  linked(isConnected: boolean): void {
    this.gossip.send({ type: isConnected ? 'link.restored' : 'link.lost' });
  }

  /** Who knows the members needs no rows: of those who have started anew their own come. */
  private greet(): void {
    const { telling, configurations } = this.options;
    telling.tellAll(configurations.chain.known === undefined ? 'rows' : 'sign');
  }

  /** Throws `MalformedError`. */
  receive(call: IncomingCall<'gossip'>): void {
    const { roster, life, identity, claim, consent, learning, kept } = this.options;
    if (life.isOver) return;
    this.heard.value++;
    const said = gossipOf(call.body);
    if (said.kind === 'claim') {
      if (call.from === roster.self.id && identity.isUnopposed) claim.answer(call, said.claim);
      return;
    }
    if (said.kind === 'removal') return consent.answer(call, said.target);
    if (said.kind === 'recall') {
      learning.answerRecall(call, said.row);
      return kept.save();
    }
    this.hear(call.from, said.news);
  }

  private hear(from: NodeId, news: News): void {
    const { roster, life, settings, problems, telling, learning, kept, view } = this.options;
    const { chain } = this.options.configurations;
    this.hearTime(from, news);
    const sender = { id: from, name: roster.get(from)?.name ?? from };
    const { known } = chain;
    if (!isCompatible({ sender, news, settings, vote: life.vote, known, problems })) {
      if (problems.isOpen(otherCluster(from))) view.sharesSubjects = true;
      // So that both sides can say what is wrong.
      if (news.asks !== 'nothing') telling.tell(from, { asks: 'nothing' });
      return;
    }
    const before = roster.self;
    const learned = learning.learn(from, news);
    const reached = news.vitals.filter(({ id, opinion }) => id === from || !isDown(opinion));
    const met = reached.filter(({ id }) => id === from || mayFound(roster.get(id)?.wish));
    const outdated = news.vitals.filter((vital) => roster.isOutdated(vital.id, vital));
    life.send({
      type: 'news.heard',
      from,
      told: news.vote ?? noVote,
      reached: met.map(({ id }) => id),
      known: roster.allIds,
      outdated: outdated.map(({ id }) => id),
    });
    this.hearOfChain(from, news);
    const isRefuting = roster.self.generation > before.generation;
    this.answer(from, news, { learned, isDoubted: roster.self !== before, isRefuting });
    if (learned.has('new')) life.send({ type: 'newcomer.learned' });
    life.countMet();
    kept.save();
  }

  private hearOfChain(from: NodeId, { vitals, chain: told }: News): void {
    const { exchange, reports } = this.options.configurations;
    const own = vitals.find(({ id }) => id === from);
    if (told !== undefined && own !== undefined) reports.hear(from, own.generation, told);
    exchange.heard(from, told);
  }

  private hearTime(from: NodeId, { clock }: News): void {
    const { roster, life, timeOfDay, telling } = this.options;
    // A machine has one voice, though it came back under another id, and a node that waits to be
    // taken in has none.
    const counts = !life.isFounded || roster.get(from)?.status === 'active';
    if (timeOfDay.hear(from, clock, { counts })) telling.tell(from, { asks: 'sign' });
  }

  private answer(
    from: NodeId,
    { asks, chain: told }: News,
    heard: {
      readonly learned: ReadonlySet<Learned>;
      readonly isDoubted: boolean;
      readonly isRefuting: boolean;
    },
  ): void {
    const { telling, configurations } = this.options;
    const isUnknown = heard.learned.has('unknown');
    const back = { asks: isUnknown ? 'rows' : 'nothing' } as const;
    const isIgnorant = configurations.chain.number !== undefined && told === undefined;
    if (asks === 'rows' || isIgnorant) telling.tell(from, { ...back, rows: true });
    // The row of this node is news again when somebody doubted it.
    else if (asks === 'sign' || isUnknown || heard.isDoubted) telling.tell(from, back);
    // Who was called down was so by many.
    if (heard.isRefuting) telling.tellAll('nothing');
  }

  /** Somebody's reachability changed. */
  reached(node: NodeId, now: Reachability): void {
    const { clock, roster, life, view, timeOfDay, watch, outages } = this.options;
    this.expectTime();
    const isNewcomer = roster.get(node)?.status === 'joining' && !life.list.includes(node);
    if (now === 'down' && isNewcomer) {
      roster.drop(node);
      timeOfDay.drop(node);
      life.send({ type: 'newcomer.down', node, known: roster.allIds });
      watch.unwatch(node);
    }
    if (roster.get(node)?.status === 'active') outages.note(node, now);
    view.changed({ kind: 'reachability', node, now });
    // This node may be the second source somebody waits for. (Within the turn its own belief is
    // still being made.)
    if (now !== 'alive') clock.endOfTurn(() => this.doubted());
  }

  private beat(): void {
    const { roster, watch, lineage, outages, life, timeOfDay, problems, kept } = this.options;
    const { driving, configurations, telling } = this.options;
    const { chain, enrolment, reassurance, reports } = configurations;
    roster.beat();
    watch.health.forgive();
    this.expectTime();
    lineage.lease();
    chain.table.write();
    enrolment.review();
    reassurance.review();
    reports.keepOnlyKnown();
    if (life.isJoined) driving.review();
    this.announce();
    outages.review();
    const abstention = abstentionText(roster.self.id, configurations);
    if (abstention === undefined) problems.clear('abstention');
    else problems.report('abstention', abstention);
    const waitingFor = life.waitingFor();
    if (waitingFor === undefined) problems.clear('waiting');
    else if (roster.self.heartbeat >= limits.patienceBeatsMax)
      problems.report('waiting', waitingFor);
    timeOfDay.review(problems);
    life.countMet();
    life.send({ type: 'heartbeat.raised' });
    telling.hanging.beat();
    kept.save();
  }

  /** For those who may be of a part of this cluster that went on by itself. */
  private announce(): void {
    const { roster, driving, telling, configurations } = this.options;
    const { id, heartbeat } = roster.self;
    const { known } = configurations.chain;
    if (known === undefined || known.recoveries.length === 0) return;
    if (heartbeat % chainLimits.announcedBeats === 0 && driving.driver === id)
      telling.tellAll('nothing');
  }

  /** Of all members that are there. */
  private expectTime(): void {
    const { roster, watch, timeOfDay } = this.options;
    const there = roster.activeOthers().filter(({ id }) => watch.reachability(id) !== 'down');
    timeOfDay.expect(there.map(({ id }) => id));
  }

  private doubted(): void {
    if (!this.options.life.isOver) this.gossip.send({ type: 'peer.doubted' });
  }

  private spread(): void {
    const { life, telling } = this.options;
    if (!life.isOver) telling.spread();
  }
}
