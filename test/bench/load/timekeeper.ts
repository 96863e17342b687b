/** Time as a load needs it; tests have their own. */
import { performance } from 'node:perf_hooks';

export interface Timekeeper {
  /** Monotonic, ms. */
  now(): number;
  at(ms: number, then: () => void): void;
}

export const realTime: Timekeeper = {
  now: () => performance.now(),
  at: (ms, then) => void setTimeout(then, ms - performance.now()),
};
