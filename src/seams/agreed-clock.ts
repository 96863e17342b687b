/**
 * A node's clock: its machine's, with a wall clock that the other nodes agree to
 * (`actors/rules/wall-clocks.ts`). Their clocks are kept against the own monotonic one, so a jump
 * of the own wall clock shows at once.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import {
  aheadOfMedianMs,
  isFarOff,
  medianBounds,
  nobodyTold,
  type ClockBounds,
} from '../../actors/rules/wall-clocks.js';
import type { Clock, TimerId } from './clock.js';

export class AgreedClock implements Clock {
  /** Of each other node: by how much its wall clock is ahead of the own monotonic one. */
  private readonly others = new Map<NodeId, ClockBounds>();
  private expected: readonly NodeId[] = [];
  private median: ClockBounds = nobodyTold;
  /**
   * The median if all others showed what they show at least: a date that lies ahead hides what
   * comes after it.
   */
  private earliest: ClockBounds = nobodyTold;

  constructor(private readonly clock: Clock) {}

  /** What the machine says. */
  ownWallMs(): number {
    return this.clock.wallMs();
  }

  wallMs(): number {
    const ownMs = this.clock.wallMs();
    const basisMs = ownMs - this.clock.monotonicMs();
    if (!isFarOff(aheadOfMedianMs(basisMs, this.median))) return ownMs;
    return Math.round(ownMs - aheadOfMedianMs(basisMs, this.earliest));
  }

  /** By how much the own wall clock is ahead of what the nodes agree on, at least. */
  aheadMs(): number {
    return aheadOfMedianMs(this.clock.wallMs() - this.clock.monotonicMs(), this.median);
  }

  /** By how much each node's wall clock is ahead of the own one, about. */
  offsetsMs(): Map<NodeId, number> {
    const ownMs = this.clock.wallMs() - this.clock.monotonicMs();
    return new Map(
      [...this.others].map(([node, { leastMs, mostMs }]) => {
        const ms = mostMs === Infinity ? leastMs : (leastMs + mostMs) / 2;
        return [node, ms - ownMs];
      }),
    );
  }

  /**
   * Who is there and should tell. Of whom nothing is known yet counts as one that may show
   * anything: or a node that has heard of one clock would go by it, however wrong that is.
   */
  expect(nodes: readonly NodeId[]): void {
    this.expected = nodes;
    this.review();
  }

  /** Most of those who are there have told. */
  get isTold(): boolean {
    const { unheard, expected } = this;
    return unheard === 0 || unheard * 2 < expected.length;
  }

  /** Of how many other nodes the clocks are known. */
  get known(): number {
    return this.others.size;
  }

  /** The most that two of the wall clocks that are known differ by, the own one included, about. */
  skewMs(): number {
    let [leastMs, mostMs] = [0, 0];
    for (const ms of this.offsetsMs().values()) {
      leastMs = Math.min(leastMs, ms);
      mostMs = Math.max(mostMs, ms);
    }
    return mostMs - leastMs;
  }

  private get unheard(): number {
    return this.expected.filter((node) => !this.others.has(node)).length;
  }

  /** `ahead`: of the own monotonic clock. */
  told(node: NodeId, ahead: ClockBounds): void {
    this.others.set(node, ahead);
    this.review();
  }

  drop(node: NodeId): void {
    if (this.others.delete(node)) this.review();
  }

  private review(): void {
    const unknown = Array.from({ length: this.unheard }, () => nobodyTold);
    const others = [...this.others.values(), ...unknown];
    this.median = medianBounds(others);
    this.earliest = medianBounds(others.map(({ leastMs }) => ({ leastMs, mostMs: leastMs })));
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
