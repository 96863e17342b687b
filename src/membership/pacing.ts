/** For each node, whether what is done for it now and then is due again. */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { mayReconcile } from '../../actors/rules/said-configuration.js';
import type { Clock } from '../seams/clock.js';

export class Pacing {
  /** When it was done last, longest ago first. */
  private readonly lastMs = new Map<NodeId, number>();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** If so, it is done now. */
  may(node: NodeId): boolean {
    const nowMs = this.clock.monotonicMs();
    const { lastMs } = this;
    if (!mayReconcile(lastMs.get(node) ?? -Infinity, nowMs)) return false;
    lastMs.delete(node);
    lastMs.set(node, nowMs);
    if (lastMs.size > limits.membersMax) lastMs.delete(lastMs.keys().next().value!);
    return true;
  }
}
