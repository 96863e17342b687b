/**
 * Virtual time: a heap of due events, ordered by time, then by when they were scheduled. Time
 * stands still while an event runs and until every promise it settled has been followed to its end;
 * then the next event runs.
 *
 * Events belong to a process (or to the world). A dead process' events are dropped, a paused one's
 * wait for its return.
 */
import { DueHeap } from '../../../src/store/due-heap.js';

export interface SimEvent {
  /** In virtual µs. */
  at: number;
  order: number;
  readonly owner: SimProcess | undefined;
  run: (() => void) | undefined;
}

/**
 * One life of a node or client: ends with a crash, and everything it had scheduled ends with it.
 */
export class SimProcess {
  alive = true;
  paused = false;
  readonly backlog: SimEvent[] = [];
  private readonly onDeath: (() => void)[] = [];

  constructor(readonly name: string) {}

  /** Called when the process dies, in the order of the calls. */
  atDeath(callback: () => void): void {
    this.onDeath.push(callback);
  }

  die(): void {
    if (!this.alive) return;
    this.alive = false;
    this.paused = false;
    this.backlog.length = 0;
    for (const callback of this.onDeath) callback();
  }
}

/**
 * Turns of the virtual loop between two turns of the real one, so that the host process can
 * breathe.
 */
const stepsPerRealTurn = 20_000;

const settled = Promise.resolve();

export class Scheduler {
  nowUs = 0;
  steps = 0;
  private nextOrder = 0;
  private readonly heap = new DueHeap<SimEvent>();

  /**
   * `onError`: an event of `process` threw; a real process would have ended with an uncaught
   * exception.
   */
  constructor(
    private readonly onError: (error: unknown, process: SimProcess | undefined) => void,
  ) {}

  in(delayUs: number, owner: SimProcess | undefined, run: () => void): SimEvent {
    const at = this.nowUs + Math.max(0, Math.round(delayUs));
    const event: SimEvent = { at, order: this.nextOrder++, owner, run };
    this.heap.push(event);
    return event;
  }

  cancel(event: SimEvent): void {
    event.run = undefined;
  }

  resume(process: SimProcess): void {
    if (!process.paused) return;
    process.paused = false;
    // The same events as before: the first of them may cancel the next.
    for (const event of process.backlog.splice(0)) {
      if (event.run === undefined) continue;
      event.at = this.nowUs;
      event.order = this.nextOrder++;
      this.heap.push(event);
    }
  }

  /** Due events, cancelled ones included. */
  get pending(): number {
    return this.heap.size;
  }

  /** Runs until `until()` holds (asked between events), or virtual time reaches `endUs`. */
  async run(options: { readonly endUs: number; readonly until?: () => boolean }): Promise<void> {
    const { endUs, until } = options;
    await new Promise<void>((resolve, reject) => {
      const step = (): void => {
        try {
          if (until?.() === true) return resolve();
          if (!this.runNext(endUs)) {
            this.nowUs = Math.max(this.nowUs, endUs);
            return resolve();
          }
        } catch (error) {
          return reject(error);
        }
        next();
      };
      // When no promise is left that could go on by itself: a tick queued from within the microtask
      // queue runs only once that queue is empty.
      const behindPromises = (): void => process.nextTick(step);
      const next = (): void => {
        if (++this.steps % stepsPerRealTurn === 0) setImmediate(step);
        // A third of the cost of queueMicrotask, which makes a resource for async hooks each time.
        else void settled.then(behindPromises);
      };
      next();
    });
  }

  /** One event that does something; false when none is due by `endUs`. */
  private runNext(endUs: number): boolean {
    for (;;) {
      const event = this.heap.first;
      if (event === undefined || event.at > endUs) return false;
      this.heap.pop();
      if (event.run === undefined || event.owner?.alive === false) continue;
      this.nowUs = event.at;
      if (event.owner?.paused === true) {
        event.owner.backlog.push(event);
        continue;
      }
      try {
        event.run();
      } catch (error) {
        this.onError(error, event.owner);
      }
      return true;
    }
  }
}
