/**
 * Tells the journal to whom hints are owed, and when they are paid: what is under way to a node
 * that is there is no news before it has waited.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { journalLimits } from '../../actors/rules/limits/journal.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Journal } from '../seams/journal.js';
import type { Hints } from '../store/store.js';

export class ToldDebts {
  /** Of those that were told of. */
  private readonly open = new Map<NodeId, { delivered: number; rehomed: number }>();

  constructor(
    private readonly hints: Pick<Hints, 'counters'>,
    private readonly view: Pick<ClusterView, 'members' | 'reachability'>,
    private readonly journal: Journal,
  ) {}

  /** `targets`: whom anything is owed to. */
  review(targets: readonly NodeId[]): void {
    for (const target of targets) if (!this.open.has(target)) this.noteOwed(target);
    const owed = new Set(targets);
    for (const [target, paid] of this.open) if (!owed.has(target)) this.notePaid(target, paid);
  }

  paid(target: NodeId, how: 'delivered' | 'rehomed', hints: number): void {
    const debt = this.open.get(target);
    if (debt !== undefined) debt[how] += hints;
  }

  private noteOwed(target: NodeId): void {
    const { count, bytes, oldestMs } = this.hints.counters(target);
    const isNews =
      this.view.reachability(target) === 'down' || oldestMs >= journalLimits.hintAgeToldMs;
    if (!isNews) return;
    this.open.set(target, { delivered: 0, rehomed: 0 });
    this.journal.tell({ event: 'hints.owed', ...this.named(target), hints: count, bytes });
  }

  private notePaid(target: NodeId, paid: { delivered: number; rehomed: number }): void {
    this.open.delete(target);
    this.journal.tell({ event: 'hints.paid', ...this.named(target), ...paid });
  }

  private named(peerId: NodeId): { readonly peer: string; readonly peerId: NodeId } {
    const peer = this.view.members().find(({ id }) => id === peerId)?.name ?? peerId;
    return { peer, peerId };
  }
}
