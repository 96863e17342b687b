/**
 * Nodes that wait to be taken in, as whoever drives sees them; and of the members in whose stead
 * some of them come, which may be taken for gone for good.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  type Arrival,
  areTogether,
  arrivalObjection,
  intakeOf,
  replacedBy,
} from '../../actors/rules/arrival.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { Member } from '../../actors/rules/membership.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Chain } from './chain.js';
import type { Consent } from './consent.js';
import type { MemberView } from './member-view.js';
import type { Problems } from './problems.js';
import type { Reports } from './reports.js';

export interface ArrivalsOptions {
  readonly clock: Clock;
  readonly view: MemberView;
  readonly chain: Chain;
  readonly reports: Reports;
  readonly consent: Consent;
  readonly problems: Problems;
}

export class Arrivals {
  /** Of nodes that wait, since when they are here. */
  private readonly sinceMs = new Map<NodeId, number>();
  /** Of members, since when the others agree that they are gone for good. */
  private readonly goneSinceMs = new Map<NodeId, number>();
  private isAsking = false;
  private askAgainMs = 0;

  constructor(private readonly options: ArrivalsOptions) {}

  /** With each beat: who is here, and knows that it is no member. */
  note(): void {
    const { clock, view } = this.options;
    const nowMs = clock.monotonicMs();
    const ids = new Set(
      view
        .members()
        .filter((member) => this.isWaiting(member))
        .map(({ id }) => id),
    );
    for (const id of this.sinceMs.keys()) if (!ids.has(id)) this.forget(id);
    for (const id of ids) if (!this.sinceMs.has(id)) this.sinceMs.set(id, nowMs);
    for (const [id, atMs] of this.goneSinceMs) {
      const isHeard = view.reachability(id) !== 'down';
      if (isHeard || nowMs - atMs > chainLimits.consentMsMax) this.goneSinceMs.delete(id);
    }
  }

  private forget(node: NodeId): void {
    this.sinceMs.delete(node);
    this.options.problems.clear(`past ${node}`);
  }

  /** That may come now: nobody, while others may yet come with them. Ascending by id. */
  list(known: Configuration): Arrival[] {
    const all = this.waiting();
    const { come } = intakeOf(known, all, (node) => this.isGone(node));
    const isTime = areTogether(
      come.map(({ id }) => this.hereMs(id)),
      this.isAsking,
    );
    return isTime ? all.filter((arrival) => this.isSettled(arrival)) : [];
  }

  private waiting(): Arrival[] {
    return this.options.view.members().flatMap(({ id, name, host, zone, weight, wish }) => {
      if (wish === undefined || !this.sinceMs.has(id) || this.isPast(id, name)) return [];
      return [{ place: { id, name, host, zone, weight }, wish }];
    });
  }

  /** An operator took it back that it comes, or took it for gone for good. */
  private isPast(node: NodeId, name: string): boolean {
    const { chain, problems } = this.options;
    if (!chain.table.kept.past.includes(node)) return false;
    const text = `node ${name} waits to be taken in, and was named by an earlier configuration of the cluster, without having heard of it: whoever cancelled its move or removed it has to say that it may come (quorate ring plan --add ${name}, and apply)`;
    problems.report(`past ${node}`, text);
    return true;
  }

  private hereMs(node: NodeId): number {
    const nowMs = this.options.clock.monotonicMs();
    return nowMs - (this.sinceMs.get(node) ?? nowMs);
  }

  /** It has been here for a while. */
  private isSettled({ place }: Arrival): boolean {
    return this.hereMs(place.id) >= chainLimits.waitingMsMin;
  }

  isGone(node: NodeId): boolean {
    return this.goneSinceMs.has(node);
  }

  /**
   * Asks the others whether those may be taken for gone for good in whose stead somebody comes; not
   * again and again.
   */
  async ask(known: Configuration): Promise<void> {
    const { clock, consent } = this.options;
    const old = this.replaced(known);
    if (this.isAsking || old === undefined || clock.monotonicMs() < this.askAgainMs) return;
    this.isAsking = true;
    try {
      await consent.to([old]);
      this.goneSinceMs.set(old, clock.monotonicMs());
    } catch (error) {
      // It may be yet: whoever hears it, or could not be asked, is asked again.
      if (!(error instanceof UnavailableError)) throw error;
    } finally {
      this.isAsking = false;
      this.askAgainMs = clock.monotonicMs() + chainLimits.consentAgainMs;
    }
  }

  /** One that nobody hears, in whose stead somebody is here. */
  private replaced(known: Configuration): NodeId | undefined {
    const { view } = this.options;
    return this.waiting()
      .filter((arrival) => this.isSettled(arrival))
      .filter((arrival) => arrivalObjection(known, arrival) === undefined)
      .map(({ wish }) => (wish.replaces === '' ? undefined : replacedBy(known, wish)))
      .find((id) => id !== undefined && view.reachability(id) === 'down' && !this.isGone(id));
  }

  /** One that was a member would not live any more. */
  private isWaiting({ id, status }: Member): boolean {
    const { view, chain, reports } = this.options;
    return (
      status === 'joining' &&
      id !== view.self.id &&
      view.reachability(id) === 'alive' &&
      reports.numberOf(id) === chain.known?.number
    );
  }
}
