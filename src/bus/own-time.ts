/** The monotonic time of this process, as others may speak of it. */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { Moment } from '../../actors/rules/told-clock.js';
import { DeadlineError } from '../errors.js';
import { Clock } from '../seams/clock.js';
import { Random } from '../seams/random.js';

@scoped(Lifecycle.ContainerScoped)
export class OwnTime {
  private readonly process: number;

  constructor(
    @inject(Clock) private readonly clock: Clock,
    @inject(Random) random: Random,
  ) {
    this.process = 1 + random.below(2 ** 32 - 1);
  }

  now(): Moment {
    return { process: this.process, ms: Math.floor(this.clock.monotonicMs()) };
  }

  /**
   * Throws when what was to be begun until then is not to be begun any more. `nowMs`: on the own
   * clock.
   */
  check(until: Moment | null, nowMs: number): void {
    if (until === null) return;
    if (until.process !== this.process)
      throw new DeadlineError(
        'sent to an earlier process of this node, or without its time',
        'none',
      );
    if (nowMs > until.ms) {
      const lateMs = Math.ceil(nowMs - until.ms);
      throw new DeadlineError(`read ${lateMs} ms after its deadline, so it was not done`, 'none');
    }
  }
}
