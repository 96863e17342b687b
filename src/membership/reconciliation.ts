/**
 * Nodes that go by another configuration than this one: nobody knows who is behind, so both tell
 * what they know.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { mayReconcile } from '../../actors/rules/said-configuration.js';
import type { Clock } from '../seams/clock.js';
import type { Roster } from './roster.js';

export class Reconciliation {
  /** Of members alone. */
  private readonly lastMs = new Map<NodeId, number>();

  constructor(
    private readonly options: {
      readonly clock: Clock;
      readonly roster: Roster;
      /** All this node knows, and asks for an answer. */
      readonly tell: (node: NodeId) => void;
    },
  ) {}

  with(node: NodeId): void {
    const { clock, roster, tell } = this.options;
    const nowMs = clock.monotonicMs();
    if (roster.get(node) === undefined) return;
    if (!mayReconcile(this.lastMs.get(node) ?? -Infinity, nowMs)) return;
    this.lastMs.set(node, nowMs);
    tell(node);
  }
}
