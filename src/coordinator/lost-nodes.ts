/**
 * When nodes were lost, and which puts may be two because of it. A node that passed a put on and
 * lost the other one does it itself (`src/api/put-ordering.ts`). That copy says so, the first does
 * not: who replaces the first and has not met the other would not remember it. Such a put was under
 * way when a node was lost, and no author gave it an operation (who does says of its copies). Of
 * what stands then each key has one at most: it is marked as if its author had named it.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Reachability } from '../../actors/rules/membership.js';
import { copied, forgottenAtMs, rememberedCount } from '../../actors/rules/operations.js';
import type { KeyState, Sibling } from '../../actors/rules/versions.js';
import type { Clock } from '../seams/clock.js';
import type { EncodedState } from '../wire/encoded-state.js';
import { givenOperation } from '../wire/given-operation.js';

export class LostNodes {
  /** Wall clock. */
  private readonly lostAtMs = new Map<NodeId, number>();
  private readonly away = new Set<NodeId>();

  constructor(private readonly clock: Clock) {}

  /** What this node believes of another, when that changes. */
  follow(node: NodeId, now: Reachability): void {
    if (now === 'alive') this.away.delete(node);
    else if (!this.away.has(node)) {
      this.note(node);
      this.away.add(node);
    }
  }

  /**
   * NATS says that the node is not there: nobody believes that yet, or it was for a moment. It says
   * so of every message, and what is put meanwhile is not under way to it.
   */
  missed(node: NodeId): void {
    const sinceMs = this.clock.wallMs() - (this.lostAtMs.get(node) ?? -Infinity);
    if (!this.away.has(node) && sinceMs > limits.absenceMsMax) this.note(node);
  }

  /** Whether `withMarks` marks any of them. */
  concern(held: EncodedState): boolean {
    if (this.lostAtMs.size === 0) return false;
    const { end } = held;
    for (let at = held.firstSibling; at < end; at = held.nextSibling(at))
      if (this.wasUnderway(held.writtenAtMs(at)) && held.isOperationOf(at, givenOperation))
        return true;
    return false;
  }

  /** A key that remembers many has forgotten others for it: of these it remembers no more. */
  withMarks(state: KeyState): KeyState {
    if (this.lostAtMs.size === 0) return state;
    if (rememberedCount(state.siblings) >= limits.operationsRememberedKept) return state;
    const siblings = state.siblings.map((sibling) =>
      this.mayBeTwo(sibling) ? copied(sibling, overAtMs(sibling.writtenAtMs)) : sibling,
    );
    return { context: state.context, siblings };
  }

  private mayBeTwo({ operation, copiesUntilMs, writtenAtMs }: Sibling): boolean {
    const isGiven = operation.startsWith(givenOperation);
    return isGiven && copiesUntilMs === undefined && this.wasUnderway(writtenAtMs);
  }

  private wasUnderway(writtenAtMs: number): boolean {
    for (const lostAtMs of this.lostAtMs.values())
      if (writtenAtMs <= lostAtMs && lostAtMs < overAtMs(writtenAtMs)) return true;
    return false;
  }

  private note(node: NodeId): void {
    const nowMs = this.clock.wallMs();
    for (const [other, lostAtMs] of this.lostAtMs)
      if (forgottenAtMs(overAtMs(lostAtMs)) < nowMs) this.lostAtMs.delete(other);
    this.lostAtMs.set(node, nowMs);
  }
}

/** When the request of what was written then has ended. */
function overAtMs(writtenAtMs: number): number {
  return writtenAtMs + limits.requestTimeoutMsMax;
}
