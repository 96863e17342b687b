/** Time as a load needs it; tests have their own. */
import { performance } from 'node:perf_hooks';

export interface Timekeeper {
  /** Monotonic, ms. */
  now(): number;
  at(ms: number, act: () => void): void;
}

export const realTime: Timekeeper = {
  now: () => performance.now(),
  at: (ms, act) => void setTimeout(act, ms - performance.now()),
};
