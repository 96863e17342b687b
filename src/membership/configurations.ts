/** All that a node has to do with the chain of configurations, put together. */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  type Configuration,
  isMember,
  type RingVersion,
} from '../../actors/rules/configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { clusterFoundedBy, foundingConfiguration } from '../../actors/rules/steps.js';
import type { Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Random } from '../seams/random.js';
import type { Tables } from '../seams/table.js';
import type { NewsOfChain, Progress } from '../wire/protocol/news.js';
import { Agreement } from './agreement.js';
import { Arrivals } from './arrivals.js';
import { Chain } from './chain.js';
import { ChainExchange } from './chain-exchange.js';
import { Consent } from './consent.js';
import { Driving, type DrivingOptions } from './driving.js';
import { Enrolment } from './enrolment.js';
import { Fence } from './fence.js';
import type { PeerWatch } from './peer-watch.js';
import { Proposing } from './proposing.js';
import { Reassurance } from './reassurance.js';
import { Recovering } from './recovering.js';
import { Removing } from './removing.js';
import { Reports } from './reports.js';
import type { Roster } from './roster.js';
import { Voting } from './voting.js';
import { Vouching } from './vouching.js';

/** How far this node is with what a configuration wants of it, by whoever moves its data. */
export interface HeldData {
  /** By this layout, of the partitions that move to this node: of which it holds all. */
  received(layout: ConfigurationNumber): ReadonlySet<number>;
  /** It leaves, and has nothing to hand on any more. */
  isEmpty(): boolean;
  /** Buckets that are removed, of which it holds nothing. */
  emptied(): readonly ByteString[];
  /** Sources of those partitions that can be heard and do not answer. */
  unanswering(): readonly NodeId[];
}

export interface ConfigurationsOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly tables: Tables;
  readonly inspection: Inspection;
  readonly roster: Roster;
  readonly watch: PeerWatch;
  readonly partitions: number;
  /** The founders of this node's cluster, or those it has agreed to found one with; or none. */
  readonly list: () => readonly NodeId[];
}

export class Configurations {
  readonly chain: Chain;
  readonly voting: Voting;
  readonly enrolment: Enrolment;
  readonly exchange: ChainExchange;
  readonly proposing: Proposing;
  readonly reassurance: Reassurance;
  readonly reports: Reports;
  readonly fence: Fence;
  /** undefined: nobody moves data here. */
  heldData: HeldData | undefined;

  constructor(private readonly options: ConfigurationsOptions) {
    const { peers, clock, random, tables, inspection, roster, watch, partitions } = options;
    const { self } = peers;
    const isFounder = (told: Configuration): boolean => this.isFounder(told);
    const mayBeOwn = (told: Configuration): boolean =>
      options.list().length === 0 || isFounder(told) || isMember(told, self);
    const chain = new Chain({ tables, self, partitions, mayBeOwn, isFounder });
    this.chain = chain;
    this.voting = new Voting({ self, chain });
    const { voting } = this;
    this.enrolment = new Enrolment({ peers, clock, random, chain, voting });
    const vouching = new Vouching({ clock, chain, watch });
    const { enrolment } = this;
    this.exchange = new ChainExchange({ peers, clock, chain, voting, enrolment, vouching });
    const { exchange } = this;
    const nameOf = (node: NodeId): string => roster.get(node)?.name ?? node;
    const fetchFrom = (node: NodeId): void => exchange.fetchFrom(node);
    const told = { vouching, nameOf, fetchFrom };
    this.proposing = new Proposing({ peers, clock, random, inspection, chain, voting, ...told });
    this.reassurance = new Reassurance({ peers, clock, chain, voting, vouching });
    this.reports = new Reports((node) => roster.get(node)?.generation);
    this.fence = new Fence(self);
  }

  start(): void {
    const { peers } = this.options;
    peers.fence(this.fence);
    peers.onDismissed((by) => this.exchange.fetchFrom(by));
    this.exchange.start();
    this.enrolment.start();
  }

  consent(): Consent {
    const { chain, voting } = this;
    return new Consent({ ...this.options, chain, voting });
  }

  /** From now on this node answers those who ask whether it survives a lost majority. */
  recovering(watch: PeerWatch): Recovering {
    const { chain, voting, exchange } = this;
    const { peers, roster } = this.options;
    const nameOf = (node: NodeId): string => roster.get(node)?.name ?? node;
    const agreement = new Agreement({ self: peers.self, chain, voting, watch, nameOf });
    const recovering = new Recovering({ ...this.options, chain, exchange, agreement, nameOf });
    exchange.surviveAs(recovering);
    return recovering;
  }

  driving(
    parts: Pick<DrivingOptions, 'buckets' | 'view' | 'problems'> & { readonly consent: Consent },
  ): Driving {
    const { chain, proposing, reports } = this;
    const { clock, roster } = this.options;
    const arrivals = new Arrivals({ ...parts, clock, chain, reports });
    const reportOwn = (): void => this.reportOwn();
    const unanswering = (): readonly NodeId[] => this.heldData?.unanswering() ?? [];
    const words = { reports, arrivals, reportOwn, unanswering };
    return new Driving({ ...parts, clock, roster, chain, proposing, ...words });
  }

  removing(consent: Consent): Removing {
    const { chain, exchange, proposing } = this;
    return new Removing({ ...this.options, chain, chainExchange: exchange, consent, proposing });
  }

  /**
   * The first one, of founders whose rows are as they were when they founded their cluster: so all
   * of them make the same, but for names in clusters that are older than configurations (see
   * `mayFollow`). Without one of these rows it has to be learned from others. Who was removed
   * before not all may know: that is told by a step.
   */
  found(founders: readonly NodeId[], ring: RingVersion): void {
    const { roster, partitions } = this.options;
    const rows = founders.flatMap((id) => roster.rowOf(id) ?? []);
    if (rows.length < founders.length) return;
    const places = rows.map(({ id, name, host, zone, weight }) => {
      return { id, name, host, zone, weight };
    });
    this.chain.learn(foundingConfiguration(places, partitions, ring));
  }

  private reportOwn(): void {
    const news = this.news();
    const { id, generation } = this.options.roster.self;
    if (news !== undefined) this.reports.hear(id, generation, news);
  }

  news(): NewsOfChain | undefined {
    const { chain } = this;
    const { number } = chain;
    return number && { ...number, progress: this.progress() };
  }

  private progress(): Progress | undefined {
    const { heldData } = this;
    const { known } = this.chain;
    if (heldData === undefined || known === undefined) return undefined;
    const { move, leaving, layout } = known;
    const { self } = this.options.peers;
    const isTarget = move?.members.some(({ id }) => id === self) === true;
    const isLeaving = leaving.includes(self);
    const emptied = heldData.emptied();
    if (!isTarget && !isLeaving && emptied.length === 0) return undefined;
    const received = isTarget ? [...heldData.received(layout)].sort((a, b) => a - b) : [];
    const isEmpty = isLeaving && this.isEmptied(heldData, layout);
    return { layout, received, isEmpty, ...(emptied.length > 0 && { emptied }) };
  }

  /** Who says so may be let go; it has it on its disk before, so that it knows why it was. */
  private isEmptied(heldData: HeldData, layout: ConfigurationNumber): boolean {
    if (!heldData.isEmpty()) return false;
    const { table } = this.chain;
    if (table.kept.emptied !== layout) table.keep({ emptied: layout });
    return table.onDisk.emptied === layout;
  }

  private isFounder({ cluster }: Configuration): boolean {
    const list = this.options.list();
    return list.length > 0 && clusterFoundedBy(list) === cluster;
  }
}
