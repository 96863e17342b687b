/**
 * How a simulated client goes on: it thinks, asks for one thing, and thinks again once that was
 * answered.
 */
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';

export interface PaceOptions {
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly random: SimRandom;
  /** On average; up to twice as long. */
  readonly thinkUs: number;
  /** Asks for one thing; `answered` is called once when that is over. */
  readonly act: () => void;
}

export class Pace {
  /** It asks for nothing more. */
  stopped = false;
  asked = 0;
  private answers = 0;

  constructor(private readonly options: PaceOptions) {}

  /** Nothing it asked for is without an answer. */
  get idle(): boolean {
    return this.asked === this.answers;
  }

  think(): void {
    const { scheduler, process, random, thinkUs, act } = this.options;
    scheduler.in(random.between(1, 2 * thinkUs), process, () => {
      if (this.stopped) return;
      this.asked++;
      act();
    });
  }

  answered(): void {
    this.answers++;
    this.think();
  }
}
