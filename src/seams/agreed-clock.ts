/**
 * A node's clock: its machine's, with a wall clock that the other nodes agree to (`actors/rules/wall-clocks.ts`).
 * Their clocks are kept against the own monotonic one, so a jump of the own wall clock shows at once.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  aheadOfMedianMs,
  isFarOff,
  medianBounds,
  nobodyTold,
  type MedianBounds,
} from '../../actors/rules/wall-clocks.js';
import type { Clock, TimerId } from './clock.js';

export class AgreedClock implements Clock {
  /** Of each other node: by how much its wall clock is ahead of the own monotonic one. */
  private readonly others = new Map<NodeId, number>();
  private bounds: MedianBounds = nobodyTold;

  constructor(private readonly clock: Clock) {}

  /** What the machine says. */
  ownWallMs(): number {
    return this.clock.wallMs();
  }

  wallMs(): number {
    const ownMs = this.clock.wallMs();
    const aheadMs = this.aheadMs(ownMs);
    return isFarOff(aheadMs) ? Math.round(ownMs - aheadMs) : ownMs;
  }

  /** By how much the own wall clock is ahead of what the nodes agree on. */
  aheadMs(ownMs = this.clock.wallMs()): number {
    return aheadOfMedianMs(ownMs - this.clock.monotonicMs(), this.bounds);
  }

  /** By how much each node's wall clock is ahead of the own one. */
  offsetsMs(): Map<NodeId, number> {
    const ownMs = this.clock.wallMs() - this.clock.monotonicMs();
    return new Map([...this.others].map(([node, ms]) => [node, ms - ownMs]));
  }

  /** `aheadMs`: of the own monotonic clock. */
  told(node: NodeId, aheadMs: number): void {
    this.others.set(node, aheadMs);
    this.bounds = medianBounds([...this.others.values()]);
  }

  forget(node: NodeId): void {
    if (this.others.delete(node)) this.bounds = medianBounds([...this.others.values()]);
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  setTimeout(callback: () => void, delayMs: number): TimerId {
    return this.clock.setTimeout(callback, delayMs);
  }

  clearTimeout(id: TimerId): void {
    this.clock.clearTimeout(id);
  }

  endOfTurn(callback: () => void): void {
    this.clock.endOfTurn(callback);
  }
}
