/**
 * Open loop: requests arrive at a fixed rate whatever becomes of those before them, and a latency
 * counts from when the request should have started. So a system that stands still for a second pays
 * for all who came in that second (what Gil Tene named coordinated omission is leaving them out).
 */
import type { Phase } from '../plan.js';
import type { LoopOptions } from './closed-loop.js';
import type { LoadResult } from './messages.js';
import { Recorder } from './recorder.js';
import { realTime } from './timekeeper.js';

/**
 * Past it a request counts as an error `unsent`: some clients hold back without a bound what they
 * can't send, and the bench should not run out of memory before the system is overloaded.
 */
const outstandingMax = 50_000;

/** Evenly spaced, but in whole milliseconds: finer than that a timer is not. */
export class ArrivalSchedule {
  private taken = 0;
  private phase: Phase;

  constructor(
    ratePerSecond: number,
    private next?: Phase,
  ) {
    this.phase = { fromMs: 0, ratePerSecond };
  }

  /** When the next arrival is, ms from the beginning. */
  get nextMs(): number {
    const ms = this.inPhaseMs();
    const { next } = this;
    if (next === undefined || ms < next.fromMs) return ms;
    this.phase = next;
    this.next = undefined;
    this.taken = 0;
    return this.inPhaseMs();
  }

  /** The intended start of the next arrival, once its time has come. */
  take(elapsedMs: number): number | undefined {
    const { nextMs } = this;
    if (nextMs > elapsedMs) return undefined;
    this.taken++;
    return nextMs;
  }

  private inPhaseMs(): number {
    const { fromMs, ratePerSecond } = this.phase;
    return fromMs + Math.ceil((this.taken * 1000) / ratePerSecond);
  }
}

export function openLoop(
  loop: LoopOptions & { readonly ratePerSecond: number; readonly afterwards?: Phase | undefined },
): Promise<LoadResult> {
  const { time = realTime, warmUpMs, measureMs, intervalMs } = loop;
  const startMs = time.now();
  const beginMs = startMs + warmUpMs;
  const endMs = beginMs + measureMs;
  const recorder = new Recorder({ beginMs, endMs, intervalMs });
  const schedule = new ArrivalSchedule(loop.ratePerSecond, loop.afterwards);
  let outstanding = 0;
  return new Promise((resolve) => {
    let over = false;
    const finishWhenIdle = (): void => {
      if (over && outstanding === 0) resolve(recorder.result());
    };
    const start = (intendedMs: number): void => {
      if (outstanding >= outstandingMax) {
        recorder.failed({ code: 'unsent' }, time.now());
        return;
      }
      outstanding++;
      const settled = (record: () => void): void => {
        outstanding--;
        record();
        finishWhenIdle();
      };
      loop.request().then(
        () => settled(() => recorder.succeeded(intendedMs, time.now())),
        (error: unknown) => settled(() => recorder.failed(error, time.now())),
      );
    };
    const tick = (): void => {
      const elapsedMs = Math.min(time.now(), endMs) - startMs;
      for (let due = schedule.take(elapsedMs); due !== undefined; due = schedule.take(elapsedMs))
        start(startMs + due);
      const nextMs = startMs + schedule.nextMs;
      if (nextMs < endMs) time.at(nextMs, tick);
    };
    time.at(beginMs, () => loop.onEdge('begin'));
    time.at(endMs, () => {
      loop.onEdge('end');
      over = true;
      finishWhenIdle();
    });
    tick();
  });
}
