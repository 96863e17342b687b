/** Real time; with `real-random.ts` the only place that asks the machine for it. */
import { performance } from 'node:perf_hooks';
import { limits } from '../../actors/rules/limits.js';
import type { Clock, TimerId } from './clock.js';

export class RealClock implements Clock {
  private asked: (() => void)[] = [];
  private armed = false;

  wallMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimeout(callback: () => void, delayMs: number): TimerId {
    return setTimeout(callback, coarseDelayMs(delayMs));
  }

  clearTimeout(id: TimerId): void {
    clearTimeout(id as NodeJS.Timeout | undefined);
  }

  /** One `setImmediate` a turn for all who asked; it runs after the sockets were read. */
  endOfTurn(callback: () => void): void {
    this.asked.push(callback);
    if (this.armed) return;
    this.armed = true;
    setImmediate(this.endTurn);
  }

  private readonly endTurn = (): void => {
    this.runAsked();
    if (this.asked.length === 0) this.armed = false;
    else queueMicrotask(this.goOn);
  };

  /**
   * What a turn brought is often taken a step further where it ends: a round begins, and asks the
   * log to write. That step ends this turn too, behind the microtask in which the socket is
   * written: what goes to others leaves first, because theirs is the answer that takes long. One
   * step, so that nobody who asks again and again can keep the sockets from being read.
   */
  private readonly goOn = (): void => {
    this.armed = false;
    this.runAsked();
  };

  private runAsked(): void {
    const callbacks = this.asked;
    this.asked = [];
    for (let i = 0; i < callbacks.length; i++) {
      try {
        callbacks[i]!();
      } catch (error) {
        // What others asked for in this turn still runs, in the next one; the error surfaces as it
        // would have.
        this.asked.unshift(...callbacks.slice(i + 1));
        setImmediate(this.endTurn);
        throw error;
      }
    }
  }
}

/**
 * Node keeps one list of timers per distinct delay. Deadlines come as "what is left of five
 * seconds", each different; rounded up they share a few lists, so arming and cancelling stay
 * constant-time however many there are.
 */
export function coarseDelayMs(delayMs: number): number {
  if (delayMs < limits.timerSteppedMsMin) return Math.ceil(delayMs);
  return Math.ceil(delayMs / limits.timerStepMs) * limits.timerStepMs;
}
