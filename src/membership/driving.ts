/**
 * Looks with each beat whether this node is the one that has the cluster go on
 * (`actors/rules/driver.ts`), and proposes what is due.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration, Place } from '../../actors/rules/configuration.js';
import { driverOf, dueStep } from '../../actors/rules/driver.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { Member } from '../../actors/rules/membership.js';
import {
  isHeardOf,
  type ReadCount,
  readCountsOf,
  type ReplicaCount,
  replicaCountsOf,
  targetsOf,
} from '../../actors/rules/transfer.js';
import { removal } from '../../actors/rules/steps.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { Buckets } from '../buckets/buckets.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Chain } from './chain.js';
import type { MemberView } from './member-view.js';
import type { Problems } from './problems.js';
import type { Proposing } from './proposing.js';
import type { Reports } from './reports.js';
import type { Roster } from './roster.js';

export interface DrivingOptions {
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly roster: Roster;
  readonly view: MemberView;
  readonly chain: Chain;
  readonly proposing: Proposing;
  readonly reports: Reports;
  readonly problems: Problems;
  /** Has this node's own word among the reports. */
  readonly reportOwn: () => void;
  /** Whether nodes that wait are taken in without an operator. */
  readonly takesIn: boolean;
}

export class Driving {
  /** Of nodes that wait, since when they are here. */
  private readonly sinceMs = new Map<NodeId, number>();
  private readonly replicaCounts: readonly ReplicaCount[];
  private readonly readCounts: readonly ReadCount[];

  constructor(private readonly options: DrivingOptions) {
    const { defaults, own } = options.buckets;
    const buckets = [defaults, ...own.values()];
    this.replicaCounts = replicaCountsOf(buckets);
    this.readCounts = readCountsOf(buckets);
  }

  /** Who has the cluster go on, as far as this node sees; undefined: nobody. */
  get driver(): NodeId | undefined {
    const { chain, view } = this.options;
    const isAlive = (node: NodeId): boolean => view.reachability(node) === 'alive';
    return chain.known && driverOf(votersOf(chain.known), isAlive);
  }

  review(): void {
    const { chain, view, proposing } = this.options;
    this.noteWaiting();
    this.options.reportOwn();
    const { known } = chain;
    if (known === undefined || !proposing.isIdle) return;
    const { markedIds } = this.options.roster;
    // Who drives may not know of them.
    if (markedIds.length > 0) return void this.propose((from) => removal(from, markedIds));
    if (this.driver !== view.self.id) return;
    const due = (from: Configuration): ReturnType<typeof dueStep> => dueStep(from, this.seen());
    if (typeof due(known) !== 'object') return;
    void this.propose((from) => due(from) ?? 'nothing is due any more');
  }

  private async propose(step: Parameters<Proposing['propose']>[0]): Promise<void> {
    const { proposing, problems } = this.options;
    try {
      await proposing.propose(step);
      problems.clear('chain');
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      // What can't be is not due; what may be yet is tried again with one of the next beats.
      if (error.outcome === 'unknown')
        problems.report(
          'chain',
          `the cluster can't go on to its next configuration: ${error.message}`,
        );
    }
  }

  private seen(): Parameters<typeof dueStep>[1] {
    const { view, reports, chain } = this.options;
    const { number } = chain.known!;
    const heard = {
      removed: view.removed,
      reachability: (node: NodeId) => view.reachability(node),
      hasHeard: (node: NodeId) => (reports.numberOf(node) ?? 0) >= number,
    };
    return {
      targetsOf: (partition) => this.targetsOf(partition),
      isHeardOf: (partition) =>
        this.readCounts.every(({ n, r }) => isHeardOf(view.placement(partition, n), r, heard)),
      hasReceived: (node, partition) => reports.hasReceived(node, partition, view.configuration),
      isEmpty: (node) => reports.isEmpty(node, view.configuration),
      waiting: this.waiting(),
    };
  }

  private targetsOf(partition: number): readonly NodeId[] | undefined {
    const { view } = this.options;
    const targets = new Set<NodeId>();
    for (const { n } of this.replicaCounts) {
      const some = targetsOf(view.placement(partition, n), view);
      if (some === undefined) return undefined;
      for (const node of some) targets.add(node);
    }
    return [...targets];
  }

  private waiting(): Place[] {
    const { clock, view, takesIn } = this.options;
    if (!takesIn) return [];
    const nowMs = clock.monotonicMs();
    return view
      .members()
      .filter(({ id }) => nowMs - (this.sinceMs.get(id) ?? nowMs) >= chainLimits.waitingMsMin)
      .map(({ id, name, host, zone, weight }) => ({ id, name, host, zone, weight }));
  }

  /**
   * Who is here, and knows that it is not a member: one that was one would not live any more.
   */
  private noteWaiting(): void {
    const { clock, chain, view, reports } = this.options;
    const isWaiting = ({ id, status }: Member): boolean =>
      status === 'joining' &&
      id !== view.self.id &&
      view.reachability(id) === 'alive' &&
      reports.numberOf(id) === chain.known?.number;
    const waiting = view.members().filter(isWaiting);
    const ids = new Set(waiting.map(({ id }) => id));
    for (const id of this.sinceMs.keys()) if (!ids.has(id)) this.sinceMs.delete(id);
    for (const id of ids) if (!this.sinceMs.has(id)) this.sinceMs.set(id, clock.monotonicMs());
  }
}
