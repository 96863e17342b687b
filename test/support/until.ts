import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what must happen; the runner ends a test in which it never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
