/**
 * The rounds under way, and one timer for all of them: deadlines of requests, slow replicas, ends
 * of settling. Two delayed transitions of XState would be a quarter of a put round's cost, and
 * nearly none of them ever fires.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { Underway } from '../bus/underway.js';
import type { Clock, TimerId } from '../seams/clock.js';

export interface Sleeper {
  /**
   * On the monotonic clock; `Infinity` when it waits for nothing. Moving it closer takes another
   * `wakeBy`.
   */
  readonly wakeAtMs: number;
  /** Does what is due and moves `wakeAtMs` behind `nowMs`. */
  wake(nowMs: number): void;
}

export interface Round {
  readonly waits: Sleeper;
  /** The detector says that the node is down. */
  nodeDown(node: NodeId): void;
  /** This node may go by another configuration now. */
  configurationChanged(): void;
}

export class RoundsUnderway {
  private readonly rounds = new Underway<Round>();
  private timer: TimerId;
  private armedForMs = Infinity;
  private onNone: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.rounds.size;
  }

  begin(round: Round): void {
    this.rounds.begin(round);
    this.wakeBy(round.waits.wakeAtMs);
  }

  /** The round awaits nothing any more. The timer stays: rounds come and go much faster than it. */
  end(round: Round): void {
    this.rounds.end(round);
    if (this.rounds.size === 0) this.onNone?.();
  }

  nodeDown(node: NodeId): void {
    for (const round of this.rounds.all()) round.nodeDown(node);
  }

  configurationChanged(): void {
    for (const round of this.rounds.all()) round.configurationChanged();
  }

  wakeBy(wakeAtMs: number): void {
    if (wakeAtMs >= this.armedForMs) return;
    if (this.armedForMs !== Infinity) this.clock.clearTimeout(this.timer);
    this.armedForMs = wakeAtMs;
    const delayMs = Math.max(1, Math.ceil(wakeAtMs - this.clock.monotonicMs()));
    this.timer = this.clock.setTimeout(this.ring, delayMs);
  }

  /** Resolves when none is under way; none begins after that. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onNone = () => {
        this.clock.clearTimeout(this.timer);
        this.armedForMs = Infinity;
        resolve();
      };
      if (this.rounds.size === 0) this.onNone();
    });
  }

  private readonly ring = (): void => {
    this.armedForMs = Infinity;
    const nowMs = this.clock.monotonicMs();
    for (const { waits } of this.rounds.all()) if (waits.wakeAtMs <= nowMs) waits.wake(nowMs);
    let nextMs = Infinity;
    for (const { waits } of this.rounds.all()) nextMs = Math.min(nextMs, waits.wakeAtMs);
    this.wakeBy(nextMs);
  };
}
