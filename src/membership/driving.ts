/**
 * Looks with each beat whether this node is the one that has the cluster go on
 * (`actors/rules/driver.ts`), and proposes what is due.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { driverOf, dueStep, triesBefore } from '../../actors/rules/driver.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { removal } from '../../actors/rules/steps.js';
import { isHeardOf, targetsOf } from '../../actors/rules/transfer.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { Buckets } from '../buckets/buckets.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Arrivals } from './arrivals.js';
import type { Chain } from './chain.js';
import type { MemberView } from './member-view.js';
import type { Problems } from './problems.js';
import type { Proposing } from './proposing.js';
import type { Reports } from './reports.js';
import type { Roster } from './roster.js';
import { TargetsAsked } from './targets-asked.js';
import { Unheard } from './unheard.js';

export interface DrivingOptions {
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly roster: Roster;
  readonly view: MemberView;
  readonly chain: Chain;
  readonly proposing: Proposing;
  readonly reports: Reports;
  readonly problems: Problems;
  readonly arrivals: Arrivals;
  /** Sources of what moves to this node that do not answer. */
  readonly unanswering: () => readonly NodeId[];
  /** Has this node's own word among the reports. */
  readonly reportOwn: () => void;
}

export class Driving {
  /** What follows that configuration is due, and since when. */
  private due: { readonly number: number; readonly sinceMs: number } | undefined;
  private readonly targetsAsked = new TargetsAsked();
  private readonly unheard: Unheard;

  constructor(private readonly options: DrivingOptions) {
    this.unheard = new Unheard(options);
  }

  /** Who has the cluster go on, as far as this node sees; undefined: nobody. */
  get driver(): NodeId | undefined {
    const { chain } = this.options;
    return chain.known && driverOf(votersOf(chain.known), this.isAlive);
  }

  review(): void {
    const { chain, view, proposing, arrivals } = this.options;
    arrivals.note();
    this.options.reportOwn();
    const { known } = chain;
    if (known === undefined) return;
    this.unheard.review(known);
    this.targetsAsked.review(known);
    if (!proposing.isIdle) return;
    const { markedIds } = this.options.roster;
    // Who drives may not know of them.
    if (markedIds.length > 0) return void this.propose((from) => removal(from, markedIds));
    const before = triesBefore(view.self.id, votersOf(known), this.isAlive);
    if (before === 0 && known.move === undefined) void arrivals.ask(known);
    const due = (from: Configuration): ReturnType<typeof dueStep> => dueStep(from, this.seen());
    const dueMs = this.noteDue(known.number, typeof due(known) === 'object');
    if (before === undefined || dueMs < before * chainLimits.driverPatienceMs) return;
    void this.propose((from) => due(from) ?? 'nothing is due any more');
  }

  private readonly isAlive = (node: NodeId): boolean =>
    this.options.view.reachability(node) === 'alive';

  /** For how long it has been due; negative: nothing is. */
  private noteDue(number: number, isDue: boolean): number {
    const nowMs = this.options.clock.monotonicMs();
    if (!isDue) this.due = undefined;
    else if (this.due?.number !== number) this.due = { number, sinceMs: nowMs };
    return this.due === undefined ? -1 : nowMs - this.due.sinceMs;
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
    const { view, reports, chain, arrivals, buckets } = this.options;
    const known = chain.known!;
    const { unheard } = this;
    // It may have gone on since this beat began.
    unheard.review(known);
    const received = { layout: known.layout, since: this.targetsAsked.review(known) };
    return {
      targetsOf: (partition) => this.targetsOf(partition),
      isDown: (node) => view.reachability(node) === 'down',
      isHeardOf: (partition) =>
        buckets.readCounts.every(({ n, r }) => isHeardOf(view.placement(partition, n), r, unheard)),
      hasReceived: (node, partition) => reports.hasReceived(node, partition, received),
      hasEmptied: (node, bucket) => reports.hasEmptied(node, bucket, view.configuration),
      isEmpty: (node) => reports.isEmpty(node, view.configuration),
      arrivals: arrivals.list(known),
      isGone: (node) => arrivals.isGone(node),
    };
  }

  private targetsOf(partition: number): readonly NodeId[] | undefined {
    const { view, buckets } = this.options;
    const targets = new Set<NodeId>();
    for (const { n } of buckets.replicaCounts) {
      const some = targetsOf(view.placement(partition, n), view);
      if (some === undefined) return undefined;
      for (const node of some) targets.add(node);
    }
    return [...targets];
  }
}
