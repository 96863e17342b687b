/** Who hears of the writes of a commit log, if anybody does. */
import type { Clock } from '../seams/clock.js';
import type { LogWrite } from './store.js';

export class LogWatch {
  private listener: ((write: LogWrite) => void) | undefined;
  /** Of the write under way, if it is timed. */
  private clock: Clock | undefined;
  private beganMs = 0;

  get isOn(): boolean {
    return this.listener !== undefined;
  }

  get isTiming(): boolean {
    return this.clock !== undefined;
  }

  /** As `Store.watchWrites`. */
  hear(listener: ((write: LogWrite) => void) | undefined): void {
    this.listener = listener;
  }

  begin(clock: Clock): void {
    this.clock = clock;
    this.beganMs = clock.monotonicMs();
  }

  end(bytes: number, isSynced: boolean): void {
    const tookMs = (this.clock?.monotonicMs() ?? this.beganMs) - this.beganMs;
    this.clock = undefined;
    this.listener?.({ bytes, tookMs, isSynced });
  }
}
