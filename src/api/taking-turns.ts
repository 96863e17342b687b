/** Work of which only some is begun at once; the rest waits for its turn, in order. */
import { OverloadedError, type QuorateError } from '../errors.js';

export class TakingTurns {
  private underway = 0;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly bounds: { readonly atOnceMax: number; readonly waitingMax: number },
    private readonly what: string,
  ) {}

  /** Calls `begin` now or later; it calls what it is given once it has ended. */
  take(begin: (ended: () => void) => void): QuorateError | undefined {
    if (this.underway < this.bounds.atOnceMax) {
      this.start(begin);
      return undefined;
    }
    if (this.waiting.length >= this.bounds.waitingMax)
      return new OverloadedError(`too many ${this.what} at once`);
    this.waiting.push(() => this.start(begin));
    return undefined;
  }

  private start(begin: (ended: () => void) => void): void {
    this.underway++;
    let hasEnded = false;
    begin(() => {
      if (hasEnded) return;
      hasEnded = true;
      this.underway--;
      this.waiting.shift()?.();
    });
  }
}
