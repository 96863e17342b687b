/** How many of the other members this node hears. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Reachability } from '../../actors/rules/membership.js';
import type { Metrics } from '../seams/metrics.js';
import type { PeerWatch } from './peer-watch.js';
import type { Roster } from './roster.js';

interface Members {
  readonly roster: Pick<Roster, 'get' | 'otherIds'>;
  readonly watch: Pick<PeerWatch, 'reachability'>;
  readonly isRemoved: (node: NodeId) => boolean;
}

const helps: Readonly<Record<Reachability, string>> = {
  alive: 'other members that it hears',
  suspect: 'other members that it does not hear, and asks others about',
  down: 'other members that it takes for down: requests go around them',
};

export function peerGauges(metrics: Metrics, members: Members): void {
  for (const [state, help] of Object.entries(helps))
    metrics.gauge(`members.${state}`, help, () => counted(members, state));
}

function counted({ roster, watch, isRemoved }: Members, state: string): number {
  let count = 0;
  for (const id of roster.otherIds)
    if (roster.get(id)?.status === 'active' && !isRemoved(id) && watch.reachability(id) === state)
      count++;
  return count;
}
