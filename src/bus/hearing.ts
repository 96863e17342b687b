/**
 * Whether what the bus brings may be old. A process that stood still, or whose connection was held up, reads on where it stopped:
 * the first it reads may have been sent long ago, and nothing in it says so. Two things tell. The server is asked four times a
 * second, so nothing is read for long only while one of both stands still. And it answers behind all it has sent before, so with
 * the answer to a question that was asked after a standstill all that had lain unread is read.
 *
 * A node that is merely busy reads answers late, but goes on reading: it is not excused from its work by having much of it.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { limits } from '../../actors/rules/limits.js';
import { Bus } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';

const gapMsMax = limits.reviewIntervalMs + limits.stallMsMax;

@scoped(Lifecycle.ContainerScoped)
export class Hearing {
  private readMs = Infinity;
  /** When the last standstill was over. */
  private stoodMs = -Infinity;
  /** When the last question that was answered had left. Before that the connection is new, and so is what it brings. */
  private askedMs = Infinity;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  /** To be called when a connection is there again, and every `reviewIntervalMs`, whether it was answered or not. */
  ask(): void {
    const askedMs = this.clock.monotonicMs();
    const answered = (): void => {
      this.read(this.clock.monotonicMs());
      this.askedMs = askedMs;
    };
    this.bus.flush().then(answered, () => undefined);
  }

  /** To be told of whatever comes by the thousand. True: it may have lain unread, so long that others have given this node up. */
  read(nowMs: number): boolean {
    if (nowMs - this.readMs > gapMsMax) this.stoodMs = nowMs;
    this.readMs = nowMs;
    return this.askedMs < this.stoodMs;
  }

  /** Whether silence says nothing about others. */
  isDeaf(nowMs: number): boolean {
    return nowMs - this.readMs > gapMsMax || this.askedMs < this.stoodMs;
  }
}
