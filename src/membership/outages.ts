/**
 * Members that are down for so long that it matters beyond their own data: forgetting asks
 * everybody, so it waits for them everywhere.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Reachability } from '../../actors/rules/membership.js';
import type { Clock } from '../seams/clock.js';
import type { Problems } from './problems.js';
import type { Roster } from './roster.js';

export class Outages {
  private readonly sinceMs = new Map<NodeId, number>();

  constructor(
    private readonly options: {
      readonly clock: Clock;
      readonly problems: Problems;
      /** From when on what is deleted would be forgotten, were all there. */
      readonly graceMs: number;
      readonly roster: Roster;
    },
  ) {}

  note(node: NodeId, now: Reachability): void {
    const { clock, problems, roster } = this.options;
    if (now !== 'down' || roster.get(node)?.removed === true) {
      this.sinceMs.delete(node);
      problems.clear(`outage ${node}`);
    } else if (!this.sinceMs.has(node)) this.sinceMs.set(node, clock.monotonicMs());
  }

  review(): void {
    const { clock, problems, graceMs, roster } = this.options;
    for (const [node, sinceMs] of this.sinceMs)
      if (clock.monotonicMs() - sinceMs >= graceMs)
        problems.report(
          `outage ${node}`,
          `node ${roster.get(node)?.name ?? node} is down for longer than tombstones are kept: until it is back, deleted and expired keys stay on all disks, and contexts are not shortened; bring it back with its data or, if it is gone for good, remove it: quorate remove ${roster.get(node)?.name ?? node}`,
        );
  }
}
