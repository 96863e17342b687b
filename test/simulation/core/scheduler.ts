/**
 * Virtual time: a heap of due events, ordered by time, then by when they were scheduled. Time
 * stands still while an event runs and until every promise it settled has been followed to its end;
 * then the next event runs.
 *
 * Events belong to a process (or to the world). A dead process' events are dropped, a paused one's
 * wait for its return.
 */
export interface SimEvent {
  timeUs: number;
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
  private readonly heap: SimEvent[] = [];

  /**
   * `onError`: an event of `process` threw; a real process would have ended with an uncaught
   * exception.
   */
  constructor(
    private readonly onError: (error: unknown, process: SimProcess | undefined) => void,
  ) {}

  in(delayUs: number, owner: SimProcess | undefined, run: () => void): SimEvent {
    const timeUs = this.nowUs + Math.max(0, Math.round(delayUs));
    const event: SimEvent = { timeUs, order: this.nextOrder++, owner, run };
    this.push(event);
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
      event.timeUs = this.nowUs;
      event.order = this.nextOrder++;
      this.push(event);
    }
  }

  /** Due events, cancelled ones included. */
  get pending(): number {
    return this.heap.length;
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
      const event = this.heap[0];
      if (event === undefined || event.timeUs > endUs) return false;
      this.pop();
      if (event.run === undefined || event.owner?.alive === false) continue;
      this.nowUs = event.timeUs;
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

  private push(event: SimEvent): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.timeUs !== b.timeUs ? a.timeUs < b.timeUs : a.order < b.order;
}
