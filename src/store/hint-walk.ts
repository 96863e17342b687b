/**
 * A walk along what one target is owed, oldest first, a bounded look at a time. Those that can't be
 * sent now are passed over, so that they don't stand in the way of those behind them; what comes to
 * be owed on the way is met at the end.
 */
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';

export class HintWalk {
  /** Nothing is left behind what was looked at. */
  isAtEnd = false;
  private keys: Iterator<StorageKey> | undefined;
  /** Was looked at, and not taken. */
  private ahead: StorageKey | undefined;
  private passed = 0;

  constructor(private readonly isWanted: (key: StorageKey) => boolean = () => true) {}

  /** Goes on along what is owed now. */
  begin(owed: ReadonlyMap<StorageKey, unknown>): void {
    this.keys ??= owed.keys();
    this.passed = 0;
    const { ahead } = this;
    // What was wanted then may be owed no more, or be for nobody now.
    if (ahead !== undefined && !(owed.has(ahead) && this.isWanted(ahead))) this.ahead = undefined;
  }

  /** undefined: it is at its end, or has passed over enough for one look. */
  peek(): StorageKey | undefined {
    while (this.ahead === undefined && this.passed < limits.hintsPassedMax) {
      const { value, done } = this.keys!.next();
      if (done === true) {
        this.isAtEnd = true;
        return undefined;
      }
      if (this.isWanted(value)) this.ahead = value;
      else this.passed++;
    }
    return this.ahead;
  }

  take(): void {
    this.ahead = undefined;
  }
}
