/**
 * The pace of one kind of background work of this node: measures its pieces, and says how long to
 * rest between them (`actors/rules/yielding.ts`).
 */
import { yieldingLimits } from '../../actors/rules/limits/yielding.js';
import { lateWith, restAfter } from '../../actors/rules/yielding.js';
import type { Clock } from '../seams/clock.js';
import type { Store } from '../store/store.js';

export class Pace {
  /** Of the pieces since the last rest. */
  private workMs = 0;
  /** The store was asked for so much by this work. */
  private own = 0;
  /** By others, when that was looked at last. */
  private served = 0;
  private servedAtMs = -Infinity;
  private lateMs = 0;
  private isTiming = false;

  constructor(
    private readonly clock: Clock,
    private readonly store: Pick<Store, 'load'>,
  ) {}

  /** A piece of work, or a part of one, which holds the event loop. */
  work<T>(piece: () => T): T {
    const { clock, store } = this;
    const startedMs = clock.monotonicMs();
    const before = store.load.asked;
    try {
      return piece();
    } finally {
      this.workMs += clock.monotonicMs() - startedMs;
      this.own += store.load.asked - before;
    }
  }

  /** A piece is done: how long to rest from now on. */
  restMs(): number {
    const nowMs = this.clock.monotonicMs();
    const { lateMs, workMs } = this;
    const { backlog } = this.store.load;
    const ms = restAfter(workMs, { isServing: this.isServing(nowMs), lateMs, backlog });
    this.time(ms, nowMs);
    this.workMs = 0;
    return ms;
  }

  /** Nobody waits for this timer: by how much it fires too late shows how long others wait. */
  private time(restMs: number, fromMs: number): void {
    if (this.isTiming) return;
    this.isTiming = true;
    this.clock.setTimeout(() => {
      this.isTiming = false;
      const afterMs = this.clock.monotonicMs() - fromMs;
      this.lateMs = lateWith(this.lateMs, { restMs, afterMs });
    }, restMs);
  }

  private isServing(nowMs: number): boolean {
    const served = this.store.load.asked - this.own;
    if (served !== this.served) this.servedAtMs = nowMs;
    this.served = served;
    return nowMs - this.servedAtMs < yieldingLimits.servingMs;
  }
}
