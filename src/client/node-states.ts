/**
 * Who answers, as this client sees it. `gone`: NATS said that nobody subscribes for the node.
 * `silent`: it was asked and did not answer, or the cluster calls it down. Both are routed around,
 * `silent` before nobody at all. A node that does not answer is asked now and then by an empty
 * frame; whatever it says, it is back.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import type { Reachability } from '../../actors/rules/membership.js';

export type NodeState = 'answers' | 'silent' | 'gone';

export class NodeStates {
  private readonly away = new Map<NodeId, { state: 'silent' | 'gone'; probeAtMs: number }>();
  private readonly askedAtMs = new Map<NodeId, number>();
  private readonly heardAtMs = new Map<NodeId, number>();

  of(node: NodeId): NodeState {
    return this.away.get(node)?.state ?? 'answers';
  }

  /** In the words of those who route. */
  reachability(node: NodeId): Reachability {
    return reachabilityOf[this.of(node)];
  }

  /** Says whether that is news. */
  set(node: NodeId, state: NodeState, nowMs: number): boolean {
    const known = this.away.get(node);
    if ((known?.state ?? 'answers') === state) return false;
    if (state === 'answers') this.away.delete(node);
    else if (known === undefined)
      this.away.set(node, { state, probeAtMs: nowMs + clientLimits.probeIntervalMs });
    else known.state = state;
    return true;
  }

  heard(node: NodeId, nowMs: number): void {
    this.heardAtMs.set(node, nowMs);
  }

  heardSince(node: NodeId, sinceMs: number): boolean {
    return (this.heardAtMs.get(node) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Nodes to ask now. */
  due(nowMs: number): readonly NodeId[] {
    if (this.away.size === 0) return nobody;
    const due: NodeId[] = [];
    for (const [node, entry] of this.away) {
      if (nowMs < entry.probeAtMs) continue;
      entry.probeAtMs = nowMs + clientLimits.probeIntervalMs;
      due.push(node);
    }
    return due;
  }

  /**
   * Whether to ask a node that is slow to answer; not again before `everyMs` have passed, however
   * many frames wait for it.
   */
  mayAsk(node: NodeId, nowMs: number, everyMs: number): boolean {
    if (nowMs < (this.askedAtMs.get(node) ?? Number.NEGATIVE_INFINITY) + everyMs) return false;
    this.askedAtMs.set(node, nowMs);
    return true;
  }

  /** Departed members need no asking. */
  keepOnly(nodes: readonly NodeId[]): void {
    const members = new Set(nodes);
    for (const known of [this.away, this.askedAtMs, this.heardAtMs])
      for (const node of known.keys()) if (!members.has(node)) known.delete(node);
  }
}

const nobody: readonly NodeId[] = [];

const reachabilityOf = { answers: 'alive', silent: 'suspect', gone: 'down' } as const;
