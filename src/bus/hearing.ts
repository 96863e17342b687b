/**
 * How old what the bus brings may be. A process that stood still, or whose connection was held up, reads on where it stopped:
 * the first it reads may have been sent long ago, and nothing in it says so. The server answers a ping behind all it has
 * sent before; so whatever is read is no older than the last ping that was answered.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';

@scoped(Lifecycle.ContainerScoped)
export class Hearing {
  /** When the last ping that was answered had left. Before the first one the connection is new, and so is what it brings. */
  private asOfMs = Infinity;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  /** To be called when a connection is there again, and every `reviewIntervalMs`. */
  ask(): void {
    const askedMs = this.clock.monotonicMs();
    const answered = (): void => {
      this.asOfMs = askedMs;
    };
    this.bus.flush().then(answered, () => undefined);
  }

  /** Whether what is read now may have been sent so long ago that others have given this node up meanwhile. */
  isLate(nowMs: number): boolean {
    return nowMs - this.asOfMs > limits.reviewIntervalMs + limits.stallMsMax;
  }
}
