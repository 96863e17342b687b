/**
 * Work of some milliseconds each, one piece a turn of the event loop: however much of it there is,
 * what else comes is done between two pieces.
 */
import type { Clock } from '../seams/clock.js';

export class TurnQueue {
  private readonly pieces: (() => void)[] = [];
  private isArmed = false;

  constructor(private readonly clock: Pick<Clock, 'endOfTurn'>) {}

  get size(): number {
    return this.pieces.length;
  }

  /** Done at the end of this turn at the earliest. */
  add(piece: () => void): void {
    this.pieces.push(piece);
    this.arm();
  }

  private arm(): void {
    if (this.isArmed || this.pieces.length === 0) return;
    this.isArmed = true;
    this.clock.endOfTurn(() => {
      this.isArmed = false;
      const piece = this.pieces.shift();
      this.arm();
      piece?.();
    });
  }
}
