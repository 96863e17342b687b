/**
 * One observer of a node's charts, and what it has not been told yet.
 *
 * It is told in turns of its own, a short while at a time and with longer rests between: what it
 * does costs the node a fifth of its time, however slow it is. One that throws, or falls behind by
 * `inspectionLimits.waitingMax`, is told why and no more.
 */
import type { InspectionEvent, Observer } from 'xstate';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import type { Clock, TimerId } from './clock.js';

export type InspectionObserver = Observer<InspectionEvent>;

export class ObserverQueue {
  private waiting: InspectionEvent[] = [];
  private timer: TimerId;
  private isArmed = false;
  private isEnded = false;

  constructor(
    private readonly clock: Clock,
    private readonly observer: InspectionObserver,
    /** Through a fault of its own; before the observer is told. */
    private readonly onFault: () => void,
  ) {}

  add(event: InspectionEvent): void {
    if (this.isEnded) return;
    if (this.waiting.length < inspectionLimits.waitingMax) {
      this.waiting.push(event);
      if (!this.isArmed) this.tellIn(0);
    } else
      this.fail(new Error(`the observer does not keep up: ${this.waiting.length} events wait`));
  }

  /** It is told nothing more, not even what waits. */
  end(): void {
    this.isEnded = true;
    this.waiting = [];
    this.clock.clearTimeout(this.timer);
  }

  private tellIn(ms: number): void {
    this.isArmed = true;
    this.timer = this.clock.setTimeout(() => this.tell(), ms);
  }

  private tell(): void {
    const { waiting, clock, observer } = this;
    const count = waiting.length;
    const startMs = clock.monotonicMs();
    let tookMs = 0;
    let told = 0;
    try {
      while (told < count && tookMs < inspectionLimits.sliceMsMax && !this.isEnded) {
        observer.next?.(waiting[told]!);
        told++;
        tookMs = clock.monotonicMs() - startMs;
      }
    } catch (error) {
      return this.fail(error);
    }
    if (this.isEnded) return;
    waiting.splice(0, told);
    if (waiting.length > 0) this.tellIn(inspectionLimits.restShare * tookMs);
    else this.isArmed = false;
  }

  private fail(error: unknown): void {
    this.end();
    this.onFault();
    try {
      this.observer.error?.(error);
    } catch {
      // It was told; what it makes of it is its own business.
    }
  }
}
